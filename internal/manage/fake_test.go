package manage_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// memory is a Store for tests of decisions. It keeps what it is given, refuses
// what the interface says must be refused, and panics (on the nil interface)
// where a test reaches something that it does not keep.
type memory struct {
	manage.Store

	values     map[string][]byte
	projects   map[webhook.ProjectID]webhook.Project
	members    []account.Membership
	users      map[webhook.UserID]account.User
	links      map[[32]byte]account.Link
	keys       map[webhook.KeyID]account.Key
	topics     []webhook.Topic
	endpoints  map[webhook.EndpointID]webhook.Endpoint
	versions   map[int64]webhook.Endpoint
	secrets    map[webhook.EndpointID][]webhook.Secret
	deliveries map[webhook.DeliveryID]webhook.DeliveryRow
	attempts   map[webhook.DeliveryID][]webhook.Attempt
	events     map[webhook.EventID]webhook.Event
	audit      []webhook.AuditEntry
	filters    []any // the filters that lists were asked with
	drainRate  float64
	again      []webhook.DeliveryID // those asked for again by many, in order
	touched    int
	factors    map[webhook.UserID]account.SecondFactor
	recovery   map[[32]byte]bool // true while it can be used

	mu        sync.Mutex // guards failed, which is written beside answers
	failed    map[webhook.UserID]account.Failures
	listeners map[webhook.EndpointID]webhook.Listener
}

func newMemory() *memory {
	return &memory{
		values:     map[string][]byte{},
		projects:   map[webhook.ProjectID]webhook.Project{},
		users:      map[webhook.UserID]account.User{},
		links:      map[[32]byte]account.Link{},
		keys:       map[webhook.KeyID]account.Key{},
		topics:     manage.ShippedTopics(),
		endpoints:  map[webhook.EndpointID]webhook.Endpoint{},
		versions:   map[int64]webhook.Endpoint{},
		secrets:    map[webhook.EndpointID][]webhook.Secret{},
		deliveries: map[webhook.DeliveryID]webhook.DeliveryRow{},
		attempts:   map[webhook.DeliveryID][]webhook.Attempt{},
		events:     map[webhook.EventID]webhook.Event{},
		factors:    map[webhook.UserID]account.SecondFactor{},
		recovery:   map[[32]byte]bool{},
		failed:     map[webhook.UserID]account.Failures{},
		listeners:  map[webhook.EndpointID]webhook.Listener{},
	}
}

var errMissing = webhook.NotFound("no such row")

func get[K comparable, V any](rows map[K]V, key K) (V, error) {
	row, ok := rows[key]
	if !ok {
		return row, errMissing
	}
	return row, nil
}

func put[K comparable, V any](m *memory, rows map[K]V, key K, row V, entry webhook.AuditEntry) error {
	rows[key] = row
	return m.AddAudit(context.Background(), entry)
}

func (m *memory) AddAudit(_ context.Context, entry webhook.AuditEntry) error {
	m.audit = append(m.audit, entry)
	return nil
}

func (m *memory) KeepValue(_ context.Context, name string, value []byte) ([]byte, error) {
	if m.values[name] == nil {
		m.values[name] = value
	}
	return m.values[name], nil
}

func (m *memory) HasAdmin(context.Context) (bool, error) {
	for _, u := range m.users {
		if u.Role == account.Admin && u.PasswordHash != "" && u.DisabledAt.IsZero() {
			return true, nil
		}
	}
	return false, nil
}

func (m *memory) Projects(_ context.Context, f manage.ProjectFilter) (webhook.Page[webhook.Project], error) {
	m.filters = append(m.filters, f)
	return webhook.Page[webhook.Project]{Items: slices.Collect(maps.Values(m.projects))}, nil
}

func (m *memory) Project(_ context.Context, id webhook.ProjectID) (webhook.Project, error) {
	return get(m.projects, id)
}

func (m *memory) ProjectByExternalID(_ context.Context, external string) (webhook.Project, error) {
	for _, p := range m.projects {
		if p.ExternalID == external {
			return p, nil
		}
	}
	return webhook.Project{}, errMissing
}

func (m *memory) CreateProject(_ context.Context, p webhook.Project, entry webhook.AuditEntry) error {
	return put(m, m.projects, p.ID, p, entry)
}

func (m *memory) UpdateProject(_ context.Context, p webhook.Project, entry webhook.AuditEntry) error {
	return put(m, m.projects, p.ID, p, entry)
}

func (m *memory) SuspendProject(_ context.Context, id webhook.ProjectID, at time.Time, entry webhook.AuditEntry) error {
	p := m.projects[id]
	p.SuspendedAt = at
	return put(m, m.projects, id, p, entry)
}

func (m *memory) DeleteProject(ctx context.Context, id webhook.ProjectID, entry webhook.AuditEntry) error {
	delete(m.projects, id)
	return m.AddAudit(ctx, entry)
}

func (m *memory) Members(_ context.Context, project webhook.ProjectID) ([]account.Membership, error) {
	var found []account.Membership
	for _, member := range m.members {
		if member.ProjectID == project {
			member.Email = m.users[member.UserID].Email
			found = append(found, member)
		}
	}
	return found, nil
}

func (m *memory) SetMember(ctx context.Context, n account.Membership, entry webhook.AuditEntry) error {
	m.members = slices.DeleteFunc(m.members, func(o account.Membership) bool { return o.UserID == n.UserID && o.ProjectID == n.ProjectID })
	m.members = append(m.members, n)
	return m.AddAudit(ctx, entry)
}

func (m *memory) RemoveMember(ctx context.Context, project webhook.ProjectID, user webhook.UserID, entry webhook.AuditEntry) error {
	m.members = slices.DeleteFunc(m.members, func(o account.Membership) bool { return o.UserID == user && o.ProjectID == project })
	return m.AddAudit(ctx, entry)
}

func (m *memory) User(_ context.Context, id webhook.UserID) (account.User, error) {
	return get(m.users, id)
}

// UserByIdentity knows nobody: whom a provider vouches for is proven with pages.
func (m *memory) UserByIdentity(context.Context, account.Identity) (account.User, error) {
	return account.User{}, errMissing
}

func (m *memory) UserByEmail(_ context.Context, email string) (account.User, error) {
	for _, u := range m.users {
		if u.Email == email {
			return u, nil
		}
	}
	return account.User{}, errMissing
}

func (m *memory) MembershipsOf(_ context.Context, id webhook.UserID) (map[webhook.ProjectID]account.Role, error) {
	roles := map[webhook.ProjectID]account.Role{}
	for _, member := range m.members {
		if member.UserID == id {
			roles[member.ProjectID] = member.Role
		}
	}
	return roles, nil
}

func (m *memory) CreateUser(ctx context.Context, u account.User, entry webhook.AuditEntry) error {
	if _, err := m.UserByEmail(ctx, u.Email); err == nil {
		return webhook.Conflict("the email is taken")
	}
	return put(m, m.users, u.ID, u, entry)
}

func (m *memory) CreateFirstAdmin(ctx context.Context, u account.User, entry webhook.AuditEntry) (account.User, error) {
	if has, _ := m.HasAdmin(ctx); has {
		return u, webhook.Conflict("there is an admin")
	}
	if known, err := m.UserByEmail(ctx, u.Email); err == nil {
		u.ID = known.ID
	}
	return u, put(m, m.users, u.ID, u, entry)
}

func (m *memory) UpdateUser(_ context.Context, was, u account.User, entry webhook.AuditEntry) error {
	if stands := m.users[u.ID]; stands.Role != was.Role || stands.PasswordHash != was.PasswordHash || stands.DisabledAt != was.DisabledAt {
		return webhook.Conflict("changed meanwhile")
	}
	return put(m, m.users, u.ID, u, entry)
}

func (m *memory) TouchUser(context.Context, webhook.UserID, time.Time) error {
	m.touched++
	return nil
}

func (m *memory) CreateLink(_ context.Context, l account.Link, entry webhook.AuditEntry) error {
	return put(m, m.links, l.Hash, l, entry)
}

func (m *memory) Link(_ context.Context, hash [32]byte) (account.Link, error) {
	return get(m.links, hash)
}

func (m *memory) UseSetupLink(ctx context.Context, hash [32]byte, _ time.Time, first account.User, entry webhook.AuditEntry) (account.User, error) {
	delete(m.links, hash)
	return m.CreateFirstAdmin(ctx, first, entry)
}

func (m *memory) UseSignInLink(ctx context.Context, hash [32]byte, _ time.Time, u account.User, entry webhook.AuditEntry) (account.User, error) {
	link := m.links[hash]
	delete(m.links, hash)
	if known, err := m.UserByEmail(ctx, link.Email); err == nil {
		u = known
	}
	m.users[u.ID] = u
	return u, m.SetMember(ctx, account.Membership{ProjectID: link.ProjectID, UserID: u.ID, Role: link.Role}, entry)
}

func (m *memory) Keys(_ context.Context, project webhook.ProjectID) ([]account.Key, error) {
	return slices.DeleteFunc(slices.Collect(maps.Values(m.keys)), func(k account.Key) bool { return k.ProjectID != project }), nil
}

func (m *memory) Key(_ context.Context, id webhook.KeyID) (account.Key, error) {
	return get(m.keys, id)
}

func (m *memory) KeyByHash(_ context.Context, hash [32]byte) (account.Key, error) {
	for _, k := range m.keys {
		if k.Hash == hash {
			return k, nil
		}
	}
	return account.Key{}, errMissing
}

func (m *memory) CreateKey(_ context.Context, k account.Key, entry webhook.AuditEntry) error {
	return put(m, m.keys, k.ID, k, entry)
}

func (m *memory) RevokeKey(_ context.Context, id webhook.KeyID, at time.Time, entry webhook.AuditEntry) error {
	k := m.keys[id]
	k.RevokedAt = at
	return put(m, m.keys, id, k, entry)
}

func (m *memory) TouchKey(_ context.Context, id webhook.KeyID, at time.Time, addr string) error {
	k := m.keys[id]
	k.LastUsedAt, k.LastUsedAddr = at, addr
	m.keys[id] = k
	m.touched++
	return nil
}
