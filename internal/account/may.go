package account

import (
	"errors"
	"slices"

	"github.com/bellwire/bellwire/internal/webhook"
)

// Action is something that not everybody may do.
type Action string

// The actions on a project, or with the zero project on the instance or on all
// projects at once.
const (
	ViewProject    Action = "view the project"
	ChangeProject  Action = "change the project"
	CreateProject  Action = "create projects"
	DeleteProject  Action = "delete the project"
	SuspendProject Action = "suspend the project"
	ViewMembers    Action = "see the members"
	ChangeMembers  Action = "change the members"
	IssueLinks     Action = "make sign-in links"
	ViewKeys       Action = "see the API keys"
	CreateKeys     Action = "create API keys"
	RevokeKeys     Action = "revoke API keys"
	ViewEndpoints  Action = "see endpoints"
	ChangeEndpoint Action = "change endpoints"
	PauseEndpoint  Action = "pause and resume endpoints"
	TestEndpoint   Action = "send tests"
	UseSecrets     Action = "reveal and rotate secrets"
	ViewDeliveries Action = "see deliveries"
	SendAgain      Action = "resend deliveries"
	CancelDelivery Action = "cancel deliveries"
	ViewEvents     Action = "see events"
	Publish        Action = "publish events"
	Expunge        Action = "expunge payloads"
	ViewTopics     Action = "see topics"
	ChangeTopics   Action = "change topics"
	ViewPrompts    Action = "see prompts"
	ChangePrompts  Action = "change prompts"
	ViewUsers      Action = "see all users"
	ManageUsers    Action = "manage users"
	ViewAudit      Action = "read the audit log"
	ViewSystem     Action = "see the system"
	// ChangeProof is about one's own second factor.
	ChangeProof Action = "change your second factor"
)

// rule says who may take an action: people by either role, keys by any of the
// scopes.
type rule struct {
	instance []Role
	project  []Role
	scopes   []Scope
	// wide keys only: those of the instance.
	wide bool
	// stepUp asks people for their password again.
	stepUp bool
}

var (
	staff    = []Role{Admin, Support}
	admins   = []Role{Admin}
	anyone   = []Role{Owner, Developer, Viewer}
	builders = []Role{Owner, Developer}
	owners   = []Role{Owner}
	readers  = []Scope{ScopeRead, ScopeManage}
	managers = []Scope{ScopeManage}
	holders  = []Scope{ScopeSecrets}
)

var rules = map[Action]rule{
	ViewProject:    {instance: staff, project: anyone, scopes: []Scope{ScopeRead, ScopeManage, ScopePublish, ScopeSecrets}},
	ChangeProject:  {instance: admins, project: owners, scopes: managers, wide: true},
	CreateProject:  {instance: admins, scopes: managers, wide: true},
	DeleteProject:  {instance: admins, project: owners, scopes: managers, wide: true, stepUp: true},
	SuspendProject: {instance: admins, scopes: managers, wide: true},
	ViewMembers:    {instance: staff, project: anyone, scopes: readers},
	ChangeMembers:  {instance: admins, project: owners, scopes: managers, wide: true, stepUp: true},
	IssueLinks:     {instance: admins, scopes: managers, wide: true, stepUp: true},
	ViewKeys:       {instance: admins, project: builders, scopes: managers},
	CreateKeys:     {instance: admins, project: owners, scopes: managers, stepUp: true},
	RevokeKeys:     {instance: admins, project: owners, scopes: managers},
	ViewEndpoints:  {instance: staff, project: anyone, scopes: readers},
	ChangeEndpoint: {instance: admins, project: builders, scopes: managers},
	PauseEndpoint:  {instance: staff, project: builders, scopes: managers},
	TestEndpoint:   {instance: admins, project: builders, scopes: managers},
	UseSecrets:     {instance: admins, project: builders, scopes: holders, stepUp: true},
	ViewDeliveries: {instance: staff, project: anyone, scopes: readers},
	SendAgain:      {instance: staff, project: builders, scopes: managers},
	CancelDelivery: {instance: admins, project: builders, scopes: managers},
	ViewEvents:     {instance: staff, project: anyone, scopes: readers},
	Publish:        {project: builders, scopes: []Scope{ScopePublish}},
	Expunge:        {instance: admins, project: owners, scopes: managers},
	ViewTopics:     {instance: []Role{Admin, Support, Member}, project: anyone, scopes: []Scope{ScopeRead, ScopeManage, ScopePublish}},
	ChangeTopics:   {instance: admins, scopes: managers, wide: true},
	ViewPrompts:    {instance: admins, project: anyone, scopes: readers},
	ChangePrompts:  {project: builders, scopes: []Scope{ScopePublish, ScopeManage}},
	ViewUsers:      {instance: admins},
	ManageUsers:    {instance: admins, stepUp: true},
	ViewAudit:      {instance: admins, project: builders, scopes: managers},
	ViewSystem:     {instance: admins, scopes: readers, wide: true},
	ChangeProof:    {instance: []Role{Admin, Support, Member}, stepUp: true},
}

// stepUpField marks the refusal that a password would lift.
const stepUpField = "stepUp"

// May answers whether the caller may take an action on a project; zero stands
// for the instance. A project that the caller can't see is NotFound, whatever
// the action; one that they see without the right is Forbidden.
func (c Caller) May(action Action, project webhook.ProjectID) error {
	if c.System {
		return nil
	}
	if !c.Sees(project) {
		return webhook.NotFound("there is no such project")
	}
	r, known := rules[action]
	if !known || !c.holds(r, project) {
		return c.refusal(action)
	}
	if r.stepUp && c.User != nil && !c.SteppedUp {
		return &webhook.Error{
			Kind:    webhook.KindForbidden,
			Message: "give your password again to " + string(action),
			Fields:  []webhook.Field{{Location: stepUpField, Message: "the password is needed again"}},
		}
	}
	return nil
}

// Sees reports whether the caller knows that a project exists. Everybody known
// sees the instance, the zero project.
func (c Caller) Sees(project webhook.ProjectID) bool {
	switch {
	case c.System:
		return true
	case c.Key != nil:
		return c.Key.ProjectID.IsZero() || project.IsZero() || c.Key.ProjectID == project
	case c.User != nil:
		return project.IsZero() || c.staff() || c.Projects[project] != ""
	}
	return false
}

// KeyFor is what a key needs for an action: any one of the scopes, and if wide,
// to be a key of the instance.
func KeyFor(action Action) (scopes []Scope, wide bool) {
	r := rules[action]
	return slices.Clone(r.scopes), r.wide
}

func (c Caller) staff() bool { return c.User != nil && slices.Contains(staff, c.User.Role) }

func (c Caller) holds(r rule, project webhook.ProjectID) bool {
	if c.Key != nil {
		if !c.Key.ProjectID.IsZero() && (r.wide || project.IsZero() && !r.everywhere()) {
			return false
		}
		return slices.ContainsFunc(c.Key.Scopes, func(s Scope) bool { return slices.Contains(r.scopes, s) })
	}
	if c.User == nil {
		return false
	}
	return slices.Contains(r.instance, c.User.Role) || slices.Contains(r.project, c.Projects[project])
}

// everywhere tells the rules that hold for people of no rank on the instance,
// such as seeing topics.
func (r rule) everywhere() bool { return slices.Contains(r.instance, Member) }

func (c Caller) refusal(action Action) error {
	if c.Key != nil {
		return webhook.Forbidden("this API key may not %s", action)
	}
	if c.User == nil {
		return webhook.Unauthorized("sign in first")
	}
	return &webhook.Error{Kind: webhook.KindForbidden, Message: "your role may not " + string(action), Err: errRole}
}

// errRole marks the refusals that another role would lift.
var errRole = errors.New("the role is too low")

// LacksRole reports whether err is a refusal that another role would lift.
func LacksRole(err error) bool { return errors.Is(err, errRole) }

// Could reports whether the caller may take an action, if need be after giving
// the password again.
func (c Caller) Could(action Action, project webhook.ProjectID) bool {
	err := c.May(action, project)
	return err == nil || NeedsStepUp(err)
}

// NeedsStepUp reports whether err is a refusal that the caller's password
// would lift.
func NeedsStepUp(err error) bool {
	e, ok := asError(err)
	return ok && len(e.Fields) == 1 && e.Fields[0].Location == stepUpField
}

// Payload says how a caller may see what events carry.
type Payload int

// The ways to see payloads of a project.
const (
	PayloadHidden     Payload = iota
	PayloadWithReason         // support: only after saying why, which is audited
	PayloadAudited            // admins outside the project: each look is audited
	PayloadOpen
)

// PayloadOf answers how the caller may see the payloads of a project.
func (c Caller) PayloadOf(project webhook.ProjectID) Payload {
	switch {
	case c.System:
		return PayloadOpen
	case c.Key != nil:
		if c.May(ViewEvents, project) == nil {
			return PayloadOpen
		}
	case c.User == nil:
	case c.Projects[project] != "":
		return PayloadOpen
	case c.User.Role == Admin:
		return PayloadAudited
	case c.User.Role == Support:
		return PayloadWithReason
	}
	return PayloadHidden
}

// SeesURLs reports whether whole URLs and the values of custom headers may be
// shown: they carry tokens, so viewers and support see them masked.
func (c Caller) SeesURLs(project webhook.ProjectID) bool {
	if c.System || c.Key != nil {
		return c.Sees(project)
	}
	return c.User != nil && (c.User.Role == Admin || slices.Contains(builders, c.Projects[project]))
}

// SeesAll reports whether the caller may list things of all projects at once.
func (c Caller) SeesAll() bool {
	return c.System || c.staff() || c.Key != nil && c.Key.ProjectID.IsZero()
}

// OwnProject is the only project of a project key; zero for everybody else.
func (c Caller) OwnProject() webhook.ProjectID {
	if c.Key == nil {
		return webhook.ProjectID{}
	}
	return c.Key.ProjectID
}
