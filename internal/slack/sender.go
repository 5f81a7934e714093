package slack

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/bellwire/bellwire/internal/blocks"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Post makes one request and says what came of it; the attempt holds the
// answer alone.
type Post func(ctx context.Context, to string, headers []webhook.HeaderLine, body []byte, timeout time.Duration) webhook.Attempt

// Sender posts events to channels, one attempt each.
type Sender struct {
	Post Post
	// API is where the methods are, with a slash at the end.
	API *url.URL
	// BaseURL is Bellwire's own, for links.
	BaseURL string
	// Version is Bellwire's own, for the User-Agent.
	Version string
	NodeID  webhook.NodeID
}

// Send makes the claimed attempt of a job for an endpoint of kind slack.
func (s *Sender) Send(ctx context.Context, job webhook.Job, target *webhook.Target) webhook.Attempt {
	to := s.API.JoinPath("chat.postMessage").String()
	if job.Event.Data == nil || target.Channel == nil || target.Slack == nil {
		return webhook.Attempt{
			ID: job.Delivery.AttemptID, DeliveryID: job.Delivery.ID, Number: job.Delivery.Attempts, StartedAt: time.Now(), EndpointVersion: target.Version,
			NodeID: s.NodeID, Request: webhook.Request{Method: http.MethodPost, URL: to}, Outcome: webhook.OutcomeFailed, Cause: webhook.CauseInternal,
			Error: "nothing was sent: " + unsendable(job, target),
		}
	}
	body := blocks.Of(job.Event, blocks.Place{BaseURL: s.BaseURL, Project: target.ProjectID}).JSON(target.Channel.ID)
	headers := s.headers(job, "Bearer "+target.Slack.Token)
	attempt := s.Post(ctx, to, headers, body, target.Timeout)
	attempt.ID, attempt.DeliveryID, attempt.Number = job.Delivery.AttemptID, job.Delivery.ID, job.Delivery.Attempts
	attempt.EndpointVersion, attempt.NodeID = target.Version, s.NodeID
	attempt.Request = webhook.Request{Method: http.MethodPost, URL: to, Headers: s.headers(job, "Bearer ****"), Body: body}
	judge(&attempt)
	return attempt
}

func unsendable(job webhook.Job, target *webhook.Target) string {
	switch {
	case job.Event.Data == nil:
		return "the event's payload was expunged"
	case target.Channel == nil:
		return "the endpoint names no channel"
	}
	return "the project is not connected to Slack"
}

func (s *Sender) headers(job webhook.Job, authorization string) []webhook.HeaderLine {
	return []webhook.HeaderLine{
		{Name: "Content-Type", Value: "application/json; charset=utf-8"},
		{Name: "Authorization", Value: authorization},
		{Name: "User-Agent", Value: "Bellwire/" + s.Version},
		{Name: "webhook-id", Value: job.Event.ID.String()},
		{Name: "X-Bellwire-Delivery-Id", Value: job.Delivery.ID.String()},
		{Name: "X-Bellwire-Attempt-Id", Value: job.Delivery.AttemptID.String()},
		{Name: "X-Bellwire-Attempt", Value: strconv.Itoa(job.Delivery.Attempts)},
	}
}
