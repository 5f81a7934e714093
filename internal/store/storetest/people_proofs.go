package storetest

import (
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// proven is somebody with a second factor, step 100 taken and two recovery
// codes.
func (h *Harness) proven(email string) account.User {
	h.T.Helper()
	ctx, u := h.T.Context(), h.NewUser(email)
	h.must(h.Store.BeginSecondFactor(ctx, u.ID, []byte("sealed")))
	h.must(h.Store.ConfirmSecondFactor(ctx, u.ID, []byte("sealed"), 100, [][32]byte{{1}, {2}}, h.audit("on")))
	return u
}

var proofs = []scene{
	{"a second factor is on once it is confirmed, and signs out everywhere", secondFactor},
	{"a step's code is taken once, whoever comes at the same time", func(h *Harness) {
		ctx, u := h.T.Context(), h.proven("a@x.org")
		errs := make(chan error)
		for range 4 {
			go func() { errs <- h.Store.UseCode(ctx, u.ID, 101) }()
		}
		won := 0
		for range 4 {
			if err := <-errs; err == nil {
				won++
			} else if webhook.KindOf(err) != webhook.KindConflict {
				h.T.Error(err)
			}
		}
		h.same(won, 1)
		h.refused(webhook.KindConflict, func() error { return h.Store.UseCode(ctx, u.ID, 100) })
		h.must(h.Store.UseCode(ctx, u.ID, 102))
		h.same(first(h.Store.SecondFactor(ctx, u.ID)).Step, int64(102))
		off := h.NewUser("off@x.org")
		h.refused(webhook.KindConflict, func() error { return h.Store.UseCode(ctx, off.ID, 1) })
	}},
	{"a recovery code is taken once, by its owner, and never after the second factor is off", func(h *Harness) {
		ctx, u, other := h.T.Context(), h.proven("a@x.org"), h.proven("b@x.org")
		h.must(h.Store.RenewRecoveryCodes(ctx, other.ID, [][32]byte{{9}}, h.audit("renewed")))
		use := func(who account.User, hash byte) error {
			return second(h.Store.UseRecoveryCode(ctx, who.ID, [32]byte{hash}, h.audit("used")))
		}
		h.refused(webhook.KindNotFound, func() error { return use(u, 9) })
		h.refused(webhook.KindNotFound, func() error { return use(other, 1) })
		h.same(first(h.Store.UseRecoveryCode(ctx, u.ID, [32]byte{1}, h.audit("used"))), 1)
		h.refused(webhook.KindNotFound, func() error { return use(u, 1) })
		h.same(first(h.Store.SecondFactor(ctx, u.ID)).RecoveryLeft, 1)
		h.must(h.Store.DropSecondFactor(ctx, u.ID, h.audit("off")))
		h.refused(webhook.KindNotFound, func() error { return use(u, 2) })
		h.refused(webhook.KindConflict, func() error { return h.Store.RenewRecoveryCodes(ctx, u.ID, [][32]byte{{3}}, h.audit("renewed")) })
		h.refused(webhook.KindConflict, func() error { return h.Store.DropSecondFactor(ctx, u.ID, h.audit("off")) })
	}},
	{"failed sign-ins are counted all and told to the audit log now and then", func(h *Harness) {
		ctx, u, began := h.T.Context(), h.NewUser("a@x.org"), moment()
		for i := range 5 {
			entry := h.audit("user.sign-in-failed")
			entry.At, entry.Addr = began.Add(time.Duration(i)*4*time.Minute), "198.51.100.1"
			h.must(h.Store.SignInFailed(ctx, u.ID, 10*time.Minute, entry))
		}
		h.same(h.Number("SELECT count(*) FROM audit WHERE action = 'user.sign-in-failed'"), int64(2))
		want := account.Failures{Count: 5, At: began.Add(16 * time.Minute), Addr: "198.51.100.1"}
		h.same(first(h.Store.SignedIn(ctx, u.ID, h.audit("user.signed-in"))), want)
		h.same(first(h.Store.SignedIn(ctx, u.ID, h.audit("user.signed-in"))).Count, 0)
		nobody := webhook.UserID{UUID: mint.UUID(time.Now())}
		h.refused(webhook.KindNotFound, func() error { return h.Store.SignInFailed(ctx, nobody, time.Minute, h.audit("x")) })
		h.refused(webhook.KindNotFound, func() error { return second(h.Store.SignedIn(ctx, nobody, h.audit("x"))) })
	}},
	{"a new password signs out everywhere, a new name nowhere", func(h *Harness) {
		ctx, u := h.T.Context(), h.NewUser("a@x.org")
		h.bound("one", u)
		u.Name = "Ada"
		h.rewrite(u, "user.updated")
		h.same(len(first(h.Store.SessionsOf(ctx, u.ID))), 1)
		u.PasswordHash = "$argon2id$new"
		h.rewrite(u, "user.password-changed")
		h.same(len(first(h.Store.SessionsOf(ctx, u.ID))), 0)
	}},
	{"a user who changed meanwhile is not written over", func(h *Harness) {
		ctx, u := h.T.Context(), h.NewUser("a@x.org")
		u.Role, u.PasswordHash = account.Support, "$one"
		h.rewrite(u, "user.updated")
		for _, change := range []func(*account.User){
			func(u *account.User) { u.Role = account.Member },
			func(u *account.User) { u.PasswordHash = "$two" },
			func(u *account.User) { u.DisabledAt = moment() },
		} {
			was := first(h.Store.User(ctx, u.ID))
			now, late := was, was
			change(&now)
			late.Name = "Late"
			h.rewrite(now, "user.updated")
			h.refused(webhook.KindConflict, func() error { return h.Store.UpdateUser(ctx, was, late, h.audit("user.updated")) })
			h.same(first(h.Store.User(ctx, u.ID)), now)
		}
	}},
	{"the last admin who can sign in stays, also when two take each other's role at once", func(h *Harness) {
		ctx := h.T.Context()
		ann, bob := firstAdmin("ann@x.org"), firstAdmin("bob@x.org")
		h.must(h.Store.CreateUser(ctx, ann, h.audit("user.created")))
		h.must(h.Store.CreateUser(ctx, bob, h.audit("user.created")))
		h.same(h.won(func(i int) error {
			was := []account.User{ann, bob}[i]
			less := was
			less.Role = account.Member
			return h.Store.UpdateUser(ctx, was, less, h.audit("user.updated"))
		}), 1)
		h.same(first(h.Store.HasAdmin(ctx)), true)
	}},
}

// won makes two changes at once of which one is a Conflict, and answers how many
// went well.
func (h *Harness) won(change func(i int) error) int {
	h.T.Helper()
	errs := make(chan error)
	for i := range 2 {
		go func() { errs <- change(i) }()
	}
	won := 0
	for range 2 {
		if err := <-errs; err == nil {
			won++
		} else if webhook.KindOf(err) != webhook.KindConflict {
			h.T.Error(err)
		}
	}
	return won
}

// rewrite writes a user over what stands there.
func (h *Harness) rewrite(u account.User, action string) {
	h.T.Helper()
	h.must(h.Store.UpdateUser(h.T.Context(), first(h.Store.User(h.T.Context(), u.ID)), u, h.audit(action)))
}

// bound is a session of somebody.
func (h *Harness) bound(token string, u account.User) {
	h.T.Helper()
	h.must(h.Store.SessionCommit(h.T.Context(), token, []byte("x"), time.Now().Add(time.Hour)))
	h.must(h.Store.BindSession(h.T.Context(), token, u.ID, moment(), "", ""))
}

func secondFactor(h *Harness) {
	ctx, u := h.T.Context(), h.NewUser("a@x.org")
	h.same(first(h.Store.SecondFactor(ctx, u.ID)), account.SecondFactor{})
	h.must(h.Store.BeginSecondFactor(ctx, u.ID, []byte("one")))
	h.must(h.Store.BeginSecondFactor(ctx, u.ID, []byte("two")))
	if f := first(h.Store.SecondFactor(ctx, u.ID)); f.On() || string(f.Sealed) != "two" {
		h.T.Errorf("begun: %+v", f)
	}
	if got := first(h.Store.User(ctx, u.ID)); !got.SecondFactorAt.IsZero() {
		h.T.Error("it is on before it is confirmed")
	}
	h.bound("one", u)
	entry := h.audit("user.second-factor-on")
	h.refused(webhook.KindConflict, func() error {
		return h.Store.ConfirmSecondFactor(ctx, u.ID, []byte("one"), 7, [][32]byte{{1}}, entry)
	})
	h.same(len(first(h.Store.SessionsOf(ctx, u.ID))), 1)
	h.must(h.Store.ConfirmSecondFactor(ctx, u.ID, []byte("two"), 7, [][32]byte{{1}, {2}, {3}}, entry))
	h.same(len(first(h.Store.SessionsOf(ctx, u.ID))), 0)
	since := entry.At.Truncate(time.Millisecond).UTC()
	h.same(first(h.Store.SecondFactor(ctx, u.ID)), account.SecondFactor{Sealed: []byte("two"), Since: since, Step: 7, RecoveryLeft: 3})
	h.same(first(h.Store.User(ctx, u.ID)).SecondFactorAt, since)
	h.refused(webhook.KindConflict, func() error { return h.Store.BeginSecondFactor(ctx, u.ID, []byte("three")) })
	h.refused(webhook.KindConflict, func() error {
		return h.Store.ConfirmSecondFactor(ctx, u.ID, []byte("two"), 8, nil, h.audit("again"))
	})
	h.must(h.Store.RenewRecoveryCodes(ctx, u.ID, [][32]byte{{4}}, h.audit("renewed")))
	h.same(first(h.Store.SecondFactor(ctx, u.ID)).RecoveryLeft, 1)

	// Writing the rest of a user leaves it alone.
	u.Name = "Ada"
	h.rewrite(u, "user.updated")
	h.same(first(h.Store.User(ctx, u.ID)).SecondFactorAt, since)
	h.must(h.Store.SetMember(ctx, account.Membership{ProjectID: h.Project, UserID: u.ID, Role: account.Viewer}, h.audit("member.added")))
	h.same(first(h.Store.Members(ctx, h.Project))[0].SecondFactor, true)

	h.bound("two", u)
	h.must(h.Store.DropSecondFactor(ctx, u.ID, h.audit("off")))
	h.same(first(h.Store.SecondFactor(ctx, u.ID)), account.SecondFactor{})
	h.same(len(first(h.Store.SessionsOf(ctx, u.ID))), 0)
	h.same(first(h.Store.Members(ctx, h.Project))[0].SecondFactor, false)
	h.refused(webhook.KindNotFound, func() error { return second(h.Store.SecondFactor(ctx, webhook.UserID{UUID: mint.UUID(time.Now())})) })
}

// NewInvitation makes one for a week by somebody.
func (h *Harness) NewInvitation(email string, by account.User) account.Link {
	h.T.Helper()
	l := account.Link{
		ID: webhook.LinkID{UUID: mint.UUID(time.Now())}, Kind: account.LinkInvitation, Hash: account.HashToken(mint.Token()), ProjectID: h.Project,
		Email: email, Role: account.Owner, CreatedAt: moment(), ExpiresAt: moment().Add(7 * 24 * time.Hour),
		CreatedBy: webhook.Actor{Type: webhook.ActorUser, ID: by.ID.UUID, Name: "Ann"},
	}
	h.must(h.Store.CreateInvitation(h.T.Context(), l, h.audit("invitation.created")))
	return l
}

var invitations = []scene{
	{"invitations are listed until they are accepted, one for an address", func(h *Harness) {
		ctx, ann := h.T.Context(), h.NewUser("ann@x.org")
		h.NewInvitation("b@x.org", ann)
		c := h.NewInvitation("c@x.org", ann)
		time.Sleep(2 * time.Millisecond) // ids of one millisecond are in no order
		b := h.NewInvitation("B@x.org", ann)
		h.NewLink(account.LinkSignIn, "d@x.org")
		h.same(first(h.Store.Invitations(ctx, h.Project)), []account.Link{b, c})
		other := h.NewProject("other")
		h.same(len(first(h.Store.Invitations(ctx, other))), 0)
		h.refused(webhook.KindNotFound, func() error { return h.Store.RevokeInvitation(ctx, other, c.ID, h.audit("x")) })
		h.refused(webhook.KindNotFound, func() error {
			return h.Store.RenewInvitation(ctx, other, c.ID, [32]byte{1}, time.Now(), h.audit("x"))
		})
		h.must(h.Store.RevokeInvitation(ctx, h.Project, c.ID, h.audit("invitation.revoked")))
		h.refused(webhook.KindNotFound, func() error { return h.Store.RevokeInvitation(ctx, h.Project, c.ID, h.audit("x")) })
		old := b.Hash
		b.Hash, b.ExpiresAt = [32]byte{7}, moment().Add(time.Hour)
		h.must(h.Store.RenewInvitation(ctx, h.Project, b.ID, b.Hash, b.ExpiresAt, h.audit("invitation.renewed")))
		h.refused(webhook.KindNotFound, func() error { return second(h.Store.Link(ctx, old)) })
		h.same(first(h.Store.Link(ctx, b.Hash)), b)
	}},
	{"an invitation makes a newcomer and a member, once", func(h *Harness) {
		ctx := h.T.Context()
		link := h.NewInvitation("new@x.org", h.NewUser("ann@x.org"))
		accept := func(hash [32]byte, at time.Time, u account.User, newcomer bool) error {
			return h.Store.AcceptInvitation(ctx, hash, at, u, newcomer, h.audit("invitation.accepted"))
		}
		u := newcomer("new@x.org")
		h.refused(webhook.KindNotFound, func() error { return accept(link.Hash, link.ExpiresAt, u, true) })
		h.must(accept(link.Hash, moment(), u, true))
		h.same(first(h.Store.MembershipsOf(ctx, u.ID)), map[webhook.ProjectID]account.Role{h.Project: account.Owner})
		h.refused(webhook.KindNotFound, func() error { return accept(link.Hash, moment(), u, false) })
		h.same(len(first(h.Store.Invitations(ctx, h.Project))), 0)

		known := h.NewUser("known@x.org")
		taken := h.NewInvitation("known@x.org", u)
		h.refused(webhook.KindConflict, func() error { return accept(taken.Hash, moment(), newcomer("known@x.org"), true) })
		h.must(h.Store.SetMember(ctx, account.Membership{ProjectID: h.Project, UserID: known.ID, Role: account.Viewer}, h.audit("member.added")))
		h.must(accept(taken.Hash, moment(), known, false))
		h.same(first(h.Store.MembershipsOf(ctx, known.ID))[h.Project], account.Viewer)

		sign := h.NewLink(account.LinkSignIn, "new@x.org")
		h.refused(webhook.KindNotFound, func() error { return accept(sign.Hash, moment(), u, false) })
	}},
	{"who can't invite any more leaves no invitations open", func(h *Harness) {
		ctx, ann, bob := h.T.Context(), h.NewUser("ann@x.org"), h.NewUser("bob@x.org")
		for _, u := range []account.User{ann, bob, h.NewUser("eve@x.org")} {
			h.must(h.Store.SetMember(ctx, account.Membership{ProjectID: h.Project, UserID: u.ID, Role: account.Owner}, h.audit("member.added")))
		}
		h.NewInvitation("one@x.org", ann)
		h.NewInvitation("two@x.org", bob)
		h.must(h.Store.SetMember(ctx, account.Membership{ProjectID: h.Project, UserID: ann.ID, Role: account.Developer}, h.audit("member.changed")))
		left := first(h.Store.Invitations(ctx, h.Project))
		if len(left) != 1 || left[0].Email != "two@x.org" {
			h.T.Errorf("left %+v", left)
		}
		h.must(h.Store.RemoveMember(ctx, h.Project, bob.ID, h.audit("member.removed")))
		h.same(len(first(h.Store.Invitations(ctx, h.Project))), 0)
	}},
	{"links end with the right to make them: of somebody disabled, no admin any more, and of a key", func(h *Harness) {
		ctx, ann, bob := h.T.Context(), firstAdmin("ann@x.org"), firstAdmin("bob@x.org")
		h.must(h.Store.CreateUser(ctx, ann, h.audit("user.created")))
		h.must(h.Store.CreateUser(ctx, bob, h.audit("user.created")))
		h.must(h.Store.CreateUser(ctx, firstAdmin("eve@x.org"), h.audit("user.created")))
		owned := h.NewProject("owned")
		h.must(h.Store.SetMember(ctx, account.Membership{ProjectID: owned, UserID: ann.ID, Role: account.Owner}, h.audit("member.added")))
		key := h.NewKey(webhook.ProjectID{})
		by := func(email string, kind account.LinkKind, project webhook.ProjectID, actor webhook.Actor) {
			l := account.Link{
				ID: webhook.LinkID{UUID: mint.UUID(time.Now())}, Kind: kind, Hash: account.HashToken(mint.Token()), ProjectID: project,
				Email: email, Role: account.Viewer, ExpiresAt: moment().Add(time.Hour), CreatedBy: actor,
			}
			h.must(h.Store.CreateLink(ctx, l, h.audit("link.created")))
		}
		person := func(u account.User) webhook.Actor { return webhook.Actor{Type: webhook.ActorUser, ID: u.ID.UUID} }
		by("1@x.org", account.LinkInvitation, h.Project, person(ann))
		by("2@x.org", account.LinkInvitation, owned, person(ann))
		by("3@x.org", account.LinkSignIn, owned, person(ann))
		by("4@x.org", account.LinkInvitation, h.Project, person(bob))
		by("5@x.org", account.LinkSignIn, h.Project, webhook.Actor{Type: webhook.ActorKey, ID: key.ID.UUID})
		by("6@x.org", account.LinkInvitation, h.Project, webhook.Actor{Type: webhook.ActorKey, ID: key.ID.UUID})
		left := func(want ...string) {
			h.T.Helper()
			h.same(h.Texts("SELECT email FROM links ORDER BY email"), want)
		}
		ann.Role = account.Member
		h.rewrite(ann, "user.updated")
		left("2@x.org", "4@x.org", "5@x.org", "6@x.org")
		ann.DisabledAt = moment()
		h.rewrite(ann, "user.updated")
		left("4@x.org", "5@x.org", "6@x.org")
		h.must(h.Store.RevokeKey(ctx, key.ID, moment(), h.audit("key.revoked")))
		left("4@x.org")
	}},
	{"the last owner stays while there are others, also when two step down at once", func(h *Harness) {
		ctx, ann, bob, eve := h.T.Context(), h.NewUser("ann@x.org"), h.NewUser("bob@x.org"), h.NewUser("eve@x.org")
		set := func(u account.User, role account.Role) error {
			return h.Store.SetMember(ctx, account.Membership{ProjectID: h.Project, UserID: u.ID, Role: role}, h.audit("member.changed"))
		}
		remove := func(u account.User) error {
			return h.Store.RemoveMember(ctx, h.Project, u.ID, h.audit("member.removed"))
		}
		for range 4 {
			h.must(set(ann, account.Owner))
			h.must(set(bob, account.Owner))
			h.must(set(eve, account.Viewer))
			h.same(h.won(func(i int) error { return set([]account.User{ann, bob}[i], account.Viewer) }), 1)
			h.must(set(ann, account.Owner))
			h.must(set(bob, account.Owner))
			h.same(h.won(func(i int) error { return remove([]account.User{ann, bob}[i]) }), 1)
		}
		h.must(set(bob, account.Owner))
		h.must(set(ann, account.Owner))
		h.must(remove(ann))
		h.refused(webhook.KindConflict, func() error { return remove(bob) })
		h.must(remove(eve))
		h.must(remove(bob))
	}},
	{"an invitation that ran out is kept for a month, other links for a day", func(h *Harness) {
		invited := h.NewInvitation("a@x.org", h.NewUser("ann@x.org"))
		h.NewLink(account.LinkSignIn, "b@x.org")
		h.Exec("UPDATE links SET expires_at = %d", time.Now().Add(-25*time.Hour).UnixMilli())
		h.must(h.Store.Housekeep(h.T.Context(), 720*time.Hour))
		left := first(h.Store.Invitations(h.T.Context(), h.Project))
		if len(left) != 1 || left[0].ID != invited.ID || h.Number("SELECT count(*) FROM links") != 1 {
			h.T.Errorf("left %+v", left)
		}
		h.Exec("UPDATE links SET expires_at = %d", time.Now().Add(-31*24*time.Hour).UnixMilli())
		h.must(h.Store.Housekeep(h.T.Context(), 720*time.Hour))
		h.same(h.Number("SELECT count(*) FROM links"), int64(0))
	}},
}
