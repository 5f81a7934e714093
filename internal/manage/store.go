package manage

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Store is all that the use-cases read and write. Each method is one query or
// one transaction. A method that takes an audit entry writes it in the same
// transaction as the change, and writes neither if the change is refused.
//
// A missing row, or one of another project, is webhook.NotFound. The typed
// project id narrows every query of a project's data; where it says so, zero
// stands for any project.
type Store interface {
	Instance
	Projects
	Users
	SecondFactors
	Identities
	SignIns
	Links
	Invitations
	Keys
	Topics
	Prompts
	Endpoints
	Listeners
	Slacks
	Secrets
	Deliveries
	Events
	Products
	Dailies
	Finding
	Reports
	Systems
}

// Instance holds the few values that belong to the whole installation.
type Instance interface {
	// KeepValue writes a named value if none stands yet and returns what stands
	// then.
	KeepValue(ctx context.Context, name string, value []byte) ([]byte, error)
	// HasAdmin says whether there is an enabled admin with a password.
	HasAdmin(ctx context.Context) (bool, error)
}

// Prompts keeps the prompt registry. What versions hold is read one by one.
type Prompts interface {
	// Prompts are in order of name; total counts all that the query finds.
	Prompts(ctx context.Context, query webhook.PromptQuery) (heads []webhook.PromptHead, total int, err error)
	// PromptNames are the names of all prompts that a query finds, in order.
	PromptNames(ctx context.Context, query webhook.PromptQuery) ([]string, error)
	// PromptNumbers are the numbers of prompts' versions and the configs of the
	// newest.
	PromptNumbers(ctx context.Context, project webhook.ProjectID, prompts []webhook.PromptID) (map[webhook.PromptID][]int, map[webhook.PromptID][]byte, error)
	// PromptWords are the labels and tags in use, each up to a limit.
	PromptWords(ctx context.Context, project webhook.ProjectID, limit int) (labels, tags []string, err error)
	// Prompt comes with its versions, without what they hold.
	Prompt(ctx context.Context, project webhook.ProjectID, name string) (webhook.Prompt, error)
	PromptVersion(ctx context.Context, project webhook.ProjectID, id webhook.PromptVersionID) (webhook.PromptVersion, error)
	// ChangePrompt stores what decide makes of a prompt, with the events that
	// follow and the audit entry; an edit without an entry changes nothing. One
	// that does not exist has no versions, before and after. Whole reads a version
	// with what it holds. decide may be run more than once.
	ChangePrompt(ctx context.Context, project webhook.ProjectID, name string,
		decide func(found webhook.Prompt, whole func(webhook.PromptVersionID) (webhook.PromptVersion, error)) (webhook.PromptEdit, error),
	) (webhook.Admitted, error)
}

// Systems tells what the installation runs on and is at.
type Systems interface {
	// Ping answers the database's clock.
	Ping(ctx context.Context) (time.Time, error)
	// Nodes are those heard of in the last day, the oldest first; those that ended
	// in good order are left out.
	Nodes(ctx context.Context) ([]webhook.Node, error)
	Backlog(ctx context.Context) (webhook.Load, error)
	Database(ctx context.Context) (webhook.Database, error)
}

// ProjectFilter narrows a list of projects, which is sorted by name.
type ProjectFilter = webhook.ProjectFilter

// Projects keeps tenants and who belongs to them.
type Projects interface {
	Projects(ctx context.Context, filter ProjectFilter) (webhook.Page[webhook.Project], error)
	Project(ctx context.Context, id webhook.ProjectID) (webhook.Project, error)
	ProjectByExternalID(ctx context.Context, externalID string) (webhook.Project, error)
	// CreateProject is a Conflict if the external id is taken.
	CreateProject(ctx context.Context, project webhook.Project, entry webhook.AuditEntry) error
	// UpdateProject writes name and external id; a taken one is a Conflict.
	UpdateProject(ctx context.Context, project webhook.Project, entry webhook.AuditEntry) error
	// SuspendProject holds every delivery of the project from at on; a zero
	// time lets them go again.
	SuspendProject(ctx context.Context, id webhook.ProjectID, at time.Time, entry webhook.AuditEntry) error
	// DeleteProject removes the project and all it holds but its audit entries.
	DeleteProject(ctx context.Context, id webhook.ProjectID, entry webhook.AuditEntry) error

	// Members are sorted by email.
	Members(ctx context.Context, project webhook.ProjectID) ([]account.Membership, error)
	// SetMember adds a member or changes the role of one. It writes ProjectID,
	// UserID, Role and, for a new one, CreatedAt. Who is no owner after it leaves
	// no invitations open; nor does who is removed. Both are a Conflict if the
	// other members would be left without an owner.
	SetMember(ctx context.Context, member account.Membership, entry webhook.AuditEntry) error
	RemoveMember(ctx context.Context, project webhook.ProjectID, user webhook.UserID, entry webhook.AuditEntry) error
}

// Topics keeps the catalogue, which is small enough to be read whole.
type Topics interface {
	// Topics are sorted by group and name. The version grows with each change.
	Topics(ctx context.Context) (topics []webhook.Topic, version int64, err error)
	// SeedTopics brings the topics that ship up to date: missing ones are added,
	// description, schema, example, search keys and group are written, WarnOnly
	// and Deprecated stay as the operator set them.
	SeedTopics(ctx context.Context, shipped []webhook.Topic) error
	// CreateTopic is a Conflict if the name is taken.
	CreateTopic(ctx context.Context, topic webhook.Topic, entry webhook.AuditEntry) error
	// UpdateTopic writes everything but name, Shipped and CreatedAt.
	UpdateTopic(ctx context.Context, topic webhook.Topic, entry webhook.AuditEntry) error
	DeleteTopic(ctx context.Context, name string, entry webhook.AuditEntry) error
	// Naming are the endpoints of all projects, deleted ones left out, that
	// subscribe to a topic by its full name, in order of id, at most limit.
	Naming(ctx context.Context, topic string, limit int) ([]webhook.Endpoint, error)
}

// EndpointFilter narrows a list of endpoints, newest first, deleted ones left
// out.
type EndpointFilter = webhook.EndpointFilter

// Endpoints keeps destinations. Each change of settings is a new version row
// and moves the project's catalogue on, in the same transaction.
type Endpoints interface {
	Endpoints(ctx context.Context, filter EndpointFilter) (webhook.Page[webhook.Endpoint], error)
	// EndpointOwner finds the project of an endpoint, deleted ones too.
	EndpointOwner(ctx context.Context, id webhook.EndpointID) (webhook.ProjectID, error)
	// Endpoint answers deleted ones too, with DeletedAt set.
	Endpoint(ctx context.Context, project webhook.ProjectID, id webhook.EndpointID) (webhook.Endpoint, error)
	// EndpointVersion is the endpoint with the settings of one version.
	EndpointVersion(ctx context.Context, project webhook.ProjectID, id webhook.EndpointID, version int64) (webhook.Endpoint, error)
	// EndpointsAt are the endpoints that stood at a moment, each with the
	// settings that counted then, in order of id, at most limit.
	EndpointsAt(ctx context.Context, project webhook.ProjectID, at time.Time, limit int) ([]webhook.Endpoint, error)
	// CreateEndpoint stores version 1 and the first signing secret.
	CreateEndpoint(ctx context.Context, endpoint webhook.Endpoint, secret webhook.Secret, entry webhook.AuditEntry) error
	// CreateEndpoints stores version 1 of endpoints of one project that have no
	// secrets, all or none, with an entry for each.
	CreateEndpoints(ctx context.Context, endpoints []webhook.Endpoint, entries []webhook.AuditEntry) error
	// UpdateEndpoint stores the settings as the version after endpoint.Version;
	// a Conflict if that is not the present one.
	UpdateEndpoint(ctx context.Context, endpoint webhook.Endpoint, entry webhook.AuditEntry) error
	// DeleteEndpoint cancels the waiting deliveries and wipes the secrets; the
	// log stays.
	DeleteEndpoint(ctx context.Context, project webhook.ProjectID, id webhook.EndpointID, at time.Time, entry webhook.AuditEntry) error
	// PauseBy holds the endpoint's deliveries; a Conflict if it is paused for
	// the same reason already.
	PauseBy(ctx context.Context, project webhook.ProjectID, id webhook.EndpointID, reason webhook.PauseReason, entry webhook.AuditEntry) error
	// ResumeBy lets them go, oldest first, at most drainRate a second (0: no
	// limit); a Conflict if the endpoint is active.
	ResumeBy(ctx context.Context, project webhook.ProjectID, id webhook.EndpointID, drainRate float64, entry webhook.AuditEntry) error
}

// Slacks keeps projects' connections to Slack, tokens sealed.
type Slacks interface {
	SlackInstall(ctx context.Context, project webhook.ProjectID) (webhook.SlackInstall, error)
	SlackUse(ctx context.Context, project webhook.ProjectID) (webhook.SlackUse, error)
	// ConnectSlack puts a connection in the place of one to the same workspace and
	// lets endpoints go that waited for it. A Conflict if the project's endpoints
	// post to another workspace.
	ConnectSlack(ctx context.Context, install webhook.SlackInstall, entry webhook.AuditEntry) error
	// DisconnectSlack forgets the connection and holds the project's Slack
	// endpoints.
	DisconnectSlack(ctx context.Context, project webhook.ProjectID, entry webhook.AuditEntry) error
}

// Listeners keeps developers' machines that listen, each with its endpoint,
// which takes it along when it is deleted.
type Listeners interface {
	// Listener takes the endpoint of any project.
	Listener(ctx context.Context, endpoint webhook.EndpointID) (webhook.Listener, error)
	// ListenerNamed finds the one that a key opened under a name.
	ListenerNamed(ctx context.Context, key webhook.KeyID, name string) (webhook.Listener, error)
	// CreateListener stores a listener with its endpoint, held until its stream
	// opens, and the first signing secret. A Conflict if the key has one of that
	// name, Limited if the project has webhook.MaxListeners.
	CreateListener(ctx context.Context, l webhook.Listener, e webhook.Endpoint, secret webhook.Secret, entry webhook.AuditEntry) error
}

// Secrets keeps signing secrets, sealed.
type Secrets interface {
	// Secrets of one endpoint, oldest first, wiped ones included: the log names
	// them.
	Secrets(ctx context.Context, project webhook.ProjectID, endpoint webhook.EndpointID) ([]webhook.Secret, error)
	// RevealSecrets is Secrets with the audit entry of somebody looking.
	RevealSecrets(ctx context.Context, project webhook.ProjectID, endpoint webhook.EndpointID, entry webhook.AuditEntry) ([]webhook.Secret, error)
	// ChangeSecrets replaces the endpoint's secrets, row by id: those only in
	// after are inserted, those only in before deleted, the others get their
	// times, grace and sealed value. A Conflict if the stored rows differ from
	// before in ids or times.
	ChangeSecrets(ctx context.Context, project webhook.ProjectID, endpoint webhook.EndpointID, before, after []webhook.Secret, entry webhook.AuditEntry) error
}

// Deliveries reads the log and acts on single deliveries.
type Deliveries interface {
	Deliveries(ctx context.Context, filter webhook.DeliveryFilter) (webhook.Page[webhook.DeliveryRow], error)
	DeliveryOwner(ctx context.Context, id webhook.DeliveryID) (webhook.ProjectID, error)
	Delivery(ctx context.Context, project webhook.ProjectID, id webhook.DeliveryID) (webhook.DeliveryRow, error)
	// DeliveriesByID are several in no order; those not found are left out.
	// Project zero stands for any.
	DeliveriesByID(ctx context.Context, project webhook.ProjectID, ids []webhook.DeliveryID) ([]webhook.DeliveryRow, error)
	// LastFailures reads, for endpoints of one project, the newest delivery
	// whose last attempt failed, among the latest of each.
	LastFailures(ctx context.Context, project webhook.ProjectID, endpoints []webhook.EndpointID, latest int) (map[webhook.EndpointID]webhook.DeliveryRow, error)
	// Attempts of a delivery in order, without request bodies.
	Attempts(ctx context.Context, project webhook.ProjectID, id webhook.DeliveryID) ([]webhook.Attempt, error)
	// AttemptsOf is Attempts of several deliveries at once, without any bodies;
	// project zero stands for any. What is not found has no entry.
	AttemptsOf(ctx context.Context, project webhook.ProjectID, ids []webhook.DeliveryID) (map[webhook.DeliveryID][]webhook.Attempt, error)
	// ResendBy stores a new waiting delivery of the same event. A Conflict in
	// words if the first has not ended, its endpoint is deleted or its event's
	// data expunged.
	ResendBy(ctx context.Context, project webhook.ProjectID, of webhook.DeliveryID, again webhook.Delivery, entry webhook.AuditEntry) error
	// ResendManyBy is ResendBy for many: what one can't be sent for is answered
	// in its place and stops no other. They come in order of Of.
	ResendManyBy(ctx context.Context, many []Again) ([]error, error)
	// SendNowBy makes a waiting delivery due; a Conflict for any other.
	SendNowBy(ctx context.Context, project webhook.ProjectID, id webhook.DeliveryID, entry webhook.AuditEntry) error
	// CancelBy ends a waiting delivery; a Conflict for any other.
	CancelBy(ctx context.Context, project webhook.ProjectID, id webhook.DeliveryID, reason string, entry webhook.AuditEntry) error
	// CreateTest stores a test event and its delivery, in state Sending and
	// leased to this node for leaseFor.
	CreateTest(ctx context.Context, event webhook.Event, delivery webhook.Delivery, leaseFor time.Duration) error
}

// Events reads what was published. A project sees its own events and, of those
// for all, the ones that it has a delivery of.
type Events interface {
	// Events are listed without Data.
	Events(ctx context.Context, filter webhook.EventFilter) (webhook.Page[webhook.Event], error)
	// EventOwner is zero for an event for all.
	EventOwner(ctx context.Context, id webhook.EventID) (webhook.ProjectID, error)
	// Event takes project zero for any.
	Event(ctx context.Context, project webhook.ProjectID, id webhook.EventID) (webhook.Event, error)
	// OutcomesOf counts what became of each event in a project; one that no
	// endpoint of it was meant to get has no entry.
	OutcomesOf(ctx context.Context, project webhook.ProjectID, ids []webhook.EventID) (map[webhook.EventID]webhook.Outcomes, error)
	// SearchValuesOf are the values that a search finds each event by, in order;
	// one that the project does not see, or without any, has no entry.
	SearchValuesOf(ctx context.Context, project webhook.ProjectID, ids []webhook.EventID) (map[webhook.EventID][]string, error)
	// FanOutOf is how far a wide event has come.
	FanOutOf(ctx context.Context, id webhook.EventID) (webhook.FanOutProgress, error)
	// RecentEvents are the newest of a project with their Data, at most limit;
	// expunged ones left out.
	RecentEvents(ctx context.Context, project webhook.ProjectID, limit int) ([]webhook.Event, error)
	// Expunge removes the data and search values of an event; a Conflict if
	// that has been done. Waiting deliveries of it are cancelled.
	Expunge(ctx context.Context, id webhook.EventID, at time.Time, entry webhook.AuditEntry) error
}

// Products keeps what is known of products, by catalogue: a project's, or with
// zero the instance's.
type Products interface {
	// Products are read by id. A search looks at a bounded part of the catalogue:
	// a page may be short and still name a next one.
	Products(ctx context.Context, filter webhook.ProductFilter) (webhook.Page[webhook.Product], error)
	Product(ctx context.Context, catalogue webhook.ProjectID, id string) (webhook.Product, error)
	// ChangeProducts holds the products with these ids, each named once, and
	// stores what change makes of them with the events that follow, both or
	// neither. A product that was not seen before has no state. Change may be
	// called more than once.
	ChangeProducts(ctx context.Context, catalogue webhook.ProjectID, ids []string,
		change func(known map[string]webhook.Product) ([]webhook.Product, webhook.Admission, error)) (webhook.Admitted, error)
	// EventsByID are events of a project in the order given, without Data; those
	// that are gone are left out.
	EventsByID(ctx context.Context, project webhook.ProjectID, ids []webhook.EventID) ([]webhook.Event, error)
}

// Dailies keeps which daily summaries were published. Days are their first
// moment.
type Dailies interface {
	// DailyDone is the last day that all projects are through with; first, which
	// is noted, where there is none yet.
	DailyDone(ctx context.Context, first time.Time) (time.Time, error)
	EndDaily(ctx context.Context, day time.Time) error
	// ProjectsAfter are the next projects in order of id.
	ProjectsAfter(ctx context.Context, after webhook.ProjectID, limit int) ([]webhook.ProjectID, error)
	// HasDaily reports whether the summary of a project's day was published.
	HasDaily(ctx context.Context, project webhook.ProjectID, day time.Time) (bool, error)
	// EventsOfDay takes the next events of a project from one id up to but without
	// another, tests left out, with the Data of one topic. It answers where to go
	// on, zero at the end.
	EventsOfDay(ctx context.Context, project webhook.ProjectID, from, to webhook.UUID, withData string, limit int, take func(topic string, data []byte)) (webhook.UUID, error)
	// PublishDaily notes a summary as published and stores what admission lays
	// out, both or neither; where it was noted before it does nothing.
	PublishDaily(ctx context.Context, project webhook.ProjectID, day time.Time, admission func() (webhook.Admission, error)) (webhook.Admitted, error)
}

// Finding is by ids that are not whole.
type Finding interface {
	// FindShort looks among a project's endpoints and, newest first, at a bounded
	// part of the events and deliveries that begin as the id does.
	FindShort(ctx context.Context, project webhook.ProjectID, short webhook.ShortID) (webhook.Shortened, error)
}

// Reports reads counts and the audit log.
type Reports interface {
	// Stats answers one bucket per step, empty ones included, oldest first.
	Stats(ctx context.Context, filter webhook.StatsFilter) ([]webhook.StatsBucket, error)
	// StatsByEndpoint is Stats for several endpoints of one project at once.
	StatsByEndpoint(ctx context.Context, filter webhook.StatsFilter, endpoints []webhook.EndpointID) (map[webhook.EndpointID][]webhook.StatsBucket, error)
	// CountStates counts deliveries made in the filter's time by their state,
	// Held included, each up to atMost; Delivered only where the filter asks.
	CountStates(ctx context.Context, filter webhook.StatsFilter, atMost int64) (map[webhook.State]int64, error)
	// Standings are a project's endpoints that are not deleted, newest first,
	// with their attempts from the minute of since on and what was given up.
	Standings(ctx context.Context, project webhook.ProjectID, since time.Time, limit int) ([]webhook.Standing, error)
	// Subscriptions are what a project's endpoints that are not deleted take,
	// newest first.
	Subscriptions(ctx context.Context, project webhook.ProjectID, limit int) ([]webhook.Subscription, error)
	// Tallies sum up the endpoints of projects; failing are those with as many
	// failures in a row. A project without endpoints has no entry.
	Tallies(ctx context.Context, projects []webhook.ProjectID, failures int) (map[webhook.ProjectID]webhook.Tally, error)
	// Backlogs counts what waits for endpoints of one project, each up to
	// atMost; an endpoint for which nothing waits has no entry.
	Backlogs(ctx context.Context, project webhook.ProjectID, endpoints []webhook.EndpointID, atMost int64) (map[webhook.EndpointID]webhook.Backlog, error)
	Audit(ctx context.Context, filter webhook.AuditFilter) (webhook.Page[webhook.AuditEntry], error)
	// AddAudit records an act that changes nothing else.
	AddAudit(ctx context.Context, entry webhook.AuditEntry) error
}
