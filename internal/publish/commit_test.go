package publish_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestConcurrentPublishersShareCommits(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.store.takes = 10 * time.Millisecond
		r.store.subscribe(shop, "*")
		one(t, r, price(""))
		before := r.store.count("admit")
		var publishers sync.WaitGroup
		for range 300 {
			publishers.Go(func() { one(t, r, price("")) })
		}
		publishers.Wait()
		if n := r.store.count("admit") - before; n > 6 {
			t.Errorf("300 publishers took %d commits", n)
		}
		if n := len(r.store.events); n != 301 {
			t.Errorf("%d events are stored, want 301", n)
		}
		if n := r.store.count("catalogue"); n > 2 {
			t.Errorf("the endpoints were read %d times", n)
		}
		for _, group := range r.store.groups {
			if len(group) > 500 {
				t.Errorf("a commit held %d requests", len(group))
			}
		}
	})
}

func TestALoneEventIsStoredAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		startedAt := time.Now()
		one(t, r, price(""))
		if took := time.Since(startedAt); took != 0 {
			t.Errorf("it waited %s for company", took)
		}
	})
}

func TestARepeatGetsTheFirstAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.store.subscribe(shop, "*")
		first := one(t, r, price("k"))
		again := price("k")
		again.Data = []byte("\n" + `{"productId":"p1",   "price":10.50}`)
		second := one(t, r, again)
		if second.ID != first.ID || !second.Duplicate || second.Deliveries != 1 || len(r.senders.jobs) != 1 {
			t.Errorf("the repeat was answered %+v after %+v, %d jobs", second, first, len(r.senders.jobs))
		}
		different := []publish.Draft{price("k"), price("k"), price("k")}
		different[0].Data = []byte(`{"productId":"p1","price":10.5}`)
		different[1].Topic = "sale.loose"
		different[2].OccurredAt = time.Now()
		for _, d := range different {
			if _, err := r.Publish(t.Context(), key(shop), []publish.Draft{d}); webhook.KindOf(err) != webhook.KindConflict {
				t.Errorf("another body under the key was answered %v", err)
			}
		}
	})
}

func TestOneKeyCountsOnceWithinABatch(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		receipts, err := r.Publish(t.Context(), key(shop), []publish.Draft{price("k"), price(""), price("k"), price("l"), price("")})
		if err != nil {
			t.Fatal(err)
		}
		var duplicates []bool
		for _, receipt := range receipts {
			duplicates = append(duplicates, receipt.Duplicate)
		}
		if diff := cmp.Diff([]bool{false, false, true, false, false}, duplicates); diff != "" {
			t.Error(diff)
		}
		if receipts[2].ID != receipts[0].ID || receipts[4].ID == receipts[1].ID || len(r.store.events) != 4 {
			t.Errorf("%d events are stored, want 4", len(r.store.events))
		}
		other := price("m")
		other.Data = []byte(`{"productId":"p2","price":1}`)
		_, err = r.Publish(t.Context(), key(shop), []publish.Draft{price("m"), other})
		var told *webhook.Error
		if !errors.As(err, &told) || told.Kind != webhook.KindConflict || told.Fields[0].Location != "events[1].idempotencyKey" {
			t.Errorf("two bodies under one key were answered %v", err)
		}
		other.Key = "k"
		_, err = r.Publish(t.Context(), key(shop), []publish.Draft{price("n"), price("n"), other})
		if !errors.As(err, &told) || told.Kind != webhook.KindConflict || told.Fields[0].Location != "events[2].idempotencyKey" {
			t.Errorf("a key that was used before was answered %v", err)
		}
		if len(r.store.events) != 4 {
			t.Error("a refused batch was stored")
		}
	})
}

func TestManyWhoSendOneKeyAtOnceMakeOneEvent(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.store.takes = 5 * time.Millisecond
		ids := make([]webhook.EventID, 50)
		var publishers sync.WaitGroup
		for i := range ids {
			publishers.Go(func() { ids[i] = one(t, r, price("k")).ID })
		}
		publishers.Wait()
		slices.SortFunc(ids, func(a, b webhook.EventID) int { return slices.Compare(a.UUID[:], b.UUID[:]) })
		if n := len(slices.Compact(ids)); n != 1 || len(r.store.events) != 1 {
			t.Errorf("50 publishers were told %d ids and stored %d events", n, len(r.store.events))
		}
		for _, group := range r.store.groups {
			if len(group) > 1 {
				t.Errorf("one commit held the key %d times", len(group))
			}
		}
	})
}

func TestOnePublishersConflictNeverFailsTheOthers(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		one(t, r, price("taken"))
		r.store.takes = 5 * time.Millisecond
		var conflicts, stored int
		var mu sync.Mutex
		var publishers sync.WaitGroup
		for i := range 40 {
			publishers.Go(func() {
				d := price("")
				if i%4 == 0 {
					d = publish.Draft{Topic: "product.viewed", Data: []byte(`{}`), Key: "taken"}
				}
				_, err := r.Publish(t.Context(), key(shop), []publish.Draft{d})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					stored++
				case webhook.KindOf(err) == webhook.KindConflict:
					conflicts++
				default:
					t.Error(err)
				}
			})
		}
		publishers.Wait()
		if conflicts != 10 || stored != 30 {
			t.Errorf("%d conflicts and %d stored, want 10 and 30", conflicts, stored)
		}
	})
}

func TestAnEventThatTheDatabaseRefusesFailsAlone(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.store.takes = 5 * time.Millisecond
		r.store.subscribe(shop, "*")
		r.store.refuse = func(call string, group []webhook.Admission) error {
			for _, a := range group {
				if call == "admit" && a.Items[0].Event.Key == "poison" {
					return errors.New("invalid byte sequence")
				}
			}
			return nil
		}
		failed := 0
		var mu sync.Mutex
		var publishers sync.WaitGroup
		for i := range 20 {
			publishers.Go(func() {
				d := price("")
				if i == 7 {
					d = price("poison")
				}
				if _, err := r.Publish(t.Context(), key(shop), []publish.Draft{d}); err != nil {
					mu.Lock()
					failed++
					mu.Unlock()
				}
			})
		}
		publishers.Wait()
		if failed != 1 || len(r.store.events) != 19 || len(r.senders.jobs) != 19 {
			t.Errorf("%d failed, %d are stored, %d handed off; want 1, 19 and 19", failed, len(r.store.events), len(r.senders.jobs))
		}
	})
}

func TestADatabaseThatIsAwayIsToldSoonAndNothingIsLeaked(t *testing.T) {
	outages := map[string]func(*memory){
		"it refuses connections": func(m *memory) { m.refuse = func(string, []webhook.Admission) error { return errDown } },
		"it does not answer":     func(m *memory) { m.takes = time.Hour },
	}
	for name, begin := range outages {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.store.subscribe(shop, "*")
				one(t, r, price(""))
				r.store.mu.Lock()
				begin(r.store)
				r.store.mu.Unlock()
				var publishers sync.WaitGroup
				startedAt := time.Now()
				for range 30 {
					time.Sleep(200 * time.Millisecond)
					publishers.Go(func() {
						askedAt := time.Now()
						_, err := r.Publish(t.Context(), key(shop), []publish.Draft{price("")})
						if took := time.Since(askedAt); webhook.KindOf(err) != webhook.KindUnavailable || took > 2100*time.Millisecond {
							t.Errorf("after %s of the outage it took %s to answer %v", askedAt.Sub(startedAt), took, err)
						}
					})
				}
				publishers.Wait()
				r.store.mu.Lock()
				r.store.takes, r.store.refuse = 0, nil
				r.store.mu.Unlock()
				one(t, r, price(""))
				if len(r.store.events) != 2 {
					t.Errorf("%d events are stored, want 2", len(r.store.events))
				}
			})
		})
	}
}

func TestAsLongAsCommitsSucceedEverybodyGetsATurn(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.store.takes = 900 * time.Millisecond
		batch := make([]publish.Draft, 400)
		for i := range batch {
			batch[i] = price("")
		}
		var publishers sync.WaitGroup
		for range 12 {
			publishers.Go(func() {
				if _, err := r.Publish(t.Context(), key(shop), batch); err != nil {
					t.Error(err)
				}
			})
		}
		publishers.Wait()
		if n := len(r.store.events); n != 12*400 {
			t.Errorf("%d events are stored", n)
		}
	})
}

func TestSomebodyWhoLeavesBeforeACommitHasRoomLeavesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.store.takes = 900 * time.Millisecond
		batch := make([]publish.Draft, 400)
		for i := range batch {
			batch[i] = price("")
		}
		var publishers sync.WaitGroup
		for range 2 {
			publishers.Go(func() { _, _ = r.Publish(t.Context(), key(shop), batch) })
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := r.Publish(ctx, key(shop), batch); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it was answered %v", err)
		}
		publishers.Wait()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if n := len(r.store.events); n != 2*400 {
			t.Errorf("%d events are stored, want 800", n)
		}
	})
}

func TestSomebodyWhoLeavesWhileTheCommitRunsIsStoredWholeOrNotAtAll(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.store.subscribe(shop, "*")
		r.store.takes = 500 * time.Millisecond
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		receipts, err := r.Publish(ctx, key(shop), []publish.Draft{price("")})
		if err != nil || receipts[0].Deliveries != 1 || len(r.senders.jobs) != 1 {
			t.Errorf("what was taken into a commit was answered %v, %v", receipts, err)
		}
	})
}

func TestAfterTheStopNothingIsTakenAndNobodyWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.stop()
		synctest.Wait()
		startedAt := time.Now()
		_, err := r.Publish(t.Context(), key(shop), []publish.Draft{price("")})
		if webhook.KindOf(err) != webhook.KindUnavailable || time.Since(startedAt) != 0 {
			t.Errorf("after the stop it took %s to answer %v", time.Since(startedAt), err)
		}
	})
}
