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

// inRig is inBubble for tests that stop the dispatcher themselves.
func inRig(t *testing.T, o dispatch.Options, test func(t *testing.T, r *rig)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, o)
		r.run()
		test(t, r)
	})
}

func TestTheStopLetsOpenRequestsFinishAndGivesTheRestBackAtOnce(t *testing.T) {
	inRig(t, dispatch.Options{Workers: 4}, func(t *testing.T, r *rig) {
		endpoint := r.quick(1)[0]
		r.receiver.answer = slow(10 * time.Second)
		first := r.table.add(endpoint)
		for range 8 {
			r.table.add(endpoint)
		}
		r.Wake()
		time.Sleep(time.Second)
		if n := r.table.inState(webhook.Sending); n != 8 {
			t.Errorf("%d deliveries are claimed, want 4 open and as many at hand", n)
		}
		stoppedAt := time.Now()
		r.stop()
		synctest.Wait()
		if n := r.table.inState(webhook.Waiting); n != 5 {
			t.Errorf("%d of 5 unstarted deliveries were given back at once", n)
		}
		<-r.ended
		if took := time.Since(stoppedAt); took != 9*time.Second {
			t.Errorf("the stop took %s, want until the last of the open requests ended", took)
		}
		if n := r.table.inState(webhook.Delivered) - 1; n != 4 {
			t.Errorf("%d of 4 open requests were delivered", n)
		}
		if n := r.table.inState(webhook.Sending); n != 0 {
			t.Errorf("%d deliveries are still sending", n)
		}
		if got := r.table.delivery(first); len(got.attempts) != 1 {
			t.Errorf("the first delivery has %d attempts", len(got.attempts))
		}
	})
}

func TestTheStopCancelsWhatLastsTooLongAndTheLogSaysUnknown(t *testing.T) {
	inRig(t, dispatch.Options{Drain: 15 * time.Second}, func(t *testing.T, r *rig) {
		r.receiver.answer = slow(25 * time.Second)
		id := r.table.add(r.table.endpoint())
		r.Wake()
		time.Sleep(time.Second)
		stoppedAt := time.Now()
		r.halt()
		if took := time.Since(stoppedAt); took != 15*time.Second {
			t.Errorf("the stop took %s, want 15 s", took)
		}
		got := r.table.delivery(id)
		if got.State != webhook.Waiting || got.Failures != 0 || got.Unknowns != 1 || got.attempts[0].Outcome != webhook.OutcomeUnknown {
			t.Errorf("delivery is %s after %d failures and %d unknowns, its attempt %s", got.State, got.Failures, got.Unknowns, got.attempts[0].Outcome)
		}
	})
}

func TestAnAnswerThatCameBeforeTheStopCutItOffCounts(t *testing.T) {
	inRig(t, dispatch.Options{Drain: time.Second}, func(t *testing.T, r *rig) {
		r.receiver.answer = func(ctx context.Context, _ sending) webhook.Attempt {
			<-ctx.Done()
			return failed(500)
		}
		id := r.table.add(r.table.endpoint())
		r.Wake()
		synctest.Wait()
		r.halt()
		if got := r.table.delivery(id); got.Failures != 1 || got.attempts[0].Outcome != webhook.OutcomeFailed {
			t.Errorf("the attempt is %s after %d failures, want failed after 1", got.attempts[0].Outcome, got.Failures)
		}
	})
}

func TestTheStopDoesNotWaitForASenderThatIgnoresIt(t *testing.T) {
	inRig(t, dispatch.Options{Drain: time.Second}, func(t *testing.T, r *rig) {
		r.receiver.answer = func(context.Context, sending) webhook.Attempt {
			time.Sleep(time.Hour)
			return ok()
		}
		r.table.add(r.table.endpoint())
		r.Wake()
		time.Sleep(time.Second)
		stoppedAt := time.Now()
		r.halt()
		if took := time.Since(stoppedAt); took > 10*time.Second {
			t.Errorf("the stop took %s", took)
		}
		time.Sleep(2 * time.Hour)
	})
}

func TestAHandOffThatComesAfterTheStopIsGivenBack(t *testing.T) {
	inRig(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		endpoint := r.table.endpoint()
		if !r.Reserve(endpoint) {
			t.Fatal("no room")
		}
		job := r.table.hand(endpoint)
		r.stop()
		time.Sleep(time.Second)
		if r.Reserve(endpoint) {
			t.Error("a hand-off was granted while stopping")
		}
		r.Submit([]webhook.Job{job})
		<-r.ended
		if got := r.table.delivery(job.Delivery.ID); got.State != webhook.Waiting || got.Attempts != 0 {
			t.Errorf("delivery is %s, want waiting", got.State)
		}
		if _, err := r.Test(t.Context(), job, false); webhook.KindOf(err) != webhook.KindUnavailable {
			t.Errorf("a test after the stop answered %v", err)
		}
	})
}

func TestTheStopWaitsForAHandOffThatIsBeingStored(t *testing.T) {
	inRig(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		endpoint := r.table.endpoint()
		r.Reserve(endpoint)
		r.stop()
		time.Sleep(3 * time.Second)
		select {
		case <-r.ended:
			t.Fatal("the dispatcher ended with a reservation open")
		default:
		}
		r.Release(endpoint)
		<-r.ended
	})
}

func TestResultsWaitForTheDatabaseAndAreRecordedOnce(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		endpoint := r.table.endpoint()
		id := r.table.add(endpoint)
		downUntil := time.Now().Add(30 * time.Second)
		r.table.setRefuse(func(call string, _ []webhook.Settled) error {
			if call == "record" && time.Now().Before(downUntil) {
				return errDown
			}
			return nil
		})
		r.Wake()
		time.Sleep(10 * time.Second)
		if got := r.table.delivery(id); got.State != webhook.Sending {
			t.Errorf("delivery is %s while the database is down, want sending", got.State)
		}
		if n := r.Stats().Unrecorded; n != 1 {
			t.Errorf("%d results are kept, want 1", n)
		}
		time.Sleep(25 * time.Second)
		got := r.table.delivery(id)
		if got.State != webhook.Delivered || len(got.attempts) != 1 || len(r.receiver.requests()) != 1 {
			t.Errorf("delivery is %s with %d rows for %d requests", got.State, len(got.attempts), len(r.receiver.requests()))
		}
	})
}

func TestAResultThatCannotBeRecordedForAMinuteIsLeftToItsLease(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		id := r.table.add(r.table.endpoint())
		downUntil := time.Now().Add(90 * time.Second)
		r.table.setRefuse(func(string, []webhook.Settled) error {
			if now := time.Now(); now.Before(downUntil) && now.After(downUntil.Add(-90*time.Second+time.Millisecond)) {
				return errDown
			}
			return nil
		})
		r.receiver.answer = slow(2 * time.Millisecond)
		r.Wake()
		time.Sleep(70 * time.Second)
		if n := r.Stats().Unrecorded; n != 0 {
			t.Errorf("%d results are kept after 70 s", n)
		}
		time.Sleep(40 * time.Second)
		got := r.table.delivery(id)
		if got.State != webhook.Delivered || len(got.attempts) != 2 || got.attempts[0].Outcome != webhook.OutcomeUnknown {
			t.Errorf("delivery is %s with %d attempts, want delivered by a second after an unknown first", got.State, len(got.attempts))
		}
	})
}

func TestAResultThatTheDatabaseRefusesDoesNotHoldUpOthers(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		endpoint := r.table.endpoint()
		poison := r.table.add(endpoint)
		for range 49 {
			r.table.add(endpoint)
		}
		r.table.setRefuse(func(call string, settled []webhook.Settled) error {
			for _, s := range settled {
				if s.DeliveryID == poison {
					return errors.New("invalid byte sequence")
				}
			}
			return nil
		})
		r.receiver.answer = slow(time.Second)
		r.Wake()
		time.Sleep(3 * time.Second)
		if n := r.table.inState(webhook.Delivered); n != 49 {
			t.Errorf("%d of the 49 others are recorded", n)
		}
		time.Sleep(5 * time.Second)
		if n := r.Stats().Unrecorded; n != 0 {
			t.Errorf("%d results are still tried", n)
		}
	})
}

func TestTheClaimerComesBackAfterTheDatabaseDoes(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		r.table.setRefuse(func(string, []webhook.Settled) error { return errDown })
		id := r.table.add(r.table.endpoint())
		time.Sleep(5 * time.Minute)
		r.table.setRefuse(nil)
		time.Sleep(5 * time.Second)
		if got := r.table.delivery(id); got.State != webhook.Delivered {
			t.Errorf("delivery is %s 5 s after the database came back, want delivered", got.State)
		}
	})
}

func TestNothingIsTakenOnWhileResultsPileUp(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		for range 80 {
			endpoint := r.table.endpoint()
			for range 60 {
				r.table.add(endpoint)
			}
		}
		r.table.setRefuse(func(call string, _ []webhook.Settled) error {
			if call == "record" {
				return errDown
			}
			return nil
		})
		r.Wake()
		time.Sleep(20 * time.Second)
		if n := r.Stats().Unrecorded; n < 2000 || n > 3100 {
			t.Errorf("%d results are kept, want no more than 2000 and the slots", n)
		}
		if r.Reserve(webhook.EndpointID{}) {
			t.Error("a hand-off was granted")
		}
		r.table.setRefuse(nil)
		time.Sleep(20 * time.Second)
		if n := r.table.inState(webhook.Delivered); n != 4800 {
			t.Errorf("%d of 4800 are delivered after the database came back", n)
		}
	})
}

func TestResultsAreWrittenSideBySideOnlyWhileThereAreMany(t *testing.T) {
	for name, c := range map[string]struct{ deliveries, most int }{"few": {200, 1}, "many": {3000, 2}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, dispatch.Options{Workers: 2000}, func(t *testing.T, r *rig) {
				r.table.recordFor = time.Second
				for range c.deliveries / 50 {
					endpoint := r.table.endpoint()
					for range 50 {
						r.table.add(endpoint)
					}
				}
				r.Wake()
				time.Sleep(20 * time.Second)
				if n := r.table.inState(webhook.Delivered); n != c.deliveries || r.table.mostRecording != c.most {
					t.Errorf("%d of %d are recorded, by %d transactions at once, not %d", n, c.deliveries, r.table.mostRecording, c.most)
				}
			})
		})
	}
}
