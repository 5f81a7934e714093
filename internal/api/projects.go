package api

import (
	"context"
	"net/http"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Project is a tenant.
type Project struct {
	ID          string `json:"id" format:"uuid"`
	Name        string `json:"name"`
	ExternalID  string `json:"externalId,omitempty" doc:"The platform's own id"`
	CreatedAt   string `json:"createdAt" format:"date-time"`
	SuspendedAt string `json:"suspendedAt,omitempty" format:"date-time" doc:"Every delivery is held since then"`
}

func projectShape(p webhook.Project) Project {
	return Project{ID: p.ID.String(), Name: p.Name, ExternalID: p.ExternalID, CreatedAt: stamp(p.CreatedAt), SuspendedAt: stamp(p.SuspendedAt)}
}

// ProjectRequest makes a project.
type ProjectRequest struct {
	Name       string `json:"name" minLength:"1" maxLength:"200"`
	ExternalID string `json:"externalId,omitempty" maxLength:"200" doc:"The platform's own id; ext: and this stands for the project's id in every call"`
}

// ProjectPatch changes the members that are sent.
type ProjectPatch struct {
	Name       *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
	ExternalID *string `json:"externalId,omitempty" maxLength:"200" doc:"Empty takes it away"`
	Suspended  *bool   `json:"suspended,omitempty" doc:"Holds every delivery of the project, or lets them go"`
}

// Member is somebody's role in a project.
type Member struct {
	UserID       string `json:"userId" format:"uuid"`
	Email        string `json:"email"`
	Name         string `json:"name,omitempty"`
	Role         string `json:"role" enum:"owner,developer,viewer"`
	CreatedAt    string `json:"createdAt" format:"date-time"`
	LastSeenAt   string `json:"lastSeenAt,omitempty" format:"date-time" doc:"To the minute; not there before the first visit"`
	SecondFactor *bool  `json:"secondFactor,omitempty" doc:"Whether it is on; only for keys that may change the members"`
}

func memberShape(m account.Membership) Member {
	return Member{
		UserID: m.UserID.String(), Email: m.Email, Name: m.Name, Role: string(m.Role), CreatedAt: stamp(m.CreatedAt), LastSeenAt: stamp(m.LastSeenAt),
	}
}

// MemberRequest adds a member or changes the role of one.
type MemberRequest struct {
	Email string `json:"email" maxLength:"254"`
	Name  string `json:"name,omitempty" maxLength:"200"`
	Role  string `json:"role" enum:"owner,developer,viewer"`
}

// Invitation lets somebody join a project; its link was shown once.
type Invitation struct {
	ID        string `json:"id" format:"uuid"`
	Email     string `json:"email"`
	Role      string `json:"role" enum:"owner,developer,viewer"`
	CreatedBy *Actor `json:"createdBy,omitempty"`
	CreatedAt string `json:"createdAt" format:"date-time"`
	ExpiresAt string `json:"expiresAt" format:"date-time"`
}

func invitationShape(l account.Link) Invitation {
	return Invitation{
		ID: l.ID.String(), Email: l.Email, Role: string(l.Role), CreatedBy: actorOf(l.CreatedBy), CreatedAt: stamp(l.CreatedAt), ExpiresAt: stamp(l.ExpiresAt),
	}
}

// NewInvitation is an invitation with its link, which is shown this once.
type NewInvitation struct {
	Invitation
	URL string `json:"url" format:"uri"`
}

// InvitationRequest makes an invitation.
type InvitationRequest struct {
	Email            string `json:"email" maxLength:"254"`
	Role             string `json:"role" enum:"owner,developer,viewer"`
	ExpiresInSeconds int    `json:"expiresInSeconds,omitempty" minimum:"60" maximum:"2592000" default:"604800"`
}

// LinkRequest asks for a sign-in link.
type LinkRequest struct {
	Email            string `json:"email" maxLength:"254"`
	Role             string `json:"role" enum:"developer,viewer" doc:"The role of somebody who is no member yet"`
	ExpiresInSeconds int    `json:"expiresInSeconds,omitempty" minimum:"1" maximum:"3600" default:"600"`
}

// Link is a sign-in link; it is shown this once.
type Link struct {
	URL       string `json:"url" format:"uri"`
	ExpiresAt string `json:"expiresAt" format:"date-time"`
}

const projectGroup = "Projects"

func (a *API) projectCalls() {
	add(a, Call{Method: http.MethodGet, Path: "/projects", ID: "list-projects", Group: projectGroup, May: account.ViewProject,
		Summary: "List projects"}, a.listProjects)
	add(a, Call{Method: http.MethodPost, Path: "/projects", ID: "create-project", Group: projectGroup, May: account.CreateProject,
		Summary: "Create a project", Status: http.StatusCreated}, a.createProject)
	add(a, Call{Method: http.MethodGet, Path: "/projects/{id}", ID: "get-project", Group: projectGroup, May: account.ViewProject,
		Summary: "Get a project"}, a.getProject)
	add(a, Call{Method: http.MethodPatch, Path: "/projects/{id}", ID: "update-project", Group: projectGroup, May: account.ChangeProject,
		Summary: "Change a project"}, a.updateProject)
	add(a, Call{Method: http.MethodDelete, Path: "/projects/{id}", ID: "delete-project", Group: projectGroup, May: account.DeleteProject,
		Summary: "Delete a project with all it holds", Status: http.StatusNoContent}, a.deleteProject)
	add(a, Call{Method: http.MethodGet, Path: "/projects/{id}/members", ID: "list-members", Group: projectGroup, May: account.ViewMembers,
		Summary: "List the members"}, a.listMembers)
	add(a, Call{Method: http.MethodPost, Path: "/projects/{id}/members", ID: "set-member", Group: projectGroup, May: account.ChangeMembers,
		Summary: "Add a member, or change a role", Status: http.StatusCreated}, a.setMember)
	add(a, Call{Method: http.MethodDelete, Path: "/projects/{id}/members", ID: "remove-member", Group: projectGroup, May: account.ChangeMembers,
		Summary: "Remove a member", Text: "Named by email or by userId.", Status: http.StatusNoContent}, a.removeMember)
	add(a, Call{Method: http.MethodGet, Path: "/projects/{id}/invitations", ID: "list-invitations", Group: projectGroup, May: account.ChangeMembers,
		Summary: "List invitations that nobody has accepted", Text: "Those that ran out within a month are among them."}, a.listInvitations)
	add(a, Call{Method: http.MethodPost, Path: "/projects/{id}/invitations", ID: "create-invitation", Group: projectGroup, May: account.ChangeMembers,
		Summary: "Invite somebody by a single-use link", Text: "Whoever is new chooses a name and a password with it; whoever has an account signs in first. An earlier invitation of the same address ends.",
		Status: http.StatusCreated}, a.createInvitation)
	add(a, Call{Method: http.MethodDelete, Path: "/projects/{id}/invitations", ID: "revoke-invitation", Group: projectGroup, May: account.ChangeMembers,
		Summary: "Revoke an invitation", Text: "Named by invitationId.", Status: http.StatusNoContent}, a.revokeInvitation)
	add(a, Call{Method: http.MethodPost, Path: "/projects/{id}/sign-in-links", ID: "create-sign-in-link", Group: projectGroup, May: account.IssueLinks,
		Summary: "Make a single-use sign-in link", Text: "Whoever opens it is signed in, and becomes a member on first use.",
		Status: http.StatusCreated}, a.createLink)
}

type listProjectsInput struct {
	Paging
	Query string `query:"q" maxLength:"200" doc:"A part of the name or the external id"`
}

func (a *API) listProjects(ctx context.Context, caller account.Caller, in *listProjectsInput) (*answer[List[Project]], error) {
	page, err := a.manage.Projects(ctx, caller, manage.ProjectFilter{Query: in.Query, Cursor: in.Cursor, Limit: in.Limit})
	return answering(listOf(page, projectShape), err)
}

func (a *API) createProject(ctx context.Context, caller account.Caller, in *struct{ Body ProjectRequest }) (*answer[Project], error) {
	p, err := a.manage.CreateProject(ctx, caller, manage.NewProject{Name: in.Body.Name, ExternalID: in.Body.ExternalID})
	return answering(projectShape(p), err)
}

func (a *API) getProject(ctx context.Context, caller account.Caller, in *ByProject) (*answer[Project], error) {
	p, err := a.named(ctx, caller, in.ID)
	return answering(projectShape(p), err)
}

// named answers the project that a path names. One that can't exist is missing
// like one that does not.
func (a *API) named(ctx context.Context, caller account.Caller, ref string) (webhook.Project, error) {
	p, err := a.manage.FindProject(ctx, caller, ref)
	if webhook.KindOf(err) == webhook.KindInvalid {
		err = webhook.NotFound("there is no such project")
	}
	return p, err
}

type updateProjectInput struct {
	ByProject
	Body    ProjectPatch
	RawBody []byte
}

func (a *API) updateProject(ctx context.Context, caller account.Caller, in *updateProjectInput) (*answer[Project], error) {
	p, err := a.named(ctx, caller, in.ID)
	if err != nil {
		return nil, err
	}
	if err := notNull(in.RawBody, "name"); err != nil {
		return nil, err
	}
	p, err = a.manage.UpdateProject(ctx, caller, p.ID, manage.ProjectPatch{
		Name: in.Body.Name, ExternalID: in.Body.ExternalID, Suspended: in.Body.Suspended,
	})
	return answering(projectShape(p), err)
}

func (a *API) deleteProject(ctx context.Context, caller account.Caller, in *ByProject) (*nothing, error) {
	p, err := a.named(ctx, caller, in.ID)
	if err != nil {
		return nil, err
	}
	return done(a.manage.DeleteProject(ctx, caller, p.ID))
}

func (a *API) listMembers(ctx context.Context, caller account.Caller, in *ByProject) (*answer[List[Member]], error) {
	p, err := a.named(ctx, caller, in.ID)
	if err != nil {
		return nil, err
	}
	members, err := a.manage.Members(ctx, caller, p.ID)
	shape := memberShape
	if caller.Could(account.ChangeMembers, p.ID) {
		shape = func(m account.Membership) Member {
			shown := memberShape(m)
			shown.SecondFactor = &m.SecondFactor
			return shown
		}
	}
	return answering(listOf(webhook.Page[account.Membership]{Items: members}, shape), err)
}

type setMemberInput struct {
	ByProject
	Body MemberRequest
}

func (a *API) setMember(ctx context.Context, caller account.Caller, in *setMemberInput) (*answer[Member], error) {
	p, err := a.named(ctx, caller, in.ID)
	if err != nil {
		return nil, err
	}
	m, err := a.manage.SetMember(ctx, caller, p.ID, manage.NewMember{Email: in.Body.Email, Name: in.Body.Name, Role: account.Role(in.Body.Role)})
	return answering(memberShape(m), err)
}

type removeMemberInput struct {
	ByProject
	Email  string `query:"email" maxLength:"254"`
	UserID string `query:"userId" maxLength:"64"`
}

func (a *API) removeMember(ctx context.Context, caller account.Caller, in *removeMemberInput) (*nothing, error) {
	p, err := a.named(ctx, caller, in.ID)
	if err != nil {
		return nil, err
	}
	if (in.Email == "") == (in.UserID == "") {
		return nil, webhook.Invalid("query.email", "or userId must name the member, and not both")
	}
	return done(a.manage.RemoveMember(ctx, caller, p.ID, in.Email+in.UserID))
}

func (a *API) listInvitations(ctx context.Context, caller account.Caller, in *ByProject) (*answer[List[Invitation]], error) {
	p, err := a.named(ctx, caller, in.ID)
	if err != nil {
		return nil, err
	}
	all, err := a.manage.Invitations(ctx, caller, p.ID)
	return answering(listOf(webhook.Page[account.Link]{Items: all}, invitationShape), err)
}

type createInvitationInput struct {
	ByProject
	Body InvitationRequest
}

func (a *API) createInvitation(ctx context.Context, caller account.Caller, in *createInvitationInput) (*answer[NewInvitation], error) {
	p, err := a.named(ctx, caller, in.ID)
	if err != nil {
		return nil, err
	}
	made, err := a.manage.Invite(ctx, caller, p.ID, manage.NewInvitation{
		Email: in.Body.Email, Role: account.Role(in.Body.Role), ExpiresIn: time.Duration(in.Body.ExpiresInSeconds) * time.Second,
	})
	return answering(NewInvitation{invitationShape(made.Link), made.URL}, err)
}

type revokeInvitationInput struct {
	ByProject
	InvitationID string `query:"invitationId" required:"true" maxLength:"64"`
}

func (a *API) revokeInvitation(ctx context.Context, caller account.Caller, in *revokeInvitationInput) (*nothing, error) {
	p, err := a.named(ctx, caller, in.ID)
	if err != nil {
		return nil, err
	}
	id, err := idIn(in.InvitationID, "invitation")
	if err != nil {
		return nil, err
	}
	return done(a.manage.RevokeInvitation(ctx, caller, p.ID, webhook.LinkID{UUID: id}))
}

type createLinkInput struct {
	ByProject
	Body LinkRequest
}

func (a *API) createLink(ctx context.Context, caller account.Caller, in *createLinkInput) (*answer[Link], error) {
	p, err := a.named(ctx, caller, in.ID)
	if err != nil {
		return nil, err
	}
	link, err := a.manage.CreateSignInLink(ctx, caller, p.ID, manage.NewLink{
		Email: in.Body.Email, Role: account.Role(in.Body.Role), ExpiresIn: time.Duration(in.Body.ExpiresInSeconds) * time.Second,
	})
	return answering(Link{URL: link.URL, ExpiresAt: stamp(link.ExpiresAt)}, err)
}
