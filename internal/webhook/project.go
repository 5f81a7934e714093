package webhook

import "time"

// Project is a tenant: an agent, a store, a prompt project.
type Project struct {
	ID   ProjectID
	Name string
	// ExternalID is the platform's own name for the tenant; empty for none.
	ExternalID string
	CreatedAt  time.Time
	// SuspendedAt is set while an admin holds every delivery of the project.
	SuspendedAt time.Time
	// Catalogue counts changes of the project's endpoints. The publish
	// transaction compares it with the copy that events were matched against.
	Catalogue int64
}

// Suspended reports whether every delivery of the project is held.
func (p Project) Suspended() bool { return !p.SuspendedAt.IsZero() }

// ActorType tells people from programs.
type ActorType string

// Who can act.
const (
	ActorUser   ActorType = "user"
	ActorKey    ActorType = "key"
	ActorSystem ActorType = "system"
)

// Actor is who did something, as logs and pages show it.
type Actor struct {
	Type ActorType
	// ID is zero for the system.
	ID   UUID
	Name string
}
