package storetest

import (
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// full are settings with every member set, so that none is lost on the way.
func full(s *webhook.Settings) {
	*s = webhook.Settings{
		Name: "Größe 100%", Kind: webhook.KindWebhook, URL: "https://example.com/hook?token=1", Format: webhook.FormatCustom,
		Custom:  &webhook.CustomFormat{Header: "X-Sig", Signed: "{t}.{body}", Encoding: "hex", Value: "t={t},v1={signature}", Body: "flat"},
		Channel: &webhook.SlackChannel{ID: "C1", Name: "general", Private: true}, Template: `{"a":"{{topic}}"}`,
		Topics: []string{"product.*", "commission.earned"}, Prompt: webhook.PromptFilter{Names: []string{"a/*"}, Tags: []string{"t"}, Labels: []string{"production"}},
		Payload: webhook.PayloadFilter{
			Rows: []webhook.PayloadRow{{Path: "a.b", Operator: webhook.OpAtLeast, Value: "3"}}, Expression: "data.a.b >= 3",
		},
		Headers: []webhook.Header{{Name: "X-A", Value: "1"}, {Name: "X-B", Secret: true, Sealed: []byte{0, 255}}},
		Retry:   webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: []time.Duration{time.Second, time.Hour}, NoClientErrors: true},
		Timeout: 7 * time.Second, MaxInFlight: 3, RatePerSecond: 0.5, Ordered: true,
	}
}

// endpoint reads an endpoint of the project.
func (h *Harness) endpoint(id webhook.EndpointID) webhook.Endpoint {
	h.T.Helper()
	e, err := h.Store.Endpoint(h.T.Context(), h.Project, id)
	h.must(err)
	return e
}

// update changes an endpoint's settings and answers it as it stands then.
func (h *Harness) update(e webhook.Endpoint, change func(*webhook.Settings)) webhook.Endpoint {
	h.T.Helper()
	change(&e.Settings)
	e.UpdatedAt = moment()
	h.must(h.Store.UpdateEndpoint(h.T.Context(), e, h.audit("endpoint.updated")))
	return h.endpoint(e.ID)
}

var endpoints = []scene{
	{"an endpoint is read as it was written", func(h *Harness) {
		want := h.Endpoint(full)
		want.CreatedAt, want.UpdatedAt = want.CreatedAt.UTC().Truncate(time.Millisecond), want.UpdatedAt.UTC().Truncate(time.Millisecond)
		h.same(h.endpoint(want.ID), want)
		owner, err := h.Store.EndpointOwner(h.T.Context(), want.ID)
		h.must(err)
		h.same(owner, h.Project)
	}},
	{"each change is a version, and the one before stays readable", func(h *Harness) {
		e := h.endpoint(h.Endpoint(full).ID)
		before := got(h.project(h.Project)).Catalogue
		changed := h.update(e, func(s *webhook.Settings) {
			s.Name, s.Timeout, s.RatePerSecond, s.Ordered = "new", time.Second, 0, false
		})
		if changed.Version != 2 || changed.Name != "new" || changed.Timeout != time.Second || changed.Ordered {
			h.T.Errorf("stored %+v", changed)
		}
		if now := got(h.project(h.Project)).Catalogue; now <= before {
			h.T.Error("the catalogue stood still")
		}
		old, err := h.Store.EndpointVersion(h.T.Context(), h.Project, e.ID, 1)
		h.must(err)
		h.same(old.Settings, e.Settings)
		h.same(old.Version, int64(1))
		h.refused(webhook.KindNotFound, func() error { return second(h.Store.EndpointVersion(h.T.Context(), h.Project, e.ID, 3)) })
		h.refused(webhook.KindConflict, func() error { return h.Store.UpdateEndpoint(h.T.Context(), e, h.audit("endpoint.updated")) })
	}},
	{"of two changes of one version one wins", func(h *Harness) {
		e := h.endpoint(h.Endpoint().ID)
		errs := make(chan error)
		for range 4 {
			go func() { errs <- h.Store.UpdateEndpoint(h.T.Context(), e, h.audit("endpoint.updated")) }()
		}
		won := 0
		for range 4 {
			if err := <-errs; err == nil {
				won++
			} else if webhook.KindOf(err) != webhook.KindConflict {
				h.T.Error(err)
			}
		}
		if v := h.endpoint(e.ID).Version; won != 1 || v != 2 {
			h.T.Errorf("%d won and the version is %d, want 1 and 2", won, v)
		}
	}},
	{"a change without health forgets none of it", func(h *Harness) {
		e := h.Endpoint()
		h.Publish(e)
		h.Record(h.Failed(h.ClaimOne(), time.Hour))
		now := h.update(h.endpoint(e.ID), func(s *webhook.Settings) { s.Name = "new" })
		if now.ConsecutiveFailures != 1 || now.LastFailureAt.IsZero() {
			h.T.Errorf("health is lost: %+v", now)
		}
		h.CheckInvariants("a change")
	}},
	{"the endpoints of a moment have the settings of that moment", endpointsAt},
	{"endpoints are listed newest first over pages, deleted ones left out", endpointList},
	{"deleting cancels what waits and wipes the secrets, and the log stays", func(h *Harness) {
		e, other := h.Endpoint(), h.Endpoint()
		sent := h.Publish(e)[0]
		h.Record(h.Delivered(h.ClaimOne()))
		waits, stays := h.Publish(e)[0], h.Publish(other)[0]
		before := got(h.project(h.Project)).Catalogue
		h.must(h.Store.DeleteEndpoint(h.T.Context(), h.Project, e.ID, moment(), h.audit("endpoint.deleted")))

		if row := h.Row(waits.ID); row.State != webhook.Cancelled || row.Reason == "" || row.EndedAt.IsZero() {
			h.T.Errorf("not cancelled with a reason: %+v", row)
		}
		h.same(h.State(sent.ID), webhook.Delivered)
		if gone := h.endpoint(e.ID); gone.DeletedAt.IsZero() {
			h.T.Error("not deleted")
		}
		for _, s := range first(h.Store.Secrets(h.T.Context(), h.Project, e.ID)) {
			if s.Sealed != nil {
				h.T.Error("a secret is not wiped")
			}
		}
		if now := got(h.project(h.Project)).Catalogue; now <= before {
			h.T.Error("the catalogue stood still")
		}
		if row, err := h.Store.Delivery(h.T.Context(), h.Project, sent.ID); err != nil || !row.EndpointGone || row.EndpointName != "hook" {
			h.T.Errorf("the log lost the endpoint: %+v %v", row, err)
		}
		h.same(h.ClaimOne().Delivery.ID, stays.ID)
		h.CheckInvariants("deleting")
		h.refused(webhook.KindNotFound, func() error {
			return h.Store.DeleteEndpoint(h.T.Context(), h.Project, e.ID, moment(), h.audit("endpoint.deleted"))
		})
		h.refused(webhook.KindNotFound, func() error {
			return h.Store.UpdateEndpoint(h.T.Context(), h.endpoint(e.ID), h.audit("endpoint.updated"))
		})
	}},
	{"an endpoint of a suspended project is born held", func(h *Harness) {
		h.must(h.Store.SuspendProject(h.T.Context(), h.Project, moment(), h.audit("project.suspended")))
		h.Publish(h.Endpoint())
		if jobs := h.Claim(10); len(jobs) != 0 {
			h.T.Errorf("claimed %d", len(jobs))
		}
		h.CheckInvariants("making an endpoint")
	}},
}

func endpointsAt(h *Harness) {
	ctx := h.T.Context()
	e := h.endpoint(h.Endpoint(func(s *webhook.Settings) { s.Name = "first" }).ID)
	gone := h.endpoint(h.Endpoint(func(s *webhook.Settings) { s.Name = "gone" }).ID)
	for _, table := range []string{"endpoints", "endpoint_versions"} {
		h.Exec("UPDATE %s SET created_at = created_at - 60000", table)
	}
	start := moment().Add(-30 * time.Second)
	e.UpdatedAt, e.Name = start.Add(10*time.Second), "second"
	h.must(h.Store.UpdateEndpoint(ctx, e, h.audit("endpoint.updated")))
	h.must(h.Store.DeleteEndpoint(ctx, h.Project, gone.ID, start.Add(20*time.Second), h.audit("endpoint.deleted")))
	names := func(after time.Duration, limit int) []string {
		h.T.Helper()
		list, err := h.Store.EndpointsAt(ctx, h.Project, start.Add(after), limit)
		h.must(err)
		out := []string{}
		for _, e := range list {
			out = append(out, e.Name)
		}
		return out
	}
	h.same(names(-time.Hour, 10), []string{})
	h.same(names(5*time.Second, 10), []string{"first", "gone"})
	h.same(names(5*time.Second, 1), []string{"first"})
	h.same(names(15*time.Second, 10), []string{"second", "gone"})
	h.same(names(25*time.Second, 10), []string{"second"})
}

func endpointList(h *Harness) {
	ctx := h.T.Context()
	var made []webhook.Endpoint
	for _, name := range []string{"Orders", "stock", "ORDERS again", "prices"} {
		e := h.Endpoint(func(s *webhook.Settings) { s.Name, s.URL = name, "https://"+name[:1]+".example.com/" })
		made = append(made, e)
		time.Sleep(time.Millisecond) // ids sort by the millisecond
	}
	h.EndpointOf(h.NewProject("other"))
	h.must(h.Store.DeleteEndpoint(ctx, h.Project, made[1].ID, moment(), h.audit("endpoint.deleted")))
	h.must(h.Store.PauseBy(ctx, h.Project, made[3].ID, webhook.PausedByPerson, h.audit("endpoint.paused")))
	names := func(f webhook.EndpointFilter) []string {
		h.T.Helper()
		out := []string{}
		for _, e := range all(h, 2, func(cursor string) (webhook.Page[webhook.Endpoint], error) {
			f.Cursor, f.Limit = cursor, 2
			return h.Store.Endpoints(ctx, f)
		}) {
			out = append(out, e.Name)
		}
		return out
	}
	h.same(names(webhook.EndpointFilter{ProjectID: h.Project}), []string{"prices", "ORDERS again", "Orders"})
	h.same(names(webhook.EndpointFilter{}), []string{"hook", "prices", "ORDERS again", "Orders"})
	h.same(names(webhook.EndpointFilter{ProjectID: h.Project, Query: "orders"}), []string{"ORDERS again", "Orders"})
	h.same(names(webhook.EndpointFilter{ProjectID: h.Project, Query: "//P."}), []string{"prices"})
	h.same(names(webhook.EndpointFilter{ProjectID: h.Project, Query: made[0].ID.String()}), []string{"Orders"})
	h.same(names(webhook.EndpointFilter{ProjectID: h.Project, State: webhook.EndpointPaused}), []string{"prices"})
	h.same(names(webhook.EndpointFilter{ProjectID: h.Project, IDs: []webhook.EndpointID{made[0].ID, made[1].ID, made[3].ID}}), []string{"prices", "Orders"})
}

// NewSecret is a secret that signs from a moment on; zero for a next one.
func (h *Harness) NewSecret(e webhook.Endpoint, active time.Time) webhook.Secret {
	return webhook.Secret{
		ID: webhook.SecretID{UUID: mint.UUID(time.Now())}, EndpointID: e.ID, Sealed: []byte{0, 1, 255}, CreatedAt: moment(),
		ActiveFrom: active, Grace: 24 * time.Hour,
	}
}

var secrets = []scene{
	{"a rotation brings the rows from before to after", func(h *Harness) {
		ctx, e := h.T.Context(), h.Endpoint()
		before := first(h.Store.Secrets(ctx, h.Project, e.ID))
		if len(before) != 1 || string(before[0].Sealed) != "sealed" || before[0].ActiveFrom.IsZero() {
			h.T.Fatalf("the first secret is %+v", before)
		}
		next := h.NewSecret(e, time.Time{})
		change := func(before, after []webhook.Secret) error {
			return h.Store.ChangeSecrets(ctx, h.Project, e.ID, before, after, h.audit("endpoint.secret.rotated"))
		}
		rotated := []webhook.Secret{before[0], next}
		h.must(change(before, rotated))
		h.same(first(h.Store.Secrets(ctx, h.Project, e.ID)), rotated)
		h.refused(webhook.KindConflict, func() error { return change(before, rotated) })

		switched := []webhook.Secret{rotated[0], rotated[1]}
		switched[0].ExpiresAt, switched[0].Sealed, switched[1].ActiveFrom, switched[1].Grace = moment().Add(time.Hour), nil, moment(), 0
		h.must(change(rotated, switched))
		h.same(first(h.Store.Secrets(ctx, h.Project, e.ID)), switched)
		h.refused(webhook.KindConflict, func() error { return change(rotated, rotated) })
		h.must(change(switched, switched[1:]))
		h.same(first(h.Store.Secrets(ctx, h.Project, e.ID)), switched[1:])
	}},
	{"of two rotations at once one wins", func(h *Harness) {
		e := h.Endpoint()
		before := first(h.Store.Secrets(h.T.Context(), h.Project, e.ID))
		errs := make(chan error)
		for range 4 {
			go func() {
				after := []webhook.Secret{before[0], h.NewSecret(e, time.Time{})}
				errs <- h.Store.ChangeSecrets(h.T.Context(), h.Project, e.ID, before, after, h.audit("endpoint.secret.rotated"))
			}()
		}
		won := 0
		for range 4 {
			if err := <-errs; err == nil {
				won++
			} else if webhook.KindOf(err) != webhook.KindConflict {
				h.T.Error(err)
			}
		}
		if n := h.Number("SELECT count(*) FROM secrets"); won != 1 || n != 2 {
			h.T.Errorf("%d won and %d secrets stand, want 1 and 2", won, n)
		}
	}},
	{"whoever looks at secrets leaves a trace", func(h *Harness) {
		e := h.Endpoint()
		shown, err := h.Store.RevealSecrets(h.T.Context(), h.Project, e.ID, h.audit("endpoint.secret.revealed"))
		h.must(err)
		if len(shown) != 1 {
			h.T.Errorf("revealed %d secrets", len(shown))
		}
		if n := h.Number("SELECT count(*) FROM audit WHERE action = 'endpoint.secret.revealed'"); n != 1 {
			h.T.Errorf("%d audit entries", n)
		}
	}},
}
