package dispatch_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bellwire/bellwire/internal/dispatch"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestAnEndpointWhoseSecretIsUnreadableIsPausedAndNothingIsSent(t *testing.T) {
	unreadable := map[string]func(*webhook.Target){
		"a secret under an unknown key": func(e *webhook.Target) { e.Secrets[0].Sealed = []byte("broken") },
		"a header under an unknown key": func(e *webhook.Target) {
			e.Headers = []webhook.Header{{Name: "Authorization", Secret: true, Sealed: []byte("broken")}}
		},
		"no secret at all":    func(e *webhook.Target) { e.Secrets = nil },
		"none that is active": func(e *webhook.Target) { e.Secrets[0].ActiveFrom = time.Now().Add(time.Hour) },
		"a wiped secret":      func(e *webhook.Target) { e.Secrets[0].Sealed = nil },
	}
	for name, broken := range unreadable {
		t.Run(name, func(t *testing.T) {
			inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
				endpoint := r.table.endpoint(broken)
				id := r.table.add(endpoint)
				for range 20 {
					r.table.add(endpoint)
				}
				r.Wake()
				time.Sleep(10 * time.Second)
				if n := len(r.receiver.requests()); n != 0 {
					t.Errorf("%d requests were sent", n)
				}
				// Once for each reading of the endpoint, not for each delivery.
				if p := r.table.pausedFor(); len(p) == 0 || len(p) > 3 || p[0] != webhook.PausedBySecret {
					t.Errorf("the endpoint was paused %d times: %v", len(p), p)
				}
				if got := r.table.delivery(id); got.State != webhook.Waiting || got.Attempts != 0 || len(got.attempts) != 0 {
					t.Errorf("delivery is %s with attempt number %d and %d rows, want untouched", got.State, got.Attempts, len(got.attempts))
				}
			})
		})
	}
}

func TestSecretHeadersAreOpenedForTheSender(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		r.table.add(r.table.endpoint(func(e *webhook.Target) {
			e.Headers = []webhook.Header{{Name: "X-Plain", Value: "p"}, {Name: "X-Key", Secret: true, Sealed: []byte("sealed")}}
		}))
		r.Wake()
		synctest.Wait()
		got := r.receiver.requests()[0].target.Headers
		if got[0].Value != "p" || got[1].Value != "opened "+webhook.HeaderField("X-Key") {
			t.Errorf("the sender got %q and %q", got[0].Value, got[1].Value)
		}
	})
}

func TestNothingStartsWithTooLittleLeaseLeft(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		endpoint := r.table.endpoint()
		for age, sent := range map[time.Duration]int{13 * time.Second: 0, 11 * time.Second: 1} {
			if !r.Reserve(endpoint) {
				t.Fatal("no room")
			}
			job := r.table.hand(endpoint)
			job.ClaimedAt = time.Now().Add(-age)
			r.table.change(endpoint, func(e *webhook.Target) { e.State = webhook.EndpointPaused })
			before := len(r.receiver.requests())
			r.Submit([]webhook.Job{job})
			synctest.Wait()
			if n := len(r.receiver.requests()) - before; n != sent {
				t.Errorf("with %s of a lease of 35 s gone, %d requests started, want %d", age, n, sent)
			}
			if got := r.table.delivery(job.Delivery.ID); sent == 0 && got.State != webhook.Waiting {
				t.Errorf("the delivery that was not sent is %s, want waiting", got.State)
			}
		}
	})
}

func TestTheDeliveryOfADeletedEndpointIsGivenBack(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		endpoint := r.table.endpoint()
		r.Reserve(endpoint)
		job := r.table.hand(endpoint)
		r.table.change(endpoint, func(e *webhook.Target) { e.DeletedAt = time.Now() })
		r.Submit([]webhook.Job{job})
		synctest.Wait()
		if n := len(r.receiver.requests()); n != 0 {
			t.Errorf("%d requests were sent to a deleted endpoint", n)
		}
		if got := r.table.delivery(job.Delivery.ID); got.State != webhook.Waiting {
			t.Errorf("delivery is %s, want waiting", got.State)
		}
	})
}

func TestAPanicWhileSendingIsAFailedAttempt(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		r.receiver.answer = func(_ context.Context, s sending) webhook.Attempt {
			if s.Delivery.Attempts == 1 {
				panic("boom")
			}
			return ok()
		}
		id := r.table.add(r.table.endpoint())
		r.Wake()
		time.Sleep(10 * time.Second)
		got := r.table.delivery(id)
		if got.State != webhook.Delivered || len(got.attempts) != 2 || got.attempts[0].Cause != webhook.CauseInternal {
			t.Errorf("delivery is %s with %d attempts, the first failed by %q", got.State, len(got.attempts), got.attempts[0].Cause)
		}
	})
}

func TestATestGoesThroughTheSamePathAndAnswersItsAttempt(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		r.receiver.answer = func(ctx context.Context, s sending) webhook.Attempt {
			time.Sleep(3 * time.Second)
			return failed(401)
		}
		job := r.table.hand(r.table.endpoint())
		job.Delivery.Test = true
		attempt, err := r.Test(t.Context(), job, true)
		if err != nil || attempt.Response.Status != 401 || attempt.ID != job.Delivery.AttemptID || attempt.Number != 1 {
			t.Fatalf("the test answered %+v, %v", attempt, err)
		}
		if !r.receiver.requests()[0].useNext {
			t.Error("the next secret was not used")
		}
		got := r.table.delivery(job.Delivery.ID)
		if got.State != webhook.Exhausted || len(got.attempts) != 1 {
			t.Errorf("the test is %s with %d attempts as soon as it is answered, want exhausted with 1", got.State, len(got.attempts))
		}
	})
}

func TestATestThatCannotBeSentSaysWhy(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		job := r.table.hand(r.table.endpoint(func(e *webhook.Target) { e.Secrets = nil }))
		job.Delivery.Test = true
		attempt, err := r.Test(t.Context(), job, false)
		if err != nil || attempt.Error != "not sent: it has no signing secret that is active" {
			t.Errorf("the test answered %q, %v", attempt.Error, err)
		}
		if len(r.table.pausedFor()) != 0 {
			t.Error("a test paused the endpoint")
		}
	})
}

func TestSomebodyWhoLeavesDoesNotStopTheirTest(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		r.receiver.answer = slow(5 * time.Second)
		job := r.table.hand(r.table.endpoint())
		job.Delivery.Test = true
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.Test(ctx, job, false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the test answered %v", err)
		}
		time.Sleep(10 * time.Second)
		if got := r.table.delivery(job.Delivery.ID); got.State != webhook.Delivered {
			t.Errorf("the test is %s, want delivered", got.State)
		}
	})
}
