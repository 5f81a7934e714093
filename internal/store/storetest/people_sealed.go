package storetest

import (
	"errors"
	"strings"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/webhook"
)

var sealed = []scene{
	{"an identity is bound to one user, once, and found by issuer and subject alone", func(h *Harness) {
		ctx, u, other := h.T.Context(), h.NewUser("a@x.org"), h.NewUser("b@x.org")
		at := func(issuer, subject, email string) account.Identity {
			return account.Identity{Issuer: issuer, Subject: subject, Email: email}
		}
		find := func(i account.Identity) error { return second(h.Store.UserByIdentity(ctx, i)) }
		bind := func(who account.User, i account.Identity) func() error {
			return func() error { return h.Store.BindIdentity(ctx, who.ID, i, h.audit("user.identity-bound")) }
		}
		h.refused(webhook.KindNotFound, func() error { return find(at("https://one", "1", "a@x.org")) })
		h.must(bind(u, at("https://one", "1", "a@x.org"))())
		h.same(first(h.Store.UserByIdentity(ctx, at("https://one", "1", "changed@x.org"))).ID, u.ID)
		h.refused(webhook.KindNotFound, func() error { return find(at("https://two", "1", "a@x.org")) })
		h.refused(webhook.KindConflict, bind(other, at("https://one", "1", "a@x.org")))
		h.refused(webhook.KindConflict, bind(u, at("https://one", "2", "a@x.org")))
		h.must(bind(u, at("https://two", "1", "a@x.org"))())
		h.must(bind(other, at("https://one", "2", "b@x.org"))())
		h.same(h.Number("SELECT count(*) FROM audit WHERE action = 'user.identity-bound'"), int64(3))
	}},
	{"every sealed value is sealed anew once, and one that can't be opened is named and stays", rewrapped},
}

func rewrapped(h *Harness) {
	ctx, u := h.T.Context(), h.proven("a@x.org")
	e := h.Endpoint(func(s *webhook.Settings) {
		s.Headers = []webhook.Header{{Name: "X-Key", Secret: true, Sealed: []byte("sealed")}, {Name: "X-Plain", Value: "1"}}
	})
	stray := webhook.UUID{15: 1} // the first in order of id
	h.Exec("INSERT INTO secrets (id, endpoint_id, sealed, created_at) VALUES (%s, %s, '%s', 1)", h.Lit(stray), h.Lit(e.ID.UUID), "strange")
	for i := range 2 * store.RewrapStep {
		id := webhook.UUID{14: byte(i + 1), 13: byte(i >> 8), 12: 1}
		h.Exec("INSERT INTO secrets (id, endpoint_id, sealed, created_at) VALUES (%s, %s, '%s', 1)", h.Lit(id), h.Lit(e.ID.UUID), "sealed")
	}
	h.Exec("UPDATE secrets SET sealed = CAST(sealed AS %s)", map[string]string{store.SQLite: "BLOB", store.Postgres: "BYTEA"}[h.Store.Dialect()])
	h.must(h.Store.ConnectSlack(ctx, h.install(h.Project, "T1"), h.audit("slack.connected")))
	fields := map[string]int{}
	reseal := func(sealed []byte, row webhook.UUID, field string) ([]byte, error) {
		switch fields[field]++; string(sealed) {
		case "sealed":
			return []byte("anew"), nil
		case "anew":
			return sealed, nil
		}
		return nil, errors.New("strange")
	}
	steps := 0
	told := first(h.Store.Rewrap(ctx, reseal, func(webhook.Rewrapped) { steps++ }))
	many := 2*store.RewrapStep + 1
	h.same(told.Renewed, many+4) // the second factor, the token of Slack, the header, and the header's version
	h.same(told.Values, told.Renewed)
	h.same(len(told.Unreadable), 1)
	h.same(strings.Contains(told.Unreadable[0], stray.String()), true)
	h.same(fields, map[string]int{webhook.SecretField: many + 1, account.TOTPField: 1, webhook.SlackTokenField: 1, webhook.HeaderField("X-Key"): 2})
	h.same(steps >= 5, true)
	again := first(h.Store.Rewrap(ctx, reseal, func(webhook.Rewrapped) {}))
	h.same([]int{again.Values, again.Renewed, again.Missed}, []int{told.Values, 0, 0})
	h.same(string(first(h.Store.SecondFactor(ctx, u.ID)).Sealed), "anew")
	stored := first(h.Store.Endpoint(ctx, h.Project, e.ID))
	h.same(string(stored.Headers[0].Sealed), "anew")
	h.same(stored.Version, e.Version)
	h.same(string(first(h.Store.SlackInstall(ctx, h.Project)).Sealed), "anew")
}
