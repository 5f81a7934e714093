package api

import (
	"encoding/base64"
	"time"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// DeliveryRow is a delivery as lists show it.
type DeliveryRow struct {
	ID           string       `json:"id" format:"uuid"`
	ProjectID    string       `json:"projectId" format:"uuid"`
	EventID      string       `json:"eventId" format:"uuid"`
	EndpointID   string       `json:"endpointId" format:"uuid"`
	EndpointName string       `json:"endpointName"`
	Topic        string       `json:"topic"`
	State        string       `json:"state" enum:"waiting,held,sending,delivered,exhausted,cancelled"`
	DueAt        string       `json:"dueAt,omitempty" format:"date-time" doc:"When the next attempt may start, while waiting"`
	AttemptCount int          `json:"attemptCount"`
	LastAttempt  *LastAttempt `json:"lastAttempt,omitempty"`
	CreatedAt    string       `json:"createdAt" format:"date-time"`
	EndedAt      string       `json:"endedAt,omitempty" format:"date-time"`
	ResendOf     string       `json:"resendOf,omitempty" format:"uuid"`
	RequestedBy  *Actor       `json:"requestedBy,omitempty" doc:"Who asked for a resend or a test"`
	Reason       string       `json:"reason,omitempty" doc:"Why it was cancelled or gave up"`
	Test         bool         `json:"test"`
}

// LastAttempt is the latest attempt in short.
type LastAttempt struct {
	StartedAt  string `json:"startedAt" format:"date-time"`
	DurationMS int64  `json:"durationMs"`
	Status     int    `json:"status,omitempty"`
	Cause      string `json:"cause,omitempty"`
}

// Delivery is a delivery with its attempts.
type Delivery struct {
	DeliveryRow
	EndpointURL string    `json:"endpointUrl,omitempty"`
	Attempts    []Attempt `json:"attempts"`
}

// ListedDelivery is a delivery with its attempts in short.
type ListedDelivery struct {
	DeliveryRow
	Attempts []ListedAttempt `json:"attempts" doc:"Without bodies"`
}

// ListedAttempt is an attempt without bodies.
type ListedAttempt struct {
	AttemptFacts
	Request  RequestHead   `json:"request"`
	Response *ResponseHead `json:"response,omitempty" doc:"Not there if nothing came back"`
}

// Attempt is one request on the wire and what came back.
type Attempt struct {
	AttemptFacts
	Request  Request   `json:"request"`
	Response *Response `json:"response,omitempty" doc:"Not there if nothing came back"`
}

// AttemptFacts are what is known of an attempt beside its messages.
type AttemptFacts struct {
	ID              string  `json:"id" format:"uuid"`
	Number          int     `json:"number"`
	StartedAt       string  `json:"startedAt" format:"date-time"`
	DurationMS      float64 `json:"durationMs"`
	Timings         Timings `json:"timings"`
	Outcome         string  `json:"outcome" enum:"delivered,failed,unknown"`
	Cause           string  `json:"cause,omitempty" doc:"Why it failed, as a word to group by"`
	Error           string  `json:"error,omitempty" doc:"Why it failed, in words"`
	RetryAfter      float64 `json:"retryAfterSeconds,omitempty" doc:"How long the receiver asked to be left alone"`
	EndpointVersion int64   `json:"endpointVersion"`
	SecretID        string  `json:"secretId,omitempty" format:"uuid"`
}

// Timings are the phases of an attempt in milliseconds; 0 for one that did not
// happen.
type Timings struct {
	DNS       float64 `json:"dns"`
	Connect   float64 `json:"connect"`
	TLS       float64 `json:"tls"`
	FirstByte float64 `json:"firstByte"`
}

// RequestHead is what was sent but for the body.
type RequestHead struct {
	Method  string `json:"method"`
	URL     string `json:"url"`
	Headers []Line `json:"headers"`
}

// Request is what was sent.
type Request struct {
	RequestHead
	Body     string `json:"body"`
	BodyNote string `json:"bodyNote,omitempty" doc:"Why the body is missing or differs from what was sent"`
}

// ResponseHead is what came back but for the body.
type ResponseHead struct {
	Status    int    `json:"status"`
	Headers   []Line `json:"headers"`
	Truncated bool   `json:"truncated" doc:"The body was longer than what is kept of it"`
}

// Response is what came back.
type Response struct {
	ResponseHead
	Body         string `json:"body"`
	BodyEncoding string `json:"bodyEncoding,omitempty" enum:"base64" doc:"Set if the body is no UTF-8 text"`
}

// Line is one header as it stood on the wire.
type Line struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func deliveryRow(r webhook.DeliveryRow) DeliveryRow {
	row := DeliveryRow{
		ID: r.ID.String(), ProjectID: r.ProjectID.String(), EventID: r.EventID.String(), EndpointID: r.EndpointID.String(),
		EndpointName: r.EndpointName, Topic: r.Topic, State: string(r.Shown()), AttemptCount: r.Attempts,
		CreatedAt: stamp(r.CreatedAt), EndedAt: stamp(r.EndedAt), ResendOf: idOrEmpty(r.ResendOf.UUID),
		RequestedBy: actorOf(r.RequestedBy), Reason: r.Reason, Test: r.Test,
	}
	if r.State == webhook.Waiting {
		row.DueAt = stamp(r.DueAt)
	}
	if !r.LastAttemptAt.IsZero() {
		row.LastAttempt = &LastAttempt{stamp(r.LastAttemptAt), r.LastDurationMS, r.LastStatus, string(r.LastCause)}
	}
	return row
}

func deliveryShape(d manage.DeliveryDetail) Delivery {
	return Delivery{
		DeliveryRow: deliveryRow(d.DeliveryRow),
		EndpointURL: d.EndpointURL,
		Attempts:    each(d.Attempts, func(a manage.AttemptDetail) Attempt { return attemptShape(a.Attempt, a.BodyNote) }),
	}
}

func listedDelivery(d manage.ListedDelivery) ListedDelivery {
	return ListedDelivery{DeliveryRow: deliveryRow(d.DeliveryRow), Attempts: each(d.Attempts, func(a webhook.Attempt) ListedAttempt {
		listed := ListedAttempt{AttemptFacts: attemptFacts(a), Request: requestHead(a.Request)}
		if a.Response.Status != 0 {
			head := responseHead(a.Response)
			listed.Response = &head
		}
		return listed
	})}
}

func attemptShape(a webhook.Attempt, note string) Attempt {
	shape := Attempt{
		AttemptFacts: attemptFacts(a),
		Request:      Request{RequestHead: requestHead(a.Request), Body: string(a.Request.Body), BodyNote: note},
	}
	if a.Response.Status != 0 {
		shape.Response = responseShape(a.Response)
	}
	return shape
}

func attemptFacts(a webhook.Attempt) AttemptFacts {
	return AttemptFacts{
		ID: a.ID.String(), Number: a.Number, StartedAt: stamp(a.StartedAt), DurationMS: milliseconds(a.Duration),
		Timings: Timings{milliseconds(a.Timings.DNS), milliseconds(a.Timings.Connect), milliseconds(a.Timings.TLS), milliseconds(a.Timings.FirstByte)},
		Outcome: string(a.Outcome), Cause: string(a.Cause), Error: a.Error, RetryAfter: a.RetryAfter.Seconds(),
		EndpointVersion: a.EndpointVersion, SecretID: idOrEmpty(a.SecretID.UUID),
	}
}

func requestHead(r webhook.Request) RequestHead {
	return RequestHead{Method: r.Method, URL: r.URL, Headers: lines(r.Headers)}
}

func responseHead(r webhook.Response) ResponseHead {
	return ResponseHead{Status: r.Status, Headers: lines(r.Headers), Truncated: r.Truncated}
}

// responseShape keeps a receiver's bytes: JSON text can't hold them all.
func responseShape(r webhook.Response) *Response {
	shape := &Response{ResponseHead: responseHead(r), Body: string(r.Body)}
	if !utf8.Valid(r.Body) {
		shape.Body, shape.BodyEncoding = base64.StdEncoding.EncodeToString(r.Body), "base64"
	}
	return shape
}

func lines(headers []webhook.HeaderLine) []Line {
	return each(headers, func(h webhook.HeaderLine) Line { return Line(h) })
}

// milliseconds keeps microseconds: a local receiver answers within one.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
