package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

// AuditEntry is one act that is kept for good.
type AuditEntry struct {
	ID         string `json:"id" format:"uuid"`
	At         string `json:"at" format:"date-time"`
	ProjectID  string `json:"projectId,omitempty" format:"uuid"`
	Actor      *Actor `json:"actor,omitempty"`
	Action     string `json:"action" example:"endpoint.secret.revealed"`
	Object     string `json:"object,omitempty" doc:"The id of what was acted on"`
	ObjectName string `json:"objectName,omitempty" doc:"Its name at the time"`
	Detail     string `json:"detail,omitempty" example:"topics: product.* → product.viewed" doc:"What changed, without secrets: a line for each setting, with its value before and after"`
	Addr       string `json:"addr,omitempty" doc:"Where the request came from"`
}

func auditShape(e webhook.AuditEntry) AuditEntry {
	return AuditEntry{
		ID: e.ID.String(), At: stamp(e.At), ProjectID: idOrEmpty(e.ProjectID.UUID), Actor: actorOf(e.Actor), Action: e.Action,
		Object: e.Object, ObjectName: e.ObjectName, Detail: e.Detail, Addr: e.Addr,
	}
}

// Stats are counts over time.
type Stats struct {
	States      map[string]int64 `json:"states" doc:"Deliveries made in the time by state, each counted up to 10000"`
	Delivered   int64            `json:"delivered" doc:"Attempts"`
	Failed      int64            `json:"failed" doc:"Attempts"`
	SuccessRate *float64         `json:"successRate" doc:"Share of attempts that were delivered, 0 to 1; null if there were none"`
	LatencyMS   Latency          `json:"latencyMs"`
	Buckets     []Bucket         `json:"buckets"`
}

// Bucket is what happened in one step.
type Bucket struct {
	Start     string           `json:"start" format:"date-time"`
	Delivered int64            `json:"delivered"`
	Failed    int64            `json:"failed"`
	Causes    map[string]int64 `json:"causes"`
	LatencyMS Latency          `json:"latencyMs"`
}

// Latency are percentiles, in milliseconds and rounded up to a power of two, of
// how long attempts took that were answered or timed out; 0 if there were none.
type Latency struct {
	P50 int64 `json:"p50"`
	P95 int64 `json:"p95"`
	P99 int64 `json:"p99"`
}

func statsShape(s manage.Stats) Stats {
	shape := Stats{
		States: plain(s.States), Delivered: s.Delivered, Failed: s.Failed, LatencyMS: latencyShape(s.Latency),
		Buckets: each(s.Buckets, func(b webhook.StatsBucket) Bucket {
			return Bucket{stamp(b.Start), b.Delivered, b.Failed, plain(b.Causes), latencyShape(b.Latency)}
		}),
	}
	if rate, ok := s.SuccessRate(); ok {
		shape.SuccessRate = &rate
	}
	return shape
}

// plain is counts by word; never nil.
func plain[K ~string](counts map[K]int64) map[string]int64 {
	byWord := make(map[string]int64, len(counts))
	for word, n := range counts {
		byWord[string(word)] = n
	}
	return byWord
}

func latencyShape(l webhook.Latency) Latency {
	at := func(q float64) int64 { return l.Quantile(q).Milliseconds() }
	return Latency{at(.5), at(.95), at(.99)}
}

// Meta is what developers of receivers and clients can know.
type Meta struct {
	Version        string           `json:"version"`
	EgressIPs      []string         `json:"egressIps" doc:"Where deliveries come from; allow them in your firewall"`
	AllowHTTP      bool             `json:"allowHttp" doc:"Whether endpoints may be http://"`
	RetentionHours float64          `json:"retentionHours" doc:"How long payloads and attempts are kept"`
	Formats        []Format         `json:"formats"`
	RetrySchedules map[string][]int `json:"retrySchedules" doc:"Seconds to wait after each failure, ±20 %"`
	Limits         Limits           `json:"limits"`
}

// Format is how an event looks on the wire.
type Format struct {
	Name            string `json:"name"`
	Title           string `json:"title"`
	Description     string `json:"description"`
	SignatureHeader string `json:"signatureHeader,omitempty"`
	Signed          string `json:"signed,omitempty" doc:"What the HMAC-SHA256 covers"`
	Encoding        string `json:"encoding,omitempty"`
	Value           string `json:"value,omitempty" doc:"The header's value"`
}

// Limits bound what callers send. Sizes are in bytes.
type Limits struct {
	Payload           int     `json:"payload"`
	Body              int     `json:"body"`
	BatchBody         int     `json:"batchBody"`
	BatchEvents       int     `json:"batchEvents"`
	PageRows          int     `json:"pageRows"`
	Topics            int     `json:"topicsPerEndpoint"`
	Headers           int     `json:"headersPerEndpoint"`
	RetryDelays       int     `json:"retryDelays"`
	MaxTimeoutSeconds float64 `json:"maxTimeoutSeconds"`
	MaxInFlight       int     `json:"maxInFlight"`
	RatePerSecond     int     `json:"ratePerSecond"`
	ResponseKept      int     `json:"responseKept"`
}

func metaShape(m manage.Meta) Meta {
	schedules := make(map[string][]int, len(m.Schedules))
	for name, delays := range m.Schedules {
		schedules[string(name)] = each(delays, func(d time.Duration) int { return int(d / time.Second) })
	}
	l := m.Limits
	return Meta{
		Version: m.Version, EgressIPs: present(m.EgressIPs), AllowHTTP: m.AllowHTTP, RetentionHours: m.Retention.Hours(),
		Formats: each(m.Formats, func(f wire.Info) Format {
			return Format{string(f.Name), f.Title, f.Description, f.SignatureHeader, f.Signed, f.Encoding, f.Value}
		}),
		RetrySchedules: schedules,
		Limits: Limits{l.Payload, l.Body, l.BatchBody, l.BatchEvents, l.PageRows, l.Topics, l.Headers, l.RetryDelays,
			l.MaxTimeout.Seconds(), l.MaxInFlight, l.RatePerSecond, l.ResponseKept},
	}
}

const reportGroup = "Reports"

func (a *API) reportCalls() {
	add(a, Call{Method: http.MethodGet, Path: "/stats", ID: "get-stats", Group: reportGroup, May: account.ViewDeliveries,
		Summary: "Counts, success rate and latency over time", Text: "The last day, if no time is given."}, a.getStats)
	add(a, Call{Method: http.MethodGet, Path: "/audit", ID: "list-audit", Group: reportGroup, May: account.ViewAudit,
		Summary: "Who did what", Text: "Newest first."}, a.listAudit)
	add(a, Call{Method: http.MethodGet, Path: "/meta", ID: "get-meta", Group: reportGroup,
		Summary: "Version, addresses, formats, limits and retry schedules"}, a.getMeta)
}

type statsInput struct {
	OfProject
	Span
	EndpointID string `query:"endpointId" maxLength:"64"`
	Step       string `query:"step" maxLength:"32" doc:"Width of a bucket: seconds, or with a unit like 5m or 1h; whole minutes"`
}

func (a *API) getStats(ctx context.Context, caller account.Caller, in *statsInput) (*answer[Stats], error) {
	f := webhook.StatsFilter{Since: in.Since, Until: in.Until, WithDelivered: true}
	err := in.check()
	if err == nil {
		f.Step, err = stepOf(in.Step)
	}
	if err == nil {
		f.EndpointID.UUID, err = idFilter(in.EndpointID, "query.endpointId")
	}
	if err == nil {
		f.ProjectID, err = a.projectOf(ctx, caller, in.ProjectID, "query.projectId")
	}
	if err != nil {
		return nil, err
	}
	s, err := a.manage.Stats(ctx, caller, f)
	return answering(statsShape(s), err)
}

func stepOf(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	step, err := time.ParseDuration(text)
	if err != nil || step <= 0 {
		return 0, webhook.Invalid("query.step", "must be seconds, or a duration like 5m or 1h")
	}
	return step, nil
}

type auditInput struct {
	Paging
	OfProject
	Span
	Action    string `query:"action" maxLength:"100" doc:"Also those below it: endpoint finds endpoint.created"`
	ActorType string `query:"actorType" enum:"user,key,system"`
	ActorID   string `query:"actorId" maxLength:"64"`
	Endpoint  string `query:"endpointId" maxLength:"64" doc:"Only what was done to this endpoint, also if it is deleted"`
}

func (a *API) listAudit(ctx context.Context, caller account.Caller, in *auditInput) (*answer[List[AuditEntry]], error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	project, err := a.projectOf(ctx, caller, in.ProjectID, "query.projectId")
	if err != nil {
		return nil, err
	}
	actor, err := idFilter(in.ActorID, "query.actorId")
	if err != nil {
		return nil, err
	}
	endpoint, err := idFilter(in.Endpoint, "query.endpointId")
	if err != nil {
		return nil, err
	}
	f := webhook.AuditFilter{
		ProjectID: project, Action: in.Action, ActorType: webhook.ActorType(in.ActorType), ActorID: actor, Since: in.Since, Until: in.Until, Cursor: in.Cursor, Limit: in.Limit,
	}
	if !endpoint.IsZero() {
		f.Object = endpoint.String()
	}
	page, err := a.manage.Audit(ctx, caller, f)
	return answering(listOf(page, auditShape), err)
}

func (a *API) getMeta(context.Context, account.Caller, *nothing) (*answer[Meta], error) {
	return answering(metaShape(a.manage.Meta()), nil)
}
