package storetest

import (
	"github.com/bellwire/bellwire/internal/webhook"
)

// slackEndpoint makes one that posts to a channel.
func (h *Harness) slackEndpoint(project webhook.ProjectID, name string) webhook.Endpoint {
	h.T.Helper()
	return h.EndpointOf(project, func(s *webhook.Settings) {
		s.Name, s.Kind, s.URL, s.Format = name, webhook.KindSlack, "#"+name, webhook.FormatSlack
		s.Channel = &webhook.SlackChannel{ID: "C1", Name: name, Private: true}
	})
}

func (h *Harness) install(project webhook.ProjectID, team string) webhook.SlackInstall {
	return webhook.SlackInstall{
		ProjectID: project, TeamID: team, TeamName: "Team " + team, Scopes: []string{"a", "b"}, Sealed: []byte("sealed"), ConnectedBy: "Ann", ConnectedAt: moment(),
	}
}

var slacks = []scene{
	{"a connection is read as it was written, by its project alone", func(h *Harness) {
		ctx, other := h.T.Context(), h.NewProject("other")
		h.refused(webhook.KindNotFound, func() error { return second(h.Store.SlackInstall(ctx, h.Project)) })
		want := h.install(h.Project, "T1")
		h.must(h.Store.ConnectSlack(ctx, want, h.audit("slack.connected")))
		h.same(first(h.Store.SlackInstall(ctx, h.Project)), want)
		h.refused(webhook.KindNotFound, func() error { return second(h.Store.SlackInstall(ctx, other)) })
		want.Sealed, want.TeamName = []byte("anew"), "Renamed"
		h.must(h.Store.ConnectSlack(ctx, want, h.audit("slack.connected")))
		h.same(first(h.Store.SlackInstall(ctx, h.Project)), want)
		h.refused(webhook.KindNotFound, func() error {
			return h.Store.ConnectSlack(ctx, h.install(webhook.ProjectID{UUID: webhook.UUID{9}}, "T1"), h.audit("slack.connected"))
		})
		h.same(h.Number("SELECT count(*) FROM audit WHERE action = 'slack.connected'"), int64(2))
	}},
	{"what posts to Slack gets its project's token, and nothing else does", func(h *Harness) {
		ctx, other := h.T.Context(), h.NewProject("other")
		ours, theirs, hook := h.slackEndpoint(h.Project, "a"), h.slackEndpoint(other, "b"), h.Endpoint()
		h.must(h.Store.ConnectSlack(ctx, h.install(h.Project, "T1"), h.audit("slack.connected")))
		held := map[webhook.EndpointID]*webhook.SlackInstall{}
		for _, t := range first(h.Store.Targets(ctx, []webhook.EndpointID{ours.ID, theirs.ID, hook.ID})) {
			held[t.ID] = t.Slack
		}
		h.same(held[ours.ID] != nil && string(held[ours.ID].Sealed) == "sealed", true)
		h.same([]bool{held[theirs.ID] == nil, held[hook.ID] == nil}, []bool{true, true})
		h.same(h.endpoint(ours.ID).Channel, &webhook.SlackChannel{ID: "C1", Name: "a", Private: true})
		h.same(first(h.Store.SlackUse(ctx, h.Project)), webhook.SlackUse{Endpoints: 1})
	}},
	{"disconnected, what posts is held; connected again, that goes on and no other pause ends", func(h *Harness) {
		ctx, other := h.T.Context(), h.NewProject("other")
		a, b, theirs, hook := h.slackEndpoint(h.Project, "a"), h.slackEndpoint(h.Project, "b"), h.slackEndpoint(other, "c"), h.Endpoint()
		h.must(h.Store.ConnectSlack(ctx, h.install(h.Project, "T1"), h.audit("slack.connected")))
		h.must(h.Store.PauseBy(ctx, h.Project, b.ID, webhook.PausedByPerson, h.audit("endpoint.paused")))
		h.must(h.Store.DisconnectSlack(ctx, h.Project, h.audit("slack.disconnected")))
		h.refused(webhook.KindNotFound, func() error { return h.Store.DisconnectSlack(ctx, h.Project, h.audit("slack.disconnected")) })
		reasons := func() []webhook.PauseReason {
			their := first(h.Store.Endpoint(ctx, other, theirs.ID))
			return []webhook.PauseReason{h.endpoint(a.ID).PausedBecause, h.endpoint(b.ID).PausedBecause, their.PausedBecause, h.endpoint(hook.ID).PausedBecause}
		}
		h.same(reasons(), []webhook.PauseReason{webhook.PausedBySlack, webhook.PausedByPerson, "", ""})
		h.same(first(h.Store.SlackUse(ctx, h.Project)), webhook.SlackUse{Endpoints: 2, Held: 1})
		h.Publish(a)
		h.same(len(h.Claim(10)), 0)
		h.must(h.Store.ConnectSlack(ctx, h.install(h.Project, "T1"), h.audit("slack.connected")))
		h.same(reasons(), []webhook.PauseReason{"", webhook.PausedByPerson, "", ""})
		h.same(h.ClaimOne().Delivery.EndpointID, a.ID)
	}},
	{"another workspace is refused while endpoints post to the first", func(h *Harness) {
		ctx := h.T.Context()
		h.must(h.Store.ConnectSlack(ctx, h.install(h.Project, "T1"), h.audit("slack.connected")))
		h.must(h.Store.ConnectSlack(ctx, h.install(h.Project, "T2"), h.audit("slack.connected")))
		e := h.slackEndpoint(h.Project, "a")
		h.refused(webhook.KindConflict, func() error {
			return h.Store.ConnectSlack(ctx, h.install(h.Project, "T1"), h.audit("slack.connected"))
		})
		h.same(first(h.Store.SlackInstall(ctx, h.Project)).TeamID, "T2")
		h.must(h.Store.DeleteEndpoint(ctx, h.Project, e.ID, moment(), h.audit("endpoint.deleted")))
		h.must(h.Store.ConnectSlack(ctx, h.install(h.Project, "T1"), h.audit("slack.connected")))
	}},
	{"endpoints of several channels are made all or none, and have no secret", func(h *Harness) {
		ctx, before := h.T.Context(), h.Number("SELECT count(*) FROM endpoints")
		made := h.slackEndpoint(h.Project, "a")
		fresh := made
		fresh.ID = webhook.EndpointID{UUID: webhook.UUID{15: 7}}
		entries := []webhook.AuditEntry{h.audit("endpoint.created"), h.audit("endpoint.created")}
		if err := h.Store.CreateEndpoints(ctx, []webhook.Endpoint{fresh, made}, entries); err == nil {
			h.T.Error("one that stands already was made again")
		}
		h.same(h.Number("SELECT count(*) FROM endpoints"), before+1)
		h.must(h.Store.CreateEndpoints(ctx, []webhook.Endpoint{fresh}, entries[:1]))
		h.same(len(first(h.Store.Secrets(ctx, h.Project, fresh.ID))), 0)
		h.same(h.endpoint(fresh.ID).Name, "a")
	}},
}
