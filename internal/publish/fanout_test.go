package publish_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestWideEventsLeaveARowForTheFanOut(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		for range 1001 {
			r.store.subscribe(other, "product.viewed")
		}
		for range 1000 {
			r.store.subscribe(shop, "*")
		}
		viewed := publish.Draft{Topic: "product.viewed", Data: []byte(`{}`)}
		if receipt := one(t, r, viewed); receipt.FanOut || receipt.Deliveries != 1000 {
			t.Errorf("1000 matches were answered %d deliveries, fan-out %v", receipt.Deliveries, receipt.FanOut)
		}
		wide, everybody := viewed, viewed
		wide.Project, everybody.Audience = other, webhook.AudienceAll
		for _, d := range []publish.Draft{wide, everybody} {
			receipts, err := r.Publish(t.Context(), key(webhook.ProjectID{}), []publish.Draft{d})
			if err != nil || !receipts[0].FanOut || receipts[0].Deliveries != 0 {
				t.Errorf("a wide event was answered %+v, %v", receipts, err)
			}
		}
		if last := r.store.events[2]; last.Audience != webhook.AudienceAll || !last.ProjectID.IsZero() || !last.FanOut {
			t.Errorf("the event for everybody reads %+v", last)
		}
		many := make([]publish.Draft, 8)
		for i := range many {
			many[i] = viewed
		}
		receipts, err := r.Publish(t.Context(), key(shop), many)
		if err != nil || receipts[0].FanOut || !receipts[7].FanOut {
			t.Errorf("a batch with 8000 matches was answered %v, %v", receipts, err)
		}
	})
}

func TestTheFanOutMakesDeliveriesStepByStep(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ev := webhook.Event{ID: webhook.EventID{UUID: webhook.UUID{4}}, Audience: webhook.AudienceAll, Topic: "product.viewed", Data: []byte(`{}`), Seq: 17}
		endpoints := make([]webhook.Endpoint, 5)
		for i := range endpoints {
			endpoints[i].ID.UUID[0], endpoints[i].ProjectID, endpoints[i].Version = byte(i+1), other, 2
			endpoints[i].Topics = []string{[]string{"*", "sale.*"}[i%2]}
		}
		r.store.mu.Lock()
		r.store.steps = []*webhook.FanOutStep{
			{Event: ev, Endpoints: endpoints[:3], To: endpoints[2].ID}, {Event: ev, Endpoints: endpoints[3:], To: endpoints[4].ID}, {Event: ev, Last: true},
		}
		r.store.mu.Unlock()
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if diff := cmp.Diff([]webhook.EndpointID{endpoints[2].ID, endpoints[4].ID, {}}, r.store.advanced); diff != "" {
			t.Error(diff)
		}
		var to []string
		for _, d := range r.store.deliveries {
			to = append(to, fmt.Sprint(d.EndpointID.UUID[0], d.State, d.Seq, d.ProjectID == other, d.EventID == ev.ID, d.EndpointVersion))
		}
		if diff := cmp.Diff([]string{"1waiting17 true true 2", "3waiting17 true true 2", "5waiting17 true true 2"}, to); diff != "" {
			t.Error(diff)
		}
		if r.senders.wakes != 2 {
			t.Errorf("the dispatcher was woken %d times", r.senders.wakes)
		}
	})
}

func TestTheFanOutComesBackAfterAnOutage(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.store.mu.Lock()
		r.store.steps = []*webhook.FanOutStep{{Last: true}}
		r.store.refuse = func(string, []webhook.Admission) error { return errDown }
		r.store.mu.Unlock()
		time.Sleep(time.Minute)
		if n := r.store.count("step"); n > 35 {
			t.Errorf("it was tried %d times in a minute", n)
		}
		r.store.mu.Lock()
		r.store.refuse = nil
		r.store.mu.Unlock()
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if len(r.store.advanced) != 1 {
			t.Error("the step was not done")
		}
	})
}
