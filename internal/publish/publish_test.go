package publish_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

func one(t *testing.T, r *rig, d publish.Draft) webhook.Receipt {
	t.Helper()
	receipts, err := r.Publish(t.Context(), key(shop), []publish.Draft{d})
	if err != nil {
		t.Fatal(err)
	}
	return receipts[0]
}

func TestAnEventIsStoredWithADeliveryForEachEndpointThatMatches(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		named, globbed := r.store.subscribe(shop, "product.price_changed"), r.store.subscribe(shop, "product.*")
		r.store.subscribe(shop, "sale.*")
		r.store.subscribe(other, "*")
		r.store.subscribe(shop, "*", func(e *webhook.Endpoint) {
			e.Payload.Rows = []webhook.PayloadRow{{Path: "productId", Operator: webhook.OpEquals, Value: "p2"}}
		})
		paused := r.store.subscribe(shop, "*", func(e *webhook.Endpoint) { e.State = webhook.EndpointPaused })

		receipt := one(t, r, price("k1"))
		if receipt.Deliveries != 3 || receipt.Duplicate || receipt.FanOut || receipt.Topic != "product.price_changed" {
			t.Errorf("the receipt reads %+v", receipt)
		}
		ev := r.store.events[0]
		if string(ev.Data) != `{"productId":"p1","price":10.50}` || ev.ID != receipt.ID || ev.ProjectID != shop || ev.Key != "k1" {
			t.Errorf("the event reads %+v with data %s", ev, ev.Data)
		}
		if !ev.OccurredAt.Equal(ev.AcceptedAt) || ev.ID.Time() != ev.AcceptedAt || ev.PublishedBy.Name != "a key" {
			t.Errorf("the event occurred %s, was accepted %s, by %q", ev.OccurredAt, ev.AcceptedAt, ev.PublishedBy.Name)
		}
		if diff := cmp.Diff([]string{"p1", "10.50"}, ev.Search); diff != "" {
			t.Error(diff)
		}
		var to []webhook.EndpointID
		for _, d := range r.store.deliveries {
			to = append(to, d.EndpointID)
			if d.EventID != ev.ID || d.EndpointVersion != 3 || d.ProjectID != shop || !d.DueAt.Equal(ev.AcceptedAt) {
				t.Errorf("a delivery reads %+v", d)
			}
		}
		if diff := cmp.Diff([]webhook.EndpointID{named, globbed, paused}, to); diff != "" {
			t.Error(diff)
		}
	})
}

func TestNewDeliveriesGoStraightToTheSenders(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		free := r.store.subscribe(shop, "*")
		r.store.subscribe(shop, "*", func(e *webhook.Endpoint) { e.MaxInFlight = 3 })
		r.store.subscribe(shop, "*", func(e *webhook.Endpoint) { e.Ordered = true })
		one(t, r, price(""))
		if len(r.senders.jobs) != 1 {
			t.Fatalf("%d deliveries were handed off, want the one of the endpoint without limits", len(r.senders.jobs))
		}
		job := r.senders.jobs[0]
		if job.Delivery.EndpointID != free || job.Delivery.State != webhook.Sending || job.Delivery.Attempts != 1 ||
			job.Delivery.AttemptID.IsZero() || job.Delivery.Seq != 1 || job.Event.Seq != 1 || job.LeaseFor != 35*time.Second || job.ClaimedAt.IsZero() {
			t.Errorf("the job reads %+v", job)
		}
		if r.senders.wakes != 1 {
			t.Errorf("the dispatcher was woken %d times for what waits in the table, want once", r.senders.wakes)
		}
	})
}

func TestWhatIsNotGrantedIsGivenBackAndWaits(t *testing.T) {
	settings := map[string]func(*rig){
		"the store grants nothing":     func(r *rig) { r.store.handsOff = false },
		"the senders have no room":     func(r *rig) { r.senders.room = 0 },
		"the project is suspended":     func(r *rig) { r.store.suspended = true },
		"the database refuses it once": func(r *rig) { r.store.handsOff = false },
	}
	for name, set := range settings {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.store.subscribe(shop, "*")
				set(r)
				room := r.senders.room
				one(t, r, price(""))
				if len(r.senders.jobs) != 0 || r.senders.wakes != 1 || r.senders.room != room {
					t.Errorf("%d jobs, %d wake-ups, room for %d of %d", len(r.senders.jobs), r.senders.wakes, r.senders.room, room)
				}
				if got := r.store.deliveries[0]; got.State != webhook.Waiting {
					t.Errorf("the delivery is %s", got.State)
				}
			})
		})
	}
}

func TestABatchIsStoredWholeOrNotAtAll(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		bad := publish.Draft{Topic: "product.price_changed", Data: []byte(`{"productId":"p1","price":"10"}`)}
		_, err := r.Publish(t.Context(), key(shop), []publish.Draft{price(""), price(""), bad, {Topic: "product.vieved", Data: []byte(`{}`)}})
		want := []webhook.Field{
			{Location: "events[2].data.price", Message: "must be number, not string"},
			{Location: "events[3].topic", Message: `"product.vieved" is not known; did you mean "product.viewed"?`},
		}
		var told *webhook.Error
		if !errors.As(err, &told) || told.Kind != webhook.KindInvalid {
			t.Fatalf("the batch was answered %v", err)
		}
		if diff := cmp.Diff(want, told.Fields); diff != "" {
			t.Error(diff)
		}
		if len(r.store.events) != 0 {
			t.Errorf("%d events are stored", len(r.store.events))
		}
		receipts, err := r.Publish(t.Context(), key(shop), []publish.Draft{price(""), {Topic: "product.viewed", Data: []byte(`{}`)}})
		if err != nil || len(receipts) != 2 || receipts[1].Topic != "product.viewed" || r.store.count("admit") != 1 {
			t.Errorf("a good batch was answered %v, %v in %d commits", receipts, err, r.store.count("admit"))
		}
	})
}

func TestFaultsAreNamedWithTheirPlace(t *testing.T) {
	depth := strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65)
	cases := map[string]struct {
		draft   publish.Draft
		caller  account.Caller
		kind    webhook.Kind
		place   string
		message string
	}{
		"no topic":                    {draft: publish.Draft{Data: []byte(`{}`)}, place: "topic"},
		"an unknown topic":            {draft: publish.Draft{Topic: "price_changed", Data: []byte(`{}`)}, place: "topic", message: `"product.price_changed"`},
		"a topic of our own":          {draft: publish.Draft{Topic: "endpoint.paused", Data: []byte(`{}`)}, place: "topic", message: "made by Bellwire"},
		"a missing member":            {draft: publish.Draft{Topic: "product.price_changed", Data: []byte(`{"price":1}`)}, place: "data.productId", message: "is missing"},
		"a value below the minimum":   {draft: publish.Draft{Topic: "product.price_changed", Data: []byte(`{"productId":1,"price":-1}`)}, place: "data.price", message: "must be at least 0"},
		"a value not listed":          {draft: publish.Draft{Topic: "product.price_changed", Data: []byte(`{"productId":1,"price":1,"currency":"GBP"}`)}, place: "data.currency", message: `"EUR","USD"`},
		"a fault inside an array":     {draft: publish.Draft{Topic: "product.price_changed", Data: []byte(`{"productId":1,"price":1,"items":[{"id":1},{}]}`)}, place: "data.items[1].id"},
		"data that is no object":      {draft: publish.Draft{Topic: "product.viewed", Data: []byte(`[]`)}, place: "data"},
		"data that is no JSON":        {draft: publish.Draft{Topic: "product.viewed", Data: []byte(`{"a":}`)}},
		"a member twice":              {draft: publish.Draft{Topic: "product.viewed", Data: []byte(`{"a":{"b":1,"\u0062":2}}`)}, place: "data.a.b"},
		"data that is too deep":       {draft: publish.Draft{Topic: "product.viewed", Data: []byte(depth)}},
		"data over 256 KiB":           {draft: publish.Draft{Topic: "product.viewed", Data: []byte(`{"a":"` + strings.Repeat("x", 256<<10) + `"}`)}, kind: webhook.KindTooLarge, place: "data"},
		"an audience nobody knows":    {draft: publish.Draft{Topic: "product.viewed", Data: []byte(`{}`), Audience: "some"}, place: "audience"},
		"audience all and a project":  {draft: publish.Draft{Topic: "product.viewed", Data: []byte(`{}`), Audience: webhook.AudienceAll, Project: shop}, place: "projectId"},
		"no project of an instance":   {draft: publish.Draft{Topic: "product.viewed", Data: []byte(`{}`)}, caller: key(webhook.ProjectID{}), place: "projectId"},
		"a time out of reach":         {draft: publish.Draft{Topic: "product.viewed", Data: []byte(`{}`), OccurredAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, place: "occurredAt"},
		"a key that is too long":      {draft: price(strings.Repeat("k", 256)), place: "idempotencyKey"},
		"a key with a NUL":            {draft: price("k\x00"), place: "idempotencyKey"},
		"a loop":                      {draft: publish.Draft{Topic: "product.viewed", Data: []byte(`{}`), Hop: 4}, place: "hop"},
		"another project":             {draft: publish.Draft{Topic: "product.viewed", Data: []byte(`{}`), Project: other}, kind: webhook.KindNotFound},
		"a project nobody knows":      {draft: publish.Draft{Topic: "product.viewed", Data: []byte(`{}`), Project: webhook.ProjectID{UUID: webhook.UUID{9}}}, caller: key(webhook.ProjectID{}), kind: webhook.KindNotFound},
		"a key without the scope":     {draft: price(""), caller: key(shop, account.ScopeRead), kind: webhook.KindForbidden},
		"everybody, by a project key": {draft: publish.Draft{Topic: "product.viewed", Data: []byte(`{}`), Audience: webhook.AudienceAll}, kind: webhook.KindForbidden},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				caller := c.caller
				if caller.Key == nil {
					caller = key(shop)
				}
				_, err := r.Publish(t.Context(), caller, []publish.Draft{c.draft})
				var told *webhook.Error
				if !errors.As(err, &told) {
					t.Fatalf("it was answered %v", err)
				}
				kind := c.kind
				if kind == 0 {
					kind = webhook.KindInvalid
				}
				if told.Kind != kind || !strings.Contains(told.Error(), c.message) {
					t.Errorf("it was answered kind %d: %v", told.Kind, told)
				}
				if c.place != "" && !slices.ContainsFunc(told.Fields, func(f webhook.Field) bool { return f.Location == c.place }) {
					t.Errorf("the place %q is not among %v", c.place, told.Fields)
				}
				if len(r.store.events) != 0 {
					t.Error("it was stored")
				}
			})
		})
	}
}

func TestPayloadsUpTo256KiBAreTaken(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		frame := len(`{"a":""}`)
		one(t, r, publish.Draft{Topic: "product.viewed", Data: []byte(` { "a" : "` + strings.Repeat("x", publish.MaxData-frame) + `" } `)})
		_, err := r.PublishBatch(t.Context(), key(shop), []publish.Draft{
			{Topic: "product.viewed", Data: []byte(`{"a":"` + strings.Repeat("x", publish.MaxData-frame+1) + `"}`)},
		})
		var told *webhook.Error
		if !errors.As(err, &told) || told.Kind != webhook.KindInvalid || told.Fields[0].Location != "events[0].data" {
			t.Errorf("one byte more in a batch was answered %v", err)
		}
	})
}

func TestASchemaThatOnlyWarnsLetsTheEventPass(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		receipt := one(t, r, publish.Draft{Topic: "sale.loose", Data: []byte(`{"productId":"p1"}`)})
		if diff := cmp.Diff([]string{"data.price is missing"}, receipt.Warnings); diff != "" {
			t.Error(diff)
		}
	})
}

func TestATopicCountsFromTheMomentItIsMade(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		one(t, r, price(""))
		r.store.addTopic(webhook.Topic{Name: "brand.new"})
		one(t, r, publish.Draft{Topic: "brand.new", Data: []byte(`{}`)})
		before := r.store.count("topics")
		for range 50 {
			one(t, r, price(""))
		}
		if n := r.store.count("topics") - before; n != 0 {
			t.Errorf("50 events of a known topic read the topics %d times", n)
		}
	})
}

func TestAChangedSchemaCountsOnceItIsToldAndWithinASecond(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		change := func(schema string) {
			r.store.mu.Lock()
			defer r.store.mu.Unlock()
			r.store.topics[1].Schema = []byte(schema)
			r.store.topicsAt++
		}
		viewed := publish.Draft{Topic: "product.viewed", Data: []byte(`{}`)}
		one(t, r, viewed)
		change(`{"required":["a"]}`)
		r.TopicsChanged()
		if _, err := r.Publish(t.Context(), key(shop), []publish.Draft{viewed}); webhook.KindOf(err) != webhook.KindInvalid {
			t.Errorf("the new schema was not asked: %v", err)
		}
		change(`{}`)
		time.Sleep(1100 * time.Millisecond)
		one(t, r, viewed)
	})
}

func TestAnEndpointMadeBeforeThePublishIsNeverMissed(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		one(t, r, price("")) // the copy of no endpoints is held now
		r.store.subscribe(shop, "*")
		receipts, err := r.Publish(t.Context(), key(shop), []publish.Draft{price("a"), price("b")})
		if err != nil || receipts[0].Deliveries != 1 || receipts[1].Deliveries != 1 {
			t.Fatalf("the batch was answered %+v, %v", receipts, err)
		}
		if len(r.store.events) != 3 {
			t.Errorf("%d events are stored, want 3", len(r.store.events))
		}
		if n := r.store.count("catalogue"); n != 2 {
			t.Errorf("the endpoints were read %d times, want twice", n)
		}
	})
}

func TestEndpointsThatNeverStandStillAreGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.store.refuse = func(call string, _ []webhook.Admission) error {
			if call == "admit" {
				r.store.version[shop]++
			}
			return nil
		}
		_, err := r.Publish(t.Context(), key(shop), []publish.Draft{price("")})
		if webhook.KindOf(err) != webhook.KindUnavailable || len(r.store.events) != 0 {
			t.Errorf("it was answered %v", err)
		}
	})
}

func TestAHugeProjectsEndpointsAreReadOnceAndNotAllHugeOnesAreKept(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		huge := []webhook.ProjectID{{UUID: webhook.UUID{91}}, {UUID: webhook.UUID{92}}, {UUID: webhook.UUID{93}}}
		for _, project := range huge {
			for range 9000 {
				r.store.subscribe(project, "sale.*")
			}
		}
		r.store.subscribe(shop, "*")
		to := func(project webhook.ProjectID) {
			t.Helper()
			if _, err := r.Publish(t.Context(), key(project), []publish.Draft{price("")}); err != nil {
				t.Fatal(err)
			}
		}
		for range 5 {
			to(huge[0])
			to(shop)
		}
		if n := r.store.count("catalogue"); n != 2 {
			t.Errorf("the endpoints of a huge and a small project were read %d times, want once each", n)
		}
		for range 2 {
			for _, project := range huge {
				to(project)
			}
		}
		if n := r.store.count("catalogue"); n < 2+2+3 {
			t.Errorf("after %d readings three huge copies are all kept", n)
		}
	})
}
