package manage

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// externalPrefix marks a reference by the platform's own name.
const externalPrefix = "ext:"

// NewProject is what a project is made from.
type NewProject struct {
	Name       string
	ExternalID string
}

// ProjectPatch changes the members that are not nil. Suspended holds all
// deliveries of the project, or lets them go.
type ProjectPatch struct {
	Name       *string
	ExternalID *string
	Suspended  *bool
}

// Projects lists what the caller sees.
func (s *Service) Projects(ctx context.Context, c account.Caller, filter ProjectFilter) (webhook.Page[webhook.Project], error) {
	var none webhook.Page[webhook.Project]
	limit, err := limitOf(filter.Limit)
	if err != nil {
		return none, err
	}
	filter.Limit = limit
	if own := c.OwnProject(); !own.IsZero() {
		if err := c.May(account.ViewProject, own); err != nil {
			return none, err
		}
		p, err := s.Store.Project(ctx, own)
		if err != nil {
			return none, err
		}
		return webhook.Page[webhook.Project]{Items: []webhook.Project{p}}, nil
	}
	if !c.SeesAll() {
		if c.User == nil {
			return none, webhook.Unauthorized("sign in first")
		}
		filter.Member = c.User.ID
	}
	return s.Store.Projects(ctx, filter)
}

// FindProject answers the project that a reference names: an id, "ext:" and
// the platform's own id, or nothing at all for a key's own project.
func (s *Service) FindProject(ctx context.Context, c account.Caller, ref string) (webhook.Project, error) {
	if external, ok := strings.CutPrefix(ref, externalPrefix); ok {
		p, err := s.Store.ProjectByExternalID(ctx, external)
		if webhook.KindOf(err) == webhook.KindNotFound || err == nil && c.May(account.ViewProject, p.ID) != nil {
			return webhook.Project{}, webhook.NotFound("there is no such project")
		}
		return p, err
	}
	id := c.OwnProject()
	if ref != "" {
		parsed, err := webhook.ParseUUID(ref)
		if err != nil {
			return webhook.Project{}, webhook.Invalid("projectId", "must be a project's id, or ext: and its external id")
		}
		id = webhook.ProjectID{UUID: parsed}
	}
	if id.IsZero() {
		return webhook.Project{}, webhook.Invalid("projectId", "is missing: this caller sees more than one project")
	}
	return s.Project(ctx, c, id)
}

// Project answers one project.
func (s *Service) Project(ctx context.Context, c account.Caller, id webhook.ProjectID) (webhook.Project, error) {
	if err := c.May(account.ViewProject, id); err != nil {
		return webhook.Project{}, err
	}
	return s.Store.Project(ctx, id)
}

// CreateProject makes a project. A person who makes one owns it.
func (s *Service) CreateProject(ctx context.Context, c account.Caller, n NewProject) (webhook.Project, error) {
	var none webhook.Project
	if err := c.May(account.CreateProject, webhook.ProjectID{}); err != nil {
		return none, err
	}
	name, err := checkName("name", n.Name)
	if err != nil {
		return none, err
	}
	if err := checkExternalID(n.ExternalID); err != nil {
		return none, err
	}
	now := s.now()
	p := webhook.Project{ID: webhook.ProjectID{UUID: mint.UUID(now)}, Name: name, ExternalID: n.ExternalID, CreatedAt: now}
	if err := s.Store.CreateProject(ctx, p, s.entry(c, "project.created", aboutProject(p), n.ExternalID)); err != nil {
		return none, err
	}
	if c.User == nil {
		return p, nil
	}
	owner := account.Membership{ProjectID: p.ID, UserID: c.User.ID, Role: account.Owner, CreatedAt: now}
	entry := s.entry(c, "member.added", object{p.ID, c.User.ID.UUID, c.User.Email}, "as owner, for making the project")
	return p, s.Store.SetMember(ctx, owner, entry)
}

// UpdateProject changes name, external id or suspension.
func (s *Service) UpdateProject(ctx context.Context, c account.Caller, id webhook.ProjectID, patch ProjectPatch) (webhook.Project, error) {
	p, err := s.Project(ctx, c, id)
	if err != nil {
		return webhook.Project{}, err
	}
	if patch.Name != nil || patch.ExternalID != nil {
		if p, err = s.rename(ctx, c, p, patch); err != nil {
			return webhook.Project{}, err
		}
	}
	if patch.Suspended != nil && *patch.Suspended != p.Suspended() {
		return s.suspend(ctx, c, p, *patch.Suspended)
	}
	return p, nil
}

func (s *Service) rename(ctx context.Context, c account.Caller, p webhook.Project, patch ProjectPatch) (webhook.Project, error) {
	if err := c.May(account.ChangeProject, p.ID); err != nil {
		return p, err
	}
	var changes differences
	if patch.Name != nil && *patch.Name != p.Name {
		name, err := checkName("name", *patch.Name)
		if err != nil {
			return p, err
		}
		changes.add("name", p.Name, name)
		p.Name = name
	}
	if patch.ExternalID != nil && *patch.ExternalID != p.ExternalID {
		if err := checkExternalID(*patch.ExternalID); err != nil {
			return p, err
		}
		changes.add("external id", p.ExternalID, *patch.ExternalID)
		p.ExternalID = *patch.ExternalID
	}
	if len(changes) == 0 {
		return p, nil
	}
	return p, s.Store.UpdateProject(ctx, p, s.entry(c, "project.updated", aboutProject(p), changes.String()))
}

func (s *Service) suspend(ctx context.Context, c account.Caller, p webhook.Project, on bool) (webhook.Project, error) {
	if err := c.May(account.SuspendProject, p.ID); err != nil {
		return p, err
	}
	p.SuspendedAt = time.Time{}
	action := "project.unsuspended"
	if on {
		p.SuspendedAt, action = s.now(), "project.suspended"
	}
	if err := s.Store.SuspendProject(ctx, p.ID, p.SuspendedAt, s.entry(c, action, aboutProject(p), "")); err != nil {
		return p, err
	}
	s.Waker.Wake()
	return p, nil
}

// DeleteProject removes a project with all it holds.
func (s *Service) DeleteProject(ctx context.Context, c account.Caller, id webhook.ProjectID) error {
	if err := c.May(account.DeleteProject, id); err != nil {
		return err
	}
	p, err := s.Store.Project(ctx, id)
	if err != nil {
		return err
	}
	return s.Store.DeleteProject(ctx, id, s.entry(c, "project.deleted", aboutProject(p), ""))
}

func aboutProject(p webhook.Project) object { return object{p.ID, p.ID.UUID, p.Name} }

func checkExternalID(id string) error {
	if id == "" {
		return nil
	}
	if !utf8.ValidString(id) || utf8.RuneCountInString(id) > maxName || strings.ContainsFunc(id, unicode.IsControl) || strings.TrimSpace(id) != id {
		return webhook.Invalid("externalId", "must be one line of at most %d characters without blanks around it", maxName)
	}
	return nil
}
