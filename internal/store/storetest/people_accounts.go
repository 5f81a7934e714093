package storetest

import (
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// NewKey makes an API key of a project; zero for the instance.
func (h *Harness) NewKey(project webhook.ProjectID) account.Key {
	h.T.Helper()
	k := account.Key{
		ID: webhook.KeyID{UUID: mint.UUID(time.Now())}, ProjectID: project, Name: "key", Scopes: []account.Scope{account.ScopePublish, account.ScopeRead},
		Hash: account.HashToken(mint.Token()), CreatedBy: webhook.Actor{Type: webhook.ActorUser, ID: mint.UUID(time.Now()), Name: "Ann"}, CreatedAt: moment(),
		Prefix: "bwsk_abcd", ExpiresAt: moment().Add(time.Hour), LastUsedAddr: "192.0.2.7",
	}
	h.must(h.Store.CreateKey(h.T.Context(), k, h.audit("key.created")))
	return k
}

// NewLink makes a link that lasts an hour.
func (h *Harness) NewLink(kind account.LinkKind, email string) account.Link {
	h.T.Helper()
	l := account.Link{ID: webhook.LinkID{UUID: mint.UUID(time.Now())}, Kind: kind, Hash: account.HashToken(mint.Token()), ExpiresAt: moment().Add(time.Hour)}
	if kind == account.LinkSignIn {
		l.ProjectID, l.Email, l.Role = h.Project, email, account.Developer
	}
	h.must(h.Store.CreateLink(h.T.Context(), l, h.audit("link.created")))
	return l
}

func newcomer(email string) account.User {
	return account.User{ID: webhook.UserID{UUID: mint.UUID(time.Now())}, Email: email, Role: account.Member, CreatedAt: moment()}
}

func firstAdmin(email string) account.User {
	u := newcomer(email)
	u.Role, u.PasswordHash = account.Admin, "$argon2id$x"
	return u
}

var accounts = []scene{
	{"a user is read as written, whatever the case of the email", func(h *Harness) {
		want := newcomer("dan@example.com")
		want.Name, want.PasswordHash, want.Role = "Dan", "$argon2id$x", account.Support
		h.must(h.Store.CreateUser(h.T.Context(), want, h.audit("user.created")))
		h.same(first(h.Store.User(h.T.Context(), want.ID)), want)
		h.same(first(h.Store.UserByEmail(h.T.Context(), "DAN@example.com")), want)
		h.refused(webhook.KindConflict, func() error {
			return h.Store.CreateUser(h.T.Context(), newcomer("Dan@Example.com"), h.audit("user.created"))
		})
		want.Name, want.Role, want.PasswordHash, want.DisabledAt = "", account.Member, "", moment()
		h.rewrite(want, "user.updated")
		h.same(first(h.Store.User(h.T.Context(), want.ID)), want)
		h.refused(webhook.KindNotFound, func() error {
			return h.Store.UpdateUser(h.T.Context(), newcomer("x@example.com"), newcomer("x@example.com"), h.audit("user.updated"))
		})
		h.refused(webhook.KindNotFound, func() error { return second(h.Store.UserByEmail(h.T.Context(), "x@example.com\x00")) })
	}},
	{"users are listed by email over pages and found by a part of the name", func(h *Harness) {
		for _, email := range []string{"c@x.org", "a@x.org", "b_1@x.org", "b@x.org"} {
			h.NewUser(email)
		}
		emails := func(query string) []string {
			var out []string
			for _, u := range all(h, 3, func(cursor string) (webhook.Page[account.User], error) {
				return h.Store.Users(h.T.Context(), webhook.UserFilter{Query: query, Cursor: cursor, Limit: 3})
			}) {
				out = append(out, u.Email)
			}
			return out
		}
		h.same(emails(""), []string{"a@x.org", "b@x.org", "b_1@x.org", "c@x.org"})
		h.same(emails("B_"), []string{"b_1@x.org"})
	}},
	{"an admin counts who is enabled and has a password", func(h *Harness) {
		ctx := h.T.Context()
		has := func(want bool) {
			h.T.Helper()
			h.same(first(h.Store.HasAdmin(ctx)), want)
		}
		link := h.NewLink(account.LinkSetup, "")
		u := newcomer("a@x.org")
		u.PasswordHash = "x"
		h.must(h.Store.CreateUser(ctx, u, h.audit("user.created")))
		has(false)
		u.Role, u.PasswordHash = account.Admin, ""
		h.rewrite(u, "user.updated")
		has(false)
		u.PasswordHash, u.DisabledAt = "x", moment()
		h.rewrite(u, "user.updated")
		has(false)
		h.same(first(h.Store.Link(ctx, link.Hash)), link)
		u.DisabledAt = time.Time{}
		h.rewrite(u, "user.updated")
		has(true)
		h.refused(webhook.KindNotFound, func() error { return second(h.Store.Link(ctx, link.Hash)) })
	}},
	{"somebody known becomes the first admin, and their sessions end", func(h *Harness) {
		ctx := h.T.Context()
		known := h.NewUser("a@x.org")
		h.must(h.Store.SessionCommit(ctx, "old", []byte("x"), time.Now().Add(time.Hour)))
		h.must(h.Store.BindSession(ctx, "old", known.ID, moment(), "", ""))
		link, entry := h.NewLink(account.LinkSetup, ""), h.audit("user.created")
		stored, err := h.Store.CreateFirstAdmin(ctx, firstAdmin("A@x.org"), entry)
		h.must(err)
		if stored.ID != known.ID || stored.Role != account.Admin {
			h.T.Errorf("stored %+v", stored)
		}
		h.same(first(h.Store.User(ctx, known.ID)), stored)
		h.same(len(first(h.Store.SessionsOf(ctx, known.ID))), 0)
		h.refused(webhook.KindNotFound, func() error { return second(h.Store.Link(ctx, link.Hash)) })
		h.same(first(h.Store.Audit(ctx, webhook.AuditFilter{Action: "user.created"})).Items[0].Object, known.ID.String())
	}},
	{"there is one first admin, even if two come at once", func(h *Harness) {
		h.NewUser("member@x.org")
		errs := make(chan error)
		for _, email := range []string{"a@x.org", "b@x.org", "c@x.org"} {
			go func() {
				errs <- second(h.Store.CreateFirstAdmin(h.T.Context(), firstAdmin(email), h.audit("user.created")))
			}()
		}
		conflicts := 0
		for range 3 {
			if err := <-errs; webhook.KindOf(err) == webhook.KindConflict {
				conflicts++
			} else {
				h.must(err)
			}
		}
		if n := h.Number("SELECT count(*) FROM users"); conflicts != 2 || n != 2 {
			h.T.Errorf("%d conflicts and %d users, want 2 and 2", conflicts, n)
		}
	}},
	{"a last use is stamped at most once a minute", func(h *Harness) {
		u, k, now := h.NewUser("e@x.org"), h.NewKey(h.Project), moment()
		for _, step := range []struct{ at, want time.Duration }{{0, 0}, {59 * time.Second, 0}, {time.Minute, time.Minute}} {
			h.must(h.Store.TouchUser(h.T.Context(), u.ID, now.Add(step.at)))
			h.must(h.Store.TouchKey(h.T.Context(), k.ID, now.Add(step.at), step.at.String()))
			h.same(first(h.Store.User(h.T.Context(), u.ID)).LastSeenAt, now.Add(step.want))
			used := first(h.Store.Key(h.T.Context(), k.ID))
			h.same(used.LastUsedAt, now.Add(step.want))
			h.same(used.LastUsedAddr, step.want.String())
		}
	}},
	{"a key is found by its hash, listed with its project and revoked once", func(h *Harness) {
		older, newer, instance := h.NewKey(h.Project), h.NewKey(h.Project), h.NewKey(webhook.ProjectID{})
		h.same(first(h.Store.KeyByHash(h.T.Context(), older.Hash)), older)
		h.must(h.Store.RevokeKey(h.T.Context(), older.ID, moment(), h.audit("key.revoked")))
		list := first(h.Store.Keys(h.T.Context(), h.Project))
		if len(list) != 2 || list[0].ID != newer.ID || list[1].RevokedAt.IsZero() {
			h.T.Errorf("listed %+v", list)
		}
		h.same(first(h.Store.Keys(h.T.Context(), webhook.ProjectID{})), []account.Key{instance})
		h.refused(webhook.KindConflict, func() error {
			return h.Store.RevokeKey(h.T.Context(), older.ID, moment(), h.audit("key.revoked"))
		})
		unknown := webhook.KeyID{UUID: mint.UUID(time.Now())}
		h.refused(webhook.KindNotFound, func() error {
			return h.Store.RevokeKey(h.T.Context(), unknown, moment(), h.audit("key.revoked"))
		})
		h.refused(webhook.KindNotFound, func() error { return second(h.Store.Key(h.T.Context(), unknown)) })
		h.refused(webhook.KindNotFound, func() error {
			k := newer
			k.ID, k.ProjectID, k.Hash = unknown, webhook.ProjectID{UUID: mint.UUID(time.Now())}, [32]byte{1}
			return h.Store.CreateKey(h.T.Context(), k, h.audit("key.created"))
		})
	}},
	{"set-up links stand side by side until one of them is used", func(h *Harness) {
		older, link := h.NewLink(account.LinkSetup, ""), h.NewLink(account.LinkSetup, "")
		h.same(first(h.Store.Link(h.T.Context(), older.Hash)), older)
		h.same(first(h.Store.Link(h.T.Context(), link.Hash)), link)
		use := func(l account.Link, now time.Time) func() error {
			return func() error {
				return second(h.Store.UseSetupLink(h.T.Context(), l.Hash, now, firstAdmin("f@x.org"), h.audit("user.created")))
			}
		}
		h.refused(webhook.KindNotFound, use(older, link.ExpiresAt))
		h.must(use(older, moment())())
		h.refused(webhook.KindNotFound, use(older, moment()))
		h.refused(webhook.KindNotFound, use(link, moment()))
		h.refused(webhook.KindNotFound, func() error { return second(h.Store.Link(h.T.Context(), link.Hash)) })
		h.refused(webhook.KindConflict, use(h.NewLink(account.LinkSetup, ""), moment()))
	}},
	{"a sign-in link makes a member once, and only where there was none", signInLink},
	{"of two uses of one link one wins", func(h *Harness) {
		link := h.NewLink(account.LinkSignIn, "g@x.org")
		errs := make(chan error)
		for range 4 {
			go func() {
				errs <- second(h.Store.UseSignInLink(h.T.Context(), link.Hash, moment(), newcomer("g@x.org"), h.audit("user.signed-in")))
			}()
		}
		won := 0
		for range 4 {
			if err := <-errs; err == nil {
				won++
			} else if webhook.KindOf(err) != webhook.KindNotFound {
				h.T.Error(err)
			}
		}
		if n := h.Number("SELECT count(*) FROM users"); won != 1 || n != 1 {
			h.T.Errorf("%d won and made %d users, want 1 and 1", won, n)
		}
	}},
	{"sessions are found until they expire or end", sessions},
	{"a kept value stays the first", func(h *Harness) {
		for _, value := range []string{"first", "second"} {
			kept, err := h.Store.KeepValue(h.T.Context(), "check", []byte(value))
			h.must(err)
			h.same(string(kept), "first")
		}
	}},
}

func signInLink(h *Harness) {
	ctx := h.T.Context()
	link := h.NewLink(account.LinkSignIn, "h@x.org")
	made, err := h.Store.UseSignInLink(ctx, link.Hash, moment(), newcomer("h@x.org"), h.audit("user.signed-in"))
	h.must(err)
	h.same(first(h.Store.MembershipsOf(ctx, made.ID)), map[webhook.ProjectID]account.Role{h.Project: account.Developer})
	h.refused(webhook.KindNotFound, func() error {
		return second(h.Store.UseSignInLink(ctx, link.Hash, moment(), newcomer("h@x.org"), h.audit("user.signed-in")))
	})

	h.must(h.Store.SetMember(ctx, account.Membership{ProjectID: h.Project, UserID: made.ID, Role: account.Owner}, h.audit("member.changed")))
	again := h.NewLink(account.LinkSignIn, "h@x.org")
	stranger := newcomer("h@x.org")
	entry := h.audit("user.signed-in")
	entry.Actor, entry.Object = webhook.Actor{Type: webhook.ActorUser, ID: stranger.ID.UUID, Name: "h@x.org"}, stranger.ID.String()
	known, err := h.Store.UseSignInLink(ctx, again.Hash, moment(), stranger, entry)
	h.must(err)
	h.same(known, made)
	h.same(first(h.Store.MembershipsOf(ctx, made.ID)), map[webhook.ProjectID]account.Role{h.Project: account.Owner})
	log := first(h.Store.Audit(ctx, webhook.AuditFilter{Action: "user.signed-in"})).Items
	if len(log) != 2 || log[0].Actor.ID != made.ID.UUID || log[0].Object != made.ID.String() {
		h.T.Errorf("the audit log names somebody else: %+v", log)
	}

	expired := h.NewLink(account.LinkSignIn, "i@x.org")
	h.refused(webhook.KindNotFound, func() error {
		return second(h.Store.UseSignInLink(ctx, expired.Hash, expired.ExpiresAt, newcomer("i@x.org"), h.audit("user.signed-in")))
	})
}

func sessions(h *Harness) {
	ctx := h.T.Context()
	user := h.NewUser("j@x.org")
	find := func(token string) string {
		data, found, err := h.Store.SessionFind(ctx, token)
		h.must(err)
		if !found {
			return "none"
		}
		return string(data)
	}
	h.must(h.Store.SessionCommit(ctx, "old", []byte("x"), time.Now().Add(-time.Second)))
	h.same(find("old"), "none")
	began := moment().Add(-time.Minute)
	for _, token := range []string{"one", "two", "three"} {
		h.must(h.Store.SessionCommit(ctx, token, []byte("first"), time.Now().Add(time.Hour)))
		h.must(h.Store.BindSession(ctx, token, user.ID, began, "192.0.2.1", "Browser\x00"))
	}
	h.must(h.Store.SessionCommit(ctx, "one", []byte("second"), time.Now().Add(2*time.Hour)))
	h.same(find("one"), "second")
	list := first(h.Store.SessionsOf(ctx, user.ID))
	if len(list) != 3 || list[0].UserID != user.ID || list[0].Addr != "192.0.2.1" || !list[0].CreatedAt.Equal(began) || list[0].ExpiresAt.Before(time.Now()) {
		h.T.Errorf("listed %+v", list)
	}
	thief := h.NewUser("thief@x.org")
	h.refused(webhook.KindNotFound, func() error { return h.Store.EndSession(ctx, thief.ID, "two") })
	h.same(find("two"), "first")
	h.must(h.Store.EndSession(ctx, user.ID, "two"))
	h.refused(webhook.KindNotFound, func() error { return h.Store.EndSession(ctx, user.ID, "two") })
	h.must(h.Store.SessionDelete(ctx, "two"))
	h.same(find("two"), "none")
	h.must(h.Store.EndSessions(ctx, user.ID, "one"))
	h.same(find("one"), "second")
	h.same(find("three"), "none")
	h.must(h.Store.SessionUpdate(ctx, "one", []byte("third"), time.Now().Add(2*time.Hour)))
	if data, _, err := h.Store.SessionFind(ctx, "one"); err != nil || string(data) != "third" {
		h.T.Errorf("after an update: %q, %v", data, err)
	}
	h.refused(webhook.KindNotFound, func() error {
		return h.Store.SessionUpdate(ctx, "two", []byte("back again"), time.Now().Add(time.Hour))
	})
	h.refused(webhook.KindNotFound, func() error { return h.Store.BindSession(ctx, "nobody", user.ID, moment(), "", "") })
}

var topics = []scene{
	{"a topic is read as written, and each change moves the version", func(h *Harness) {
		ctx := h.T.Context()
		_, version, err := h.Store.Topics(ctx)
		h.must(err)
		moved := func() {
			h.T.Helper()
			_, now, err := h.Store.Topics(ctx)
			h.must(err)
			if now <= version {
				h.T.Errorf("the version stood still at %d", now)
			}
			version = now
		}
		want := webhook.Topic{
			Name: "order.placed", Group: webhook.GroupCustom, Description: "An order", Schema: []byte(`{"type":"object"}`), Example: []byte(`{"id":1}`),
			SearchKeys: []string{"id", "customer"}, WarnOnly: true, CreatedAt: moment(),
		}
		h.must(h.Store.CreateTopic(ctx, want, h.audit("topic.created")))
		moved()
		h.same(topicsOf(h), []webhook.Topic{want})
		h.refused(webhook.KindConflict, func() error { return h.Store.CreateTopic(ctx, want, h.audit("topic.created")) })
		want.Description, want.Schema, want.SearchKeys, want.WarnOnly, want.Deprecated = "", nil, nil, false, true
		h.must(h.Store.UpdateTopic(ctx, want, h.audit("topic.updated")))
		moved()
		h.same(topicsOf(h), []webhook.Topic{want})
		h.must(h.Store.DeleteTopic(ctx, want.Name, h.audit("topic.deleted")))
		moved()
		h.refused(webhook.KindNotFound, func() error { return h.Store.UpdateTopic(ctx, want, h.audit("topic.updated")) })
		h.refused(webhook.KindNotFound, func() error { return h.Store.DeleteTopic(ctx, want.Name, h.audit("topic.deleted")) })
	}},
	{"endpoints that name a topic in full are found in all projects, deleted and globbing ones left out", func(h *Harness) {
		ctx := h.T.Context()
		taking := func(patterns ...string) func(*webhook.Settings) {
			return func(s *webhook.Settings) { s.Topics = patterns }
		}
		a, gone := h.Endpoint(taking("x.y", "order.placed")), h.Endpoint(taking("order.placed"))
		h.Endpoint(taking("order.*"))
		h.Endpoint(taking("order.placed.late"))
		h.Endpoint(func(s *webhook.Settings) { s.Topics, s.Name = []string{"x.y"}, "order.placed" })
		b := h.EndpointOf(h.NewProject("other"), taking("order.placed"))
		h.must(h.Store.DeleteEndpoint(ctx, h.Project, gone.ID, time.Now(), h.audit("endpoint.deleted")))
		ids := func(limit int) []webhook.EndpointID {
			out := []webhook.EndpointID{}
			for _, e := range first(h.Store.Naming(ctx, "order.placed", limit)) {
				out = append(out, e.ID)
			}
			return out
		}
		h.same(ids(10), []webhook.EndpointID{a.ID, b.ID})
		h.same(len(ids(1)), 1)
	}},
	{"seeding brings topics up to date and leaves what the operator set", func(h *Harness) {
		ctx := h.T.Context()
		shipped := []webhook.Topic{
			{Name: "b.two", Group: webhook.GroupStore, Description: "two", CreatedAt: moment(), Shipped: true},
			{Name: "a.one", Group: webhook.GroupStore, Description: "one", CreatedAt: moment(), Shipped: true},
		}
		h.must(h.Store.SeedTopics(ctx, shipped))
		set := shipped[0]
		set.WarnOnly, set.Deprecated = true, true
		h.must(h.Store.UpdateTopic(ctx, set, h.audit("topic.updated")))
		_, before, _ := h.Store.Topics(ctx)
		h.must(h.Store.SeedTopics(ctx, shipped))
		if _, after, _ := h.Store.Topics(ctx); after != before {
			h.T.Errorf("seeding the same again moved the version from %d to %d", before, after)
		}
		newer := []webhook.Topic{shipped[0], shipped[1]}
		newer[0].Description, newer[0].Schema = "better", []byte("{}")
		h.must(h.Store.SeedTopics(ctx, newer))
		set.Description, set.Schema = "better", []byte("{}")
		h.same(topicsOf(h), []webhook.Topic{shipped[1], set})
	}},
	{"topics are changed by many at once without losing a version", func(h *Harness) {
		_, before, _ := h.Store.Topics(h.T.Context())
		errs := make(chan error)
		for _, name := range []string{"a", "b", "c", "d"} {
			go func() {
				errs <- h.Store.CreateTopic(h.T.Context(), webhook.Topic{Name: name, Group: webhook.GroupCustom}, h.audit("topic.created"))
			}()
		}
		for range 4 {
			h.must(<-errs)
		}
		if _, after, _ := h.Store.Topics(h.T.Context()); after != before+4 {
			h.T.Errorf("the version went from %d to %d, want 4 more", before, after)
		}
	}},
}

func topicsOf(h *Harness) []webhook.Topic {
	h.T.Helper()
	list, _, err := h.Store.Topics(h.T.Context())
	h.must(err)
	return list
}
