package publish_test

import (
	"context"
	"errors"
	"testing"

	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

// changing is a change of which drafts follow, stored as the store does it.
func changing(r *rig, drafts ...publish.Draft) publish.Change {
	return func(ctx context.Context, follow publish.Follow) (webhook.Admitted, error) {
		admission, err := follow(drafts)
		if err != nil || len(admission.Items) == 0 {
			return webhook.Admitted{}, err
		}
		answers, err := r.store.Admit(ctx, []webhook.Admission{admission})
		if err != nil {
			return webhook.Admitted{}, err
		}
		return answers[0], nil
	}
}

func TestWhatFollowsFromAChangeIsAdmittedAndGoesToTheSendersLikeAPublishedEvent(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.store.subscribe(shop, "product.*")
		r.store.subscribe(shop, "product.*", func(e *webhook.Endpoint) { e.Ordered = true })
		follows := price("")
		follows.Project = shop
		receipts, err := r.Change(t.Context(), key(shop), shop, changing(r, follows, follows))
		if err != nil || len(receipts) != 2 || receipts[0].Deliveries != 2 {
			t.Fatalf("answered %+v, %v", receipts, err)
		}
		if len(r.senders.jobs) != 2 || r.senders.wakes != 1 || len(r.store.events) != 2 || r.store.events[0].PublishedBy.Name != "a key" {
			t.Errorf("%d jobs, %d wake-ups, %d events", len(r.senders.jobs), r.senders.wakes, len(r.store.events))
		}
	})
}

func TestAChangeIsRunAgainWhenEndpointsChangedMeanwhile(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.store.subscribe(shop, "product.*")
		follows := price("")
		follows.Project = shop
		runs := 0
		change := func(ctx context.Context, follow publish.Follow) (webhook.Admitted, error) {
			admission, err := follow([]publish.Draft{follows})
			if err != nil {
				return webhook.Admitted{}, err
			}
			if runs++; runs == 1 {
				r.store.subscribe(shop, "*")
			}
			answers, err := r.store.Admit(ctx, []webhook.Admission{admission})
			return answers[0], err
		}
		receipts, err := r.Change(t.Context(), key(shop), shop, change)
		if err != nil || runs != 2 || receipts[0].Deliveries != 2 {
			t.Errorf("%d runs, %+v, %v", runs, receipts, err)
		}
	})
}

func TestAChangeThatFailsLeavesNoEventAndNoReservation(t *testing.T) {
	failure := errors.New("no")
	inBubble(t, func(t *testing.T, r *rig) {
		r.store.subscribe(shop, "product.*")
		follows := price("")
		follows.Project = shop
		_, err := r.Change(t.Context(), key(shop), shop, func(_ context.Context, follow publish.Follow) (webhook.Admitted, error) {
			for range 2 { // a transaction that met another one is run again
				if _, err := follow([]publish.Draft{follows}); err != nil {
					return webhook.Admitted{}, err
				}
			}
			return webhook.Admitted{}, failure
		})
		if !errors.Is(err, failure) || len(r.store.events) != 0 || len(r.senders.jobs) != 0 {
			t.Errorf("%v, %d events, %d jobs", err, len(r.store.events), len(r.senders.jobs))
		}
		bad := follows
		bad.Data = []byte(`{"price":-1}`)
		if _, err := r.Change(t.Context(), key(shop), shop, changing(r, follows, bad)); webhook.KindOf(err) != webhook.KindInvalid {
			t.Errorf("data that breaks its schema is answered %v", err)
		}
		if receipts, err := r.Change(t.Context(), key(shop), shop, changing(r)); err != nil || len(receipts) != 0 {
			t.Errorf("a change that nothing follows from is answered %v, %v", receipts, err)
		}
	})
}
