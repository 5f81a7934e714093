package manage

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Box seals what must not be readable at rest, bound to a row and a field.
type Box interface {
	Seal(plain []byte, row webhook.UUID, field string) []byte
	Open(blob []byte, row webhook.UUID, field string) ([]byte, error)
}

// URLChecker judges the targets of endpoints.
type URLChecker interface {
	// CheckURL answers the normalised URL, or webhook.Invalid at "url".
	CheckURL(raw string) (string, error)
	// Resolves answers a warning in words; empty if all is well.
	Resolves(ctx context.Context, host string) string
}

// Waker tells the dispatcher that something became due or that an endpoint is
// not what it was.
type Waker interface{ Wake() }

// Tester sends a leased test delivery at once and records its attempt.
type Tester interface {
	Test(ctx context.Context, job webhook.Job, useNext bool) (webhook.Attempt, error)
}

// Throttle slows down those who guess passwords: what it allows counts as a
// failure until it is told of the success.
type Throttle interface {
	Allow(email, addr string) error
	Succeeded(email, addr string)
}

// Changer carries out changes from which events follow.
type Changer interface {
	Change(ctx context.Context, caller account.Caller, project webhook.ProjectID, change publish.Change) ([]webhook.Receipt, error)
}

// Facts are what the configuration says and callers may know.
type Facts struct {
	Version string
	// BaseURL is the public address of this installation, without a slash at
	// the end.
	BaseURL   string
	EgressIPs []string
	AllowHTTP bool
	Retention time.Duration
	// StaffSecondFactor asks admins and support for a second factor.
	StaffSecondFactor bool
}

// Options are what a Service works with; all are needed.
type Options struct {
	Store   Store
	Box     Box
	URLs    URLChecker
	Waker   Waker
	Tester  Tester
	Changer Changer
	// Slack is nil where this installation has no Slack app.
	Slack    Slack
	Throttle Throttle
	// Node is this process, and Pool says how busy it is.
	Node  webhook.NodeID
	Pool  func() Pool
	Now   func() time.Time
	Log   *slog.Logger
	Facts Facts
}

// Service carries out the use-cases. It keeps nothing between calls but whom
// to tell of revoked keys, what still runs beside an answer, and channels that
// Slack listed a moment ago.
type Service struct {
	Options
	revoked func(webhook.KeyID)
	running sync.WaitGroup
	asides  chan struct{} // one for each that runs
	// channels are those of workspaces that were listed just now.
	channels channelCache
}

// New makes a Service.
func New(o Options) *Service {
	return &Service{Options: o, revoked: func(webhook.KeyID) {}, asides: make(chan struct{}, asideAtOnce)}
}

// WhenRevoked names who remembers keys and must forget one that this process
// revokes. It is called before the service is used.
func (s *Service) WhenRevoked(forget func(webhook.KeyID)) { s.revoked = forget }

// now is the moment of an act, cut to what the database keeps.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// object is what an audit entry is about.
type object struct {
	project webhook.ProjectID
	id      webhook.UUID
	name    string
}

func (s *Service) entry(c account.Caller, action string, about object, detail string) webhook.AuditEntry {
	now := s.now()
	entry := webhook.AuditEntry{
		ID:         webhook.AuditID{UUID: mint.UUID(now)},
		At:         now,
		ProjectID:  about.project,
		Actor:      c.Actor,
		Action:     action,
		ObjectName: about.name,
		Detail:     detail,
		Addr:       c.Addr,
	}
	if !about.id.IsZero() {
		entry.Object = about.id.String()
	}
	return entry
}

// MaxLimit is how many rows a page of a list can have.
const MaxLimit = 200

const defaultLimit = 50

func limitOf(asked int) (int, error) {
	if asked < 0 || asked > MaxLimit {
		return 0, webhook.Invalid("limit", "must be from 1 to %d", MaxLimit)
	}
	if asked == 0 {
		return defaultLimit, nil
	}
	return asked, nil
}

// maxName is how long names that people give to things can be, in characters.
const maxName = 200

// checkName trims a name and refuses what can't be shown on one line.
func checkName(location, raw string) (string, error) {
	name := strings.TrimSpace(raw)
	switch {
	case name == "":
		return "", webhook.Invalid(location, "is missing")
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "", webhook.Invalid(location, "must be one line of text")
	case utf8.RuneCountInString(name) > maxName:
		return "", webhook.Invalid(location, "must have at most %d characters", maxName)
	}
	return name, nil
}

// scope decides which project a list is about. The zero project means all of
// them, for staff and instance keys; a project key always lists its own.
func scope(c account.Caller, action account.Action, project webhook.ProjectID) (webhook.ProjectID, error) {
	if own := c.OwnProject(); project.IsZero() && !own.IsZero() {
		project = own
	}
	if project.IsZero() && !c.SeesAll() {
		return project, webhook.Invalid("projectId", "is missing")
	}
	return project, c.May(action, project)
}

// MaskURL leaves scheme and host: paths and queries carry tokens.
func MaskURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return "…"
	}
	return u.Scheme + "://" + u.Host + "/…"
}
