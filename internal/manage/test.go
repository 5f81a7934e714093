package manage

import (
	"context"
	"fmt"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// TestWish says what to send as a test.
type TestWish struct {
	// Topic empty takes the first that the endpoint subscribes to.
	Topic string
	// UseNext signs the main header with the next secret, to see whether the
	// receiver knows it before the switch.
	UseNext bool
}

// TestResult is a test delivery and how it went.
type TestResult struct {
	Delivery webhook.Delivery
	Attempt  webhook.Attempt
}

// TestEndpoint sends a topic's example the way every event goes, waits and
// answers the attempt. It is logged as a test: never retried, outside health
// and statistics.
func (s *Service) TestEndpoint(ctx context.Context, c account.Caller, id webhook.EndpointID, wish TestWish) (TestResult, error) {
	var none TestResult
	e, err := s.endpoint(ctx, c, account.TestEndpoint, id)
	if err != nil {
		return none, err
	}
	topics, _, err := s.Store.Topics(ctx)
	if err != nil {
		return none, err
	}
	topic, err := testTopic(e, topics, wish.Topic)
	if err != nil {
		return none, err
	}
	if wish.UseNext {
		secrets, err := s.Store.Secrets(ctx, e.ProjectID, id)
		if err != nil {
			return none, err
		}
		if webhook.SigningAt(secrets, s.now()).Next == nil {
			return none, webhook.Conflict("there is no next secret to test with: rotate first")
		}
	}
	job := s.testJob(c, e, topic)
	if err := s.Store.CreateTest(ctx, job.Event, job.Delivery, job.LeaseFor); err != nil {
		return none, err
	}
	attempt, err := s.Tester.Test(ctx, job, wish.UseNext)
	if err != nil {
		return none, fmt.Errorf("send a test: %w", err)
	}
	if !c.SeesURLs(e.ProjectID) {
		attempt = maskAttempt(attempt)
	}
	return TestResult{job.Delivery, attempt}, nil
}

func testTopic(e webhook.Endpoint, topics []webhook.Topic, wanted string) (webhook.Topic, error) {
	if wanted != "" {
		t, err := topicNamed(topics, wanted)
		if err != nil {
			return t, webhook.Invalid("topic", "is not a known topic: %s%s", wanted, hint(topics, wanted))
		}
		return t, nil
	}
	for _, pattern := range e.Topics {
		for _, t := range topics {
			if filter.Topic(pattern, t.Name) {
				return t, nil
			}
		}
	}
	return webhook.Topic{}, webhook.Invalid("topic", "must be named: none of the present topics matches the endpoint's")
}

func (s *Service) testJob(c account.Caller, e webhook.Endpoint, topic webhook.Topic) webhook.Job {
	now := s.now()
	data := topic.Example
	if data == nil {
		data = []byte("{}")
	}
	event := webhook.Event{
		ID:          webhook.EventID{UUID: mint.UUID(now)},
		ProjectID:   e.ProjectID,
		Audience:    webhook.AudienceProject,
		Topic:       topic.Name,
		Data:        data,
		OccurredAt:  now,
		AcceptedAt:  now,
		PublishedBy: c.Actor,
		Deliveries:  1,
	}
	delivery := webhook.Delivery{
		ID:              webhook.DeliveryID{UUID: mint.UUID(now)},
		ProjectID:       e.ProjectID,
		EventID:         event.ID,
		EndpointID:      e.ID,
		EndpointVersion: e.Version,
		Topic:           topic.Name,
		State:           webhook.Sending,
		DueAt:           now,
		Attempts:        1,
		AttemptID:       webhook.AttemptID{UUID: mint.UUID(now)},
		CreatedAt:       now,
		RequestedBy:     c.Actor,
		Test:            true,
	}
	return webhook.Job{Delivery: delivery, Event: event, ClaimedAt: s.Now(), LeaseFor: e.LeaseFor()}
}
