package storetest

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

var reports = []scene{
	{"statistics count attempts by step, outcome and cause", statistics},
	{"statistics are the same before and after they are added up and left to their hours", summedStatistics},
	{"states are counted with held, each up to a bound, tests left out", countedStates},
	{"how endpoints stand: their own attempts since a minute, without the deleted", standings},
	{"the last failure of each endpoint is found among its latest, and what was given up since is counted", lastFailures},
	{"endpoints are summed up by project: all, failing, stopped by a rule", tallies},
	{"what waits for endpoints is counted up to a bound, held too, tests not", backlogs},
	{"the audit log is listed newest first over pages, by every filter", func(h *Harness) {
		ctx := h.T.Context()
		other := h.NewProject("other")
		time.Sleep(2 * time.Millisecond) // ids sort by the millisecond
		for _, action := range []string{"endpoint.created", "endpoint.secret.revealed", "endpointish.done", "key.created"} {
			entry := h.audit(action)
			entry.Object, entry.ObjectName, entry.Detail, entry.Addr = "1", "hook", "what \x00 changed", "192.0.2.1"
			h.must(h.Store.AddAudit(ctx, entry))
			time.Sleep(2 * time.Millisecond)
		}
		ada := h.audit("member.added")
		ada.Actor = webhook.Actor{Type: webhook.ActorUser, ID: mint.UUID(time.Now()), Name: "Ada"}
		h.must(h.Store.AddAudit(ctx, ada))
		time.Sleep(2 * time.Millisecond)
		foreign := h.audit("endpoint.created")
		foreign.ProjectID = other
		h.must(h.Store.AddAudit(ctx, foreign))
		actions := func(f webhook.AuditFilter) []string {
			h.T.Helper()
			out := []string{}
			for _, e := range all(h, 2, func(cursor string) (webhook.Page[webhook.AuditEntry], error) {
				f.Cursor, f.Limit = cursor, 2
				return h.Store.Audit(ctx, f)
			}) {
				out = append(out, e.Action)
			}
			return out
		}
		h.same(actions(webhook.AuditFilter{ProjectID: h.Project})[:5], []string{"member.added", "key.created", "endpointish.done", "endpoint.secret.revealed", "endpoint.created"})
		h.same(actions(webhook.AuditFilter{ProjectID: h.Project, Action: "endpoint"}), []string{"endpoint.secret.revealed", "endpoint.created"})
		h.same(actions(webhook.AuditFilter{ProjectID: h.Project, Action: "endpoint.created"}), []string{"endpoint.created"})
		h.same(len(actions(webhook.AuditFilter{Action: "endpoint.created"})), 2)
		h.same(actions(webhook.AuditFilter{ProjectID: h.Project, ActorID: ada.Actor.ID}), []string{"member.added"})
		h.same(actions(webhook.AuditFilter{ProjectID: h.Project, ActorType: webhook.ActorUser}), []string{"member.added"})
		h.same(actions(webhook.AuditFilter{ProjectID: h.Project, ActorType: webhook.ActorSystem, Action: "key"}), []string{"key.created"})
		about := h.audit("endpoint.paused")
		about.Object = "2"
		h.must(h.Store.AddAudit(ctx, about))
		h.same(actions(webhook.AuditFilter{ProjectID: h.Project, Object: "2"}), []string{"endpoint.paused"})
		h.same(actions(webhook.AuditFilter{ProjectID: h.Project, Object: "2", Action: "key"}), []string{})
		h.same(actions(webhook.AuditFilter{ProjectID: other, Object: "2"}), []string{})
		h.same(actions(webhook.AuditFilter{ProjectID: h.Project, Until: time.Now().Add(-time.Hour)}), []string{})
	}},
	{"the audit log is for good", func(h *Harness) {
		for _, sql := range []string{"UPDATE audit SET detail = ''", "DELETE FROM audit"} {
			if _, err := h.db.Exec(sql); err == nil {
				h.T.Errorf("%s was let through", sql)
			}
		}
	}},
}

func statistics(h *Harness) {
	ctx, e, other := h.T.Context(), h.Endpoint(), h.Endpoint()
	h.Publish(e)
	h.Record(h.Failed(h.ClaimOne(), 0))
	h.Record(h.Delivered(h.ClaimOne()))
	h.Publish(other)
	h.Record(h.Delivered(h.ClaimOne()))
	h.Publish(e)
	refused := h.Failed(h.ClaimOne(), time.Hour)
	refused.Attempt.Cause = webhook.CauseRefused // how soon it was has nothing to do with the receiver
	h.Record(refused)
	stranger := h.NewProject("other")

	until := time.Now().UTC().Truncate(time.Minute).Add(time.Minute)
	f := webhook.StatsFilter{ProjectID: h.Project, Since: until.Add(-10 * time.Minute), Until: until, Step: 5 * time.Minute}
	buckets := first(h.Store.Stats(ctx, f))
	if len(buckets) < 2 || len(buckets) > 3 {
		h.T.Fatalf("%d buckets of 5 minutes in 10", len(buckets))
	}
	var sum webhook.StatsBucket
	causes := map[webhook.Cause]int64{}
	for i, b := range buckets {
		if b.Start.UnixMilli()%(5*time.Minute).Milliseconds() != 0 || i > 0 && b.Start.Sub(buckets[i-1].Start) != f.Step {
			h.T.Errorf("bucket %d starts at %v", i, b.Start)
		}
		sum.Delivered, sum.Failed = sum.Delivered+b.Delivered, sum.Failed+b.Failed
		sum.Latency.Merge(b.Latency)
		for cause, n := range b.Causes {
			causes[cause] += n
		}
	}
	h.same(causes, map[webhook.Cause]int64{webhook.CauseStatus: 1, webhook.CauseRefused: 1})
	h.same([]int64{sum.Delivered, sum.Failed, sum.Latency[2]}, []int64{2, 2, 3}) // 3 ms each: the bucket of up to 4 ms
	both := first(h.Store.StatsByEndpoint(ctx, f, []webhook.EndpointID{e.ID, other.ID}))
	count := func(id webhook.EndpointID) (n int64) {
		for _, b := range both[id] {
			n += b.Delivered + b.Failed
		}
		return n
	}
	h.same([]int64{count(e.ID), count(other.ID), int64(len(both[e.ID]))}, []int64{3, 1, int64(len(buckets))})

	f.EndpointID = other.ID
	one := first(h.Store.Stats(ctx, f))
	h.same(one[len(one)-1].Failed, int64(0))
	f.EndpointID, f.ProjectID = webhook.EndpointID{}, stranger
	for _, b := range first(h.Store.Stats(ctx, f)) {
		h.same(b.Delivered+b.Failed, int64(0))
	}
	for _, b := range first(h.Store.StatsByEndpoint(ctx, f, []webhook.EndpointID{e.ID}))[e.ID] {
		h.same(b.Delivered+b.Failed, int64(0))
	}
	f.Step = time.Second
	h.refused(webhook.KindInvalid, func() error { return second(h.Store.Stats(ctx, f)) })
}

func countedStates(h *Harness) {
	ctx, e, paused := h.T.Context(), h.Endpoint(), h.Endpoint()
	line := h.Endpoint(func(s *webhook.Settings) { s.Ordered = true })
	for range 3 {
		h.Publish(e)
	}
	h.Record(h.Delivered(h.Claim(1)[0]))
	h.Claim(1)
	h.Publish(paused, line)
	h.Publish(paused)
	h.must(h.Store.PauseBy(ctx, h.Project, paused.ID, webhook.PausedByPerson, h.audit("endpoint.paused")))
	test := h.Event()
	h.must(h.Store.CreateTest(ctx, test, webhook.Delivery{
		ID: webhook.DeliveryID{UUID: mint.UUID(time.Now())}, ProjectID: h.Project, EndpointID: e.ID, State: webhook.Sending, Test: true,
		AttemptID: webhook.AttemptID{UUID: mint.UUID(time.Now())},
	}, time.Minute))
	f := webhook.StatsFilter{ProjectID: h.Project, Since: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Hour), WithDelivered: true}
	h.same(first(h.Store.CountStates(ctx, f, 100)), map[webhook.State]int64{
		webhook.Delivered: 1, webhook.Sending: 1, webhook.Waiting: 2, webhook.Held: 2,
	})
	h.same(first(h.Store.CountStates(ctx, f, 1)), map[webhook.State]int64{
		webhook.Delivered: 1, webhook.Sending: 1, webhook.Waiting: 1, webhook.Held: 1,
	})
	f.WithDelivered = false
	h.same(first(h.Store.CountStates(ctx, f, 100)), map[webhook.State]int64{webhook.Sending: 1, webhook.Waiting: 2, webhook.Held: 2})
	h.Exec("UPDATE deliveries SET state = 'exhausted' WHERE state = 'delivered'")
	everywhere := webhook.StatsFilter{Since: f.Since, Until: f.Until}
	h.same(first(h.Store.CountStates(ctx, f, 100))[webhook.Exhausted], int64(1))
	h.same(first(h.Store.CountStates(ctx, everywhere, 100))[webhook.Exhausted], int64(1))
	h.Exec("UPDATE deliveries SET test = (1 = 1) WHERE state = 'exhausted'")
	h.same(first(h.Store.CountStates(ctx, f, 100))[webhook.Exhausted], int64(0))
	f.EndpointID = paused.ID
	h.same(first(h.Store.CountStates(ctx, f, 100)), map[webhook.State]int64{webhook.Held: 2})
	f.EndpointID, f.ProjectID = webhook.EndpointID{}, h.NewProject("other")
	h.same(first(h.Store.CountStates(ctx, f, 100)), map[webhook.State]int64{})
	f.ProjectID, f.Until = h.Project, f.Since
	h.same(first(h.Store.CountStates(ctx, f, 100)), map[webhook.State]int64{})
}

// others: whatever belongs to one project is missing for every other, and a
// refused act leaves no trace.
var others = []scene{
	{"another project's things are missing in every call", func(h *Harness) {
		ctx, e := h.T.Context(), h.endpoint(h.Endpoint().ID)
		d := h.Publish(e)[0]
		before := first(h.Store.Secrets(ctx, h.Project, e.ID))
		user := h.NewUser("k@x.org")
		stranger := h.NewProject("other")
		theirs := e
		theirs.ProjectID = stranger
		entry := h.audit("something.done")
		for what, act := range map[string]func() error{
			"Endpoint":        func() error { return second(h.Store.Endpoint(ctx, stranger, e.ID)) },
			"EndpointVersion": func() error { return second(h.Store.EndpointVersion(ctx, stranger, e.ID, 1)) },
			"UpdateEndpoint":  func() error { return h.Store.UpdateEndpoint(ctx, theirs, entry) },
			"DeleteEndpoint":  func() error { return h.Store.DeleteEndpoint(ctx, stranger, e.ID, moment(), entry) },
			"PauseBy":         func() error { return h.Store.PauseBy(ctx, stranger, e.ID, webhook.PausedByPerson, entry) },
			"ResumeBy":        func() error { return h.Store.ResumeBy(ctx, stranger, e.ID, 0, entry) },
			"Secrets":         func() error { return second(h.Store.Secrets(ctx, stranger, e.ID)) },
			"RevealSecrets":   func() error { return second(h.Store.RevealSecrets(ctx, stranger, e.ID, entry)) },
			"ChangeSecrets":   func() error { return h.Store.ChangeSecrets(ctx, stranger, e.ID, before, nil, entry) },
			"Delivery":        func() error { return second(h.Store.Delivery(ctx, stranger, d.ID)) },
			"Attempts":        func() error { return second(h.Store.Attempts(ctx, stranger, d.ID)) },
			"ResendBy":        func() error { return h.Store.ResendBy(ctx, stranger, d.ID, webhook.Delivery{ID: d.ID}, entry) },
			"SendNowBy":       func() error { return h.Store.SendNowBy(ctx, stranger, d.ID, entry) },
			"CancelBy":        func() error { return h.Store.CancelBy(ctx, stranger, d.ID, "no", entry) },
			"Event":           func() error { return second(h.Store.Event(ctx, stranger, d.EventID)) },
			"RemoveMember":    func() error { return h.Store.RemoveMember(ctx, stranger, user.ID, entry) },
		} {
			h.T.Log(what)
			h.refused(webhook.KindNotFound, act)
		}
		h.same(len(first(h.Store.EndpointsAt(ctx, stranger, time.Now(), 10))), 0)
		h.same(len(first(h.Store.RecentEvents(ctx, stranger, 10))), 0)
		h.same(h.endpoint(e.ID), e)
		h.same(h.State(d.ID), webhook.Waiting)
		h.same(first(h.Store.Secrets(ctx, h.Project, e.ID)), before)
	}},
	{"what is not there is missing in every call", func(h *Harness) {
		ctx, id, entry := h.T.Context(), mint.UUID(time.Now()), h.audit("something.done")
		nowhere := webhook.ProjectID{UUID: id}
		e := webhook.Endpoint{ID: webhook.EndpointID{UUID: id}, ProjectID: nowhere}
		for what, act := range map[string]func() error{
			"Project":        func() error { return second(h.Store.Project(ctx, nowhere)) },
			"UpdateProject":  func() error { return h.Store.UpdateProject(ctx, webhook.Project{ID: nowhere}, entry) },
			"SuspendProject": func() error { return h.Store.SuspendProject(ctx, nowhere, moment(), entry) },
			"DeleteProject":  func() error { return h.Store.DeleteProject(ctx, nowhere, entry) },
			"CreateEndpoint": func() error {
				return h.Store.CreateEndpoint(ctx, e, webhook.Secret{ID: webhook.SecretID{UUID: id}}, entry)
			},
			"EndpointOwner": func() error { return second(h.Store.EndpointOwner(ctx, e.ID)) },
			"DeliveryOwner": func() error { return second(h.Store.DeliveryOwner(ctx, webhook.DeliveryID{UUID: id})) },
			"EventOwner":    func() error { return second(h.Store.EventOwner(ctx, webhook.EventID{UUID: id})) },
			"User":          func() error { return second(h.Store.User(ctx, webhook.UserID{UUID: id})) },
			"Link":          func() error { return second(h.Store.Link(ctx, [32]byte{9})) },
			"KeyByHash":     func() error { return second(h.Store.KeyByHash(ctx, [32]byte{9})) },
		} {
			h.T.Log(what)
			h.refused(webhook.KindNotFound, act)
		}
	}},
}

// summedStatistics reads the same times in minutes and hours at each stage of
// what becomes of minutes.
func summedStatistics(h *Harness) {
	ctx, a, b := h.T.Context(), h.Endpoint(), h.Endpoint()
	stranger := h.EndpointOf(h.NewProject("other"))
	now := time.Now().Truncate(time.Hour)
	for i, e := range []webhook.Endpoint{a, b, a, stranger} {
		for j, back := range []time.Duration{10 * time.Minute, 3 * time.Hour, 30 * time.Hour, 30*time.Hour + 20*time.Minute, 70 * time.Hour} {
			for k, cause := range []string{"", "timeout"} {
				h.Exec("INSERT INTO endpoint_minute (endpoint_id, minute, node_id, cause, project_id, n, %s) VALUES (%s, %d, %s, '%s', %s, %d, %s)",
					bucketNames(""), h.Lit(e.ID.UUID), now.Add(-back).UnixMilli(), h.Lit(mint.UUID(now)), cause, h.Lit(e.ProjectID.UUID), 1+i+10*j+100*k, bucketNames("1"))
			}
		}
	}
	type answer struct {
		Hours, Minutes, OfA, All []webhook.StatsBucket
		By                       map[webhook.EndpointID][]webhook.StatsBucket
	}
	read := func() (got answer) {
		f := webhook.StatsFilter{ProjectID: h.Project, Since: now.Add(-100 * time.Hour), Until: now.Add(time.Hour), Step: time.Hour}
		got.Hours = first(h.Store.Stats(ctx, f))
		got.By = first(h.Store.StatsByEndpoint(ctx, f, []webhook.EndpointID{a.ID, b.ID, stranger.ID}))
		all := f
		all.ProjectID = webhook.ProjectID{}
		got.All = first(h.Store.Stats(ctx, all))
		ended := f
		ended.Until = now.Add(-29*time.Hour - 50*time.Minute)
		got.Hours = append(got.Hours, first(h.Store.Stats(ctx, ended))...)
		f.Since, f.Step = now.Add(-47*time.Hour), 10*time.Minute
		got.Minutes = first(h.Store.Stats(ctx, f))
		f.EndpointID = a.ID
		got.OfA = first(h.Store.Stats(ctx, f))
		return got
	}
	want := read()
	if got := want.Hours[len(want.Hours)-1]; got.Delivered+got.Failed == 0 {
		h.T.Fatal("the time that ended is empty")
	}
	h.must(h.Store.Housekeep(ctx, 1000*time.Hour))
	if n := h.Number("SELECT count(*) FROM stats_sum"); n == 0 {
		h.T.Error("nothing was added up")
	}
	if n := h.Number("SELECT count(*) FROM endpoint_minute WHERE minute < %d", now.Add(-50*time.Hour).UnixMilli()); n != 0 {
		h.T.Errorf("%d minutes are older than two days", n)
	}
	h.same(read(), want)
	h.must(h.Store.Housekeep(ctx, 1000*time.Hour))
	h.same(read(), want)
	e := h.Endpoint()
	h.Publish(e)
	late := h.Delivered(h.ClaimOne())
	late.Attempt.StartedAt = time.Now().Add(-time.Hour)
	h.Record(late)
	if n := h.Number("SELECT count(*) FROM endpoint_minute WHERE endpoint_id = %s AND minute >= (SELECT rolled_to FROM stats_rolled)", h.Lit(e.ID.UUID)); n != 1 {
		h.T.Error("a result that came late counts in a minute that was added up already")
	}
	h.must(h.Store.DeleteProject(ctx, stranger.ProjectID, h.audit("project.deleted")))
	h.must(h.Store.Housekeep(ctx, 1000*time.Hour))
	for _, gone := range []webhook.UUID{stranger.ID.UUID, stranger.ProjectID.UUID} {
		if n := h.Number("SELECT count(*) FROM stats_sum WHERE scope_id = %s", h.Lit(gone)); n != 0 {
			h.T.Errorf("%d sums of a deleted project are left", n)
		}
	}
}

// bucketNames lists the columns of a latency histogram, or a value for each.
func bucketNames(value string) string {
	names := make([]string, len(webhook.Latency{}))
	for i := range names {
		names[i] = cmp.Or(value, fmt.Sprintf("b%d", i))
	}
	return strings.Join(names, ", ")
}
