package api

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// AnswersRequest is what a listener says about requests.
type AnswersRequest struct {
	Answers []ForwardedAnswer `json:"answers" maxItems:"500"`
}

// ForwardedAnswer is what a listener's program answered, or why it did not.
type ForwardedAnswer struct {
	DeliveryID string  `json:"deliveryId" maxLength:"64"`
	AttemptID  string  `json:"attemptId" maxLength:"64"`
	Status     int     `json:"status,omitempty" minimum:"0" maximum:"999" doc:"0 or left out: there was no answer"`
	Headers    []Line  `json:"headers,omitempty" maxItems:"200"`
	Body       []byte  `json:"body,omitempty" doc:"In base64; the first 64 KiB are kept"`
	Truncated  bool    `json:"truncated,omitempty" doc:"The body was longer"`
	Cause      string  `json:"cause,omitempty" enum:"dns_error,connect_refused,connect_timeout,connect_error,tls_error,tls_timeout,timeout,reset,closed_without_response,protocol_error,header_too_large,internal" doc:"Why there was no answer"`
	Error      string  `json:"error,omitempty" maxLength:"500" doc:"The same in words"`
	DurationMS float64 `json:"durationMs,omitempty" minimum:"0" maximum:"60000"`
	Timings    Timings `json:"timings,omitempty"`
}

func (a *API) answerRequests(ctx context.Context, caller account.Caller, in *struct {
	ByID
	Body AnswersRequest
}) (*nothing, error) {
	id, err := endpointID(&in.ByID)
	if err != nil {
		return nil, err
	}
	replies := make([]webhook.Reply, len(in.Body.Answers))
	for i, said := range in.Body.Answers {
		if replies[i], err = said.reply(fmt.Sprintf("answers[%d].", i)); err != nil {
			return nil, err
		}
	}
	l, err := a.manage.Listener(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	return done(a.options.Listeners.Answer(ctx, l, replies))
}

func (said ForwardedAnswer) reply(at string) (webhook.Reply, error) {
	delivery, err := webhook.ParseUUID(said.DeliveryID)
	if err != nil {
		return webhook.Reply{}, webhook.Invalid(at+"deliveryId", "is not an id")
	}
	attempt, err := webhook.ParseUUID(said.AttemptID)
	if err != nil {
		return webhook.Reply{}, webhook.Invalid(at+"attemptId", "is not an id")
	}
	if size := headerBytes(said.Headers); size > maxAnswerHeaders {
		return webhook.Reply{}, webhook.Invalid(at+"headers", "have %d bytes; at most %d are taken", size, maxAnswerHeaders)
	}
	kept := said.Body[:min(len(said.Body), webhook.KeptBody)]
	r := webhook.Reply{
		DeliveryID: webhook.DeliveryID{UUID: delivery}, AttemptID: webhook.AttemptID{UUID: attempt}, Fate: webhook.Answered,
		Response: webhook.Response{Status: said.Status, Headers: each(said.Headers, func(l Line) webhook.HeaderLine { return webhook.HeaderLine{Name: l.Name, Value: l.Value} }),
			Body: bytes.Clone(kept), Truncated: said.Truncated || len(kept) < len(said.Body)},
		Cause: webhook.Cause(said.Cause), Error: said.Error, Duration: took(said.DurationMS),
		Timings: webhook.Timings{DNS: took(said.Timings.DNS), Connect: took(said.Timings.Connect),
			TLS: took(said.Timings.TLS), FirstByte: took(said.Timings.FirstByte)},
	}
	if r.Response.Status == 0 && r.Cause == "" {
		return r, webhook.Invalid(at+"cause", "is missing: there is no status either")
	}
	return r, nil
}

// maxAnswerHeaders is as much as a program's headers may have before they are
// not read at all.
const maxAnswerHeaders = 64 << 10

func headerBytes(lines []Line) int {
	size := 0
	for _, l := range lines {
		size += len(l.Name) + len(l.Value)
	}
	return size
}

func took(ms float64) time.Duration {
	if !(ms >= 0 && ms <= 60_000) {
		return 0
	}
	return time.Duration(ms * float64(time.Millisecond))
}
