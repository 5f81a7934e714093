package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/store/storetest"
	"github.com/bellwire/bellwire/internal/webhook"
)

// bench is a store with one project and some endpoints, without a sender.
type bench struct {
	*testing.B
	store     *store.Store
	project   webhook.ProjectID
	node      webhook.NodeID
	endpoints []webhook.Endpoint
	catalogue int64
}

func newBench(b *testing.B, url string, endpoints int) *bench {
	s := storetest.Open(b, store.Options{URL: url})
	now := time.Now()
	w := &bench{B: b, store: s, project: webhook.ProjectID{UUID: mint.UUID(now)}, node: webhook.NodeID{UUID: mint.UUID(now)}}
	audit := func() webhook.AuditEntry {
		return webhook.AuditEntry{ID: webhook.AuditID{UUID: mint.UUID(now)}, At: now}
	}
	if err := s.CreateProject(b.Context(), webhook.Project{ID: w.project, Name: "bench", CreatedAt: now, Catalogue: 1}, audit()); err != nil {
		b.Fatal(err)
	}
	for range endpoints {
		e := webhook.Endpoint{
			ID: webhook.EndpointID{UUID: mint.UUID(now)}, ProjectID: w.project, Version: 1, State: webhook.EndpointActive, CreatedAt: now, UpdatedAt: now,
			Settings: webhook.Settings{Kind: webhook.KindWebhook, URL: "https://example.com/", Topics: []string{"*"}, Timeout: webhook.DefaultTimeout},
		}
		if err := s.CreateEndpoint(b.Context(), e, webhook.Secret{ID: webhook.SecretID{UUID: mint.UUID(now)}, CreatedAt: now}, audit()); err != nil {
			b.Fatal(err)
		}
		w.endpoints = append(w.endpoints, e)
	}
	version, _, err := s.CatalogueVersion(b.Context(), w.project)
	if err != nil {
		b.Fatal(err)
	}
	w.catalogue = version
	return w
}

var payload = func() []byte {
	data := make([]byte, 1000)
	for i := range data {
		data[i] = 'x'
	}
	return append(append([]byte(`{"data":"`), data...), `"}`...)
}()

// admit stores n events for every endpoint and answers what was handed off.
func (w *bench) admit(n int, handOff bool) []webhook.Job {
	now := time.Now()
	admissions := make([]webhook.Admission, n)
	byID := map[webhook.DeliveryID]webhook.Job{}
	for i := range admissions {
		event := webhook.Event{ID: webhook.EventID{UUID: mint.UUID(now)}, ProjectID: w.project, Audience: webhook.AudienceProject, Topic: "product.viewed", Data: payload, OccurredAt: now}
		item := webhook.AdmissionItem{Event: event, Catalogue: w.catalogue}
		for _, e := range w.endpoints {
			d := webhook.Delivery{ID: webhook.DeliveryID{UUID: mint.UUID(now)}, ProjectID: w.project, EventID: event.ID, EndpointID: e.ID, EndpointVersion: 1, State: webhook.Waiting}
			if handOff {
				d.State, d.AttemptID = webhook.Sending, webhook.AttemptID{UUID: mint.UUID(now)}
				byID[d.ID] = webhook.Job{Delivery: d, Event: event}
			}
			item.Deliveries, item.LeaseFor = append(item.Deliveries, d), append(item.LeaseFor, e.LeaseFor())
		}
		admissions[i].Items = []webhook.AdmissionItem{item}
	}
	answers, err := w.store.Admit(w.Context(), admissions)
	if err != nil {
		w.Error(err)
		return nil
	}
	var jobs []webhook.Job
	for _, a := range answers {
		for _, id := range a.Receipts[0].HandedOff {
			jobs = append(jobs, byID[id])
		}
	}
	return jobs
}

// deliver records every job as a success.
func (w *bench) deliver(jobs []webhook.Job) {
	now := time.Now()
	settled := make([]webhook.Settled, len(jobs))
	for i, j := range jobs {
		settled[i] = webhook.Settled{
			ProjectID: w.project, EndpointID: j.Delivery.EndpointID, DeliveryID: j.Delivery.ID, State: webhook.Delivered,
			Attempt: webhook.Attempt{
				ID: j.Delivery.AttemptID, DeliveryID: j.Delivery.ID, Number: 1, StartedAt: now, Duration: time.Millisecond, Outcome: webhook.OutcomeDelivered,
				Request:  webhook.Request{Method: "POST", URL: "https://example.com/", Headers: []webhook.HeaderLine{{Name: "webhook-id", Value: j.Delivery.EventID.String()}}},
				Response: webhook.Response{Status: 200, Body: []byte("ok")},
			},
		}
	}
	if err := w.store.Record(w.Context(), w.node, settled); err != nil {
		w.Error(err)
	}
}

func benchmarks(b *testing.B, database func(testing.TB) string) {
	b.Run("hand-off", func(b *testing.B) {
		w := newBench(b, database(b), 10)
		b.ResetTimer()
		// Two at once, as the publisher's committers and the dispatcher's
		// recorders are.
		var done atomic.Int64
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for done.Load() < int64(b.N) && !b.Failed() {
					jobs := w.admit(50, true)
					w.deliver(jobs)
					done.Add(int64(len(jobs)))
				}
			})
		}
		wg.Wait()
	})
	b.Run("drain", func(b *testing.B) {
		w := newBench(b, database(b), 10)
		for done := 0; done < b.N; done += 5000 {
			w.admit(500, false)
		}
		b.ResetTimer()
		for done := 0; done < b.N; {
			jobs, _, err := w.store.Claim(b.Context(), w.node, webhook.Room{Slots: 500, Lagging: 500})
			if err != nil {
				b.Fatal(err)
			}
			if len(jobs) > 0 {
				w.deliver(jobs)
			}
			done += len(jobs)
		}
	})
}

func BenchmarkSQLite(b *testing.B)     { benchmarks(b, storetest.SQLite) }
func BenchmarkPostgreSQL(b *testing.B) { benchmarks(b, storetest.Postgres) }
