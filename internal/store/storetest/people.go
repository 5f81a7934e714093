package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// scene is one sentence about the store that must hold on each dialect.
type scene struct {
	name string
	run  func(h *Harness)
}

// RunPeople runs the part of the suite that is about what people see and do;
// database gives the URL of a fresh database.
func RunPeople(t *testing.T, database func(testing.TB) string) {
	for _, part := range []struct {
		name   string
		scenes []scene
	}{
		{"projects", projects}, {"accounts", accounts}, {"proofs", proofs}, {"sealed", sealed}, {"slacks", slacks}, {"invitations", invitations}, {"topics", topics}, {"endpoints", endpoints}, {"secrets", secrets},
		{"deliveries", deliveries}, {"events", events}, {"reports", reports}, {"others", others}, {"windows", windows}, {"finding", finding}, {"products", products},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range part.scenes {
				t.Run(s.name, func(t *testing.T) {
					t.Parallel()
					s.run(NewHarness(t, database(t)))
				})
			}
		})
	}
}

// must stops the test at an error.
func (h *Harness) must(err error) {
	h.T.Helper()
	if err != nil {
		h.T.Fatal(err)
	}
}

// refused wants an error of a kind, and nothing written to the audit log.
func (h *Harness) refused(kind webhook.Kind, act func() error) {
	h.T.Helper()
	before := h.Number("SELECT count(*) FROM audit")
	err := act()
	if err == nil || webhook.KindOf(err) != kind {
		h.T.Errorf("got error %v of kind %d, want kind %d", err, webhook.KindOf(err), kind)
	}
	if after := h.Number("SELECT count(*) FROM audit"); after != before {
		h.T.Errorf("a refused act wrote %d audit entries", after-before)
	}
}

// same compares what was read with what was written.
func (h *Harness) same(got, want any) {
	h.T.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		h.T.Errorf("differs (-want +got):\n%s", diff)
	}
}

// got is the value of a call that must work.
func got[T any](h *Harness, value T, err error) T {
	h.T.Helper()
	h.must(err)
	return value
}

// all follows the cursors of a list to its end and checks that no page is
// longer than asked for.
func all[T any](h *Harness, limit int, list func(cursor string) (webhook.Page[T], error)) []T {
	h.T.Helper()
	var items []T
	for cursor := ""; ; {
		page, err := list(cursor)
		h.must(err)
		if len(page.Items) > limit {
			h.T.Fatalf("a page of %d items, want at most %d", len(page.Items), limit)
		}
		items = append(items, page.Items...)
		if cursor = page.Next; cursor == "" {
			return items
		}
		if len(items) > 10_000 {
			h.T.Fatal("the list has no end")
		}
	}
}

// moment is now as the database keeps it.
func moment() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// NewUser makes a user with an email.
func (h *Harness) NewUser(email string) account.User {
	h.T.Helper()
	u := account.User{ID: webhook.UserID{UUID: mint.UUID(time.Now())}, Email: email, Role: account.Member, CreatedAt: moment()}
	h.must(h.Store.CreateUser(h.T.Context(), u, h.audit("user.created")))
	return u
}

var projects = []scene{
	{"a project is read as it was written", func(h *Harness) {
		want := webhook.Project{ID: webhook.ProjectID{UUID: mint.UUID(time.Now())}, Name: "Åse's shop", ExternalID: "agent-7", CreatedAt: moment(), Catalogue: 1}
		h.must(h.Store.CreateProject(h.T.Context(), want, h.audit("project.created")))
		h.same(got(h.project(want.ID)), want)
		byName, err := h.Store.ProjectByExternalID(h.T.Context(), "agent-7")
		h.must(err)
		h.same(byName, want)
	}},
	{"an external id is taken once, the empty one by anybody", func(h *Harness) {
		first, second := h.NewProject("a"), h.NewProject("b")
		h.must(h.Store.UpdateProject(h.T.Context(), webhook.Project{ID: first, Name: "a", ExternalID: "x"}, h.audit("project.updated")))
		h.refused(webhook.KindConflict, func() error {
			return h.Store.UpdateProject(h.T.Context(), webhook.Project{ID: second, Name: "b", ExternalID: "x"}, h.audit("project.updated"))
		})
		h.refused(webhook.KindConflict, func() error {
			p := webhook.Project{ID: webhook.ProjectID{UUID: mint.UUID(time.Now())}, Name: "c", ExternalID: "x"}
			return h.Store.CreateProject(h.T.Context(), p, h.audit("project.created"))
		})
		h.refused(webhook.KindNotFound, func() error {
			_, err := h.Store.ProjectByExternalID(h.T.Context(), "")
			return err
		})
		h.must(h.Store.DeleteProject(h.T.Context(), first, h.audit("project.deleted")))
		h.must(h.Store.UpdateProject(h.T.Context(), webhook.Project{ID: second, Name: "b", ExternalID: "x"}, h.audit("project.updated")))
	}},
	{"projects are listed by name over pages, narrowed by query and member", func(h *Harness) {
		user := h.NewUser("ann@example.com")
		for _, name := range []string{"Delta", "alpha", "charlie", "Bravo", "alpha", "100%"} {
			id := h.NewProject(name)
			if name == "alpha" {
				h.must(h.Store.SetMember(h.T.Context(), account.Membership{ProjectID: id, UserID: user.ID, Role: account.Viewer, CreatedAt: moment()}, h.audit("member.added")))
			}
		}
		names := func(f webhook.ProjectFilter) []string {
			f.Limit = 2
			list := all(h, 2, func(cursor string) (webhook.Page[webhook.Project], error) {
				f.Cursor = cursor
				return h.Store.Projects(h.T.Context(), f)
			})
			out := []string{}
			for _, p := range list {
				out = append(out, p.Name)
			}
			return out
		}
		h.same(names(webhook.ProjectFilter{}), []string{"100%", "alpha", "alpha", "Bravo", "charlie", "Delta", "shop"})
		h.same(names(webhook.ProjectFilter{Query: "HA"}), []string{"alpha", "alpha", "charlie"})
		h.same(names(webhook.ProjectFilter{Query: "%"}), []string{"100%"})
		h.same(names(webhook.ProjectFilter{Member: user.ID}), []string{"alpha", "alpha"})
	}},
	{"a cursor of another list is refused", func(h *Harness) {
		for _, cursor := range []string{"!", "aQ", "bm90IGEgY3Vyc29y"} {
			h.refused(webhook.KindInvalid, func() error {
				_, err := h.Store.Projects(h.T.Context(), webhook.ProjectFilter{Cursor: cursor})
				return err
			})
			h.refused(webhook.KindInvalid, func() error {
				_, err := h.Store.Deliveries(h.T.Context(), webhook.DeliveryFilter{Cursor: cursor})
				return err
			})
		}
	}},
	{"suspending holds every delivery and lets them go again", func(h *Harness) {
		e := h.Endpoint()
		h.Publish(e)
		before := got(h.project(h.Project))
		h.must(h.Store.SuspendProject(h.T.Context(), h.Project, moment(), h.audit("project.suspended")))
		if p := got(h.project(h.Project)); !p.Suspended() || p.Catalogue <= before.Catalogue {
			h.T.Errorf("not suspended or the catalogue stood still: %+v", p)
		}
		if jobs := h.Claim(10); len(jobs) != 0 {
			h.T.Errorf("claimed %d deliveries of a suspended project", len(jobs))
		}
		h.CheckInvariants("suspending")
		h.must(h.Store.SuspendProject(h.T.Context(), h.Project, time.Time{}, h.audit("project.unsuspended")))
		h.ClaimOne()
	}},
	{"a deleted project is gone for everybody at once and its rows follow", deletedProject},
	{"members are added, changed and removed", func(h *Harness) {
		user := h.NewUser("bob@example.com")
		m := account.Membership{ProjectID: h.Project, UserID: user.ID, Email: user.Email, Role: account.Viewer, CreatedAt: moment()}
		h.must(h.Store.SetMember(h.T.Context(), m, h.audit("member.added")))
		h.same(got(h.members()), []account.Membership{m})
		changed := m
		changed.Role, changed.CreatedAt = account.Owner, m.CreatedAt.Add(time.Hour)
		h.must(h.Store.SetMember(h.T.Context(), changed, h.audit("member.changed")))
		m.Role = account.Owner
		h.same(got(h.members()), []account.Membership{m})
		roles, err := h.Store.MembershipsOf(h.T.Context(), user.ID)
		h.must(err)
		h.same(roles, map[webhook.ProjectID]account.Role{h.Project: account.Owner})
		h.must(h.Store.RemoveMember(h.T.Context(), h.Project, user.ID, h.audit("member.removed")))
		h.same(got(h.members()), []account.Membership{})
		h.refused(webhook.KindNotFound, func() error {
			return h.Store.RemoveMember(h.T.Context(), h.Project, user.ID, h.audit("member.removed"))
		})
		h.refused(webhook.KindNotFound, func() error {
			m.UserID = webhook.UserID{UUID: mint.UUID(time.Now())}
			return h.Store.SetMember(h.T.Context(), m, h.audit("member.added"))
		})
	}},
}

func (h *Harness) project(id webhook.ProjectID) (*Harness, webhook.Project, error) {
	p, err := h.Store.Project(h.T.Context(), id)
	return h, p, err
}

func (h *Harness) members() (*Harness, []account.Membership, error) {
	m, err := h.Store.Members(h.T.Context(), h.Project)
	return h, m, err
}

func deletedProject(h *Harness) {
	ctx := h.T.Context()
	e := h.Endpoint()
	waiting := h.Publish(e, h.Endpoint())
	h.Record(h.Delivered(h.Claim(1)[0]))
	key := h.NewKey(h.Project)
	user := h.NewUser("carl@example.com")
	h.must(h.Store.SetMember(ctx, account.Membership{ProjectID: h.Project, UserID: user.ID, Role: account.Owner, CreatedAt: moment()}, h.audit("member.added")))
	h.must(h.Store.DeleteProject(ctx, h.Project, h.audit("project.deleted")))

	for what, err := range map[string]error{
		"project":  second(h.Store.Project(ctx, h.Project)),
		"endpoint": second(h.Store.Endpoint(ctx, h.Project, e.ID)),
		"owner":    second(h.Store.EndpointOwner(ctx, e.ID)),
		"delivery": second(h.Store.Delivery(ctx, h.Project, waiting[0].ID)),
		"event":    second(h.Store.Event(ctx, webhook.ProjectID{}, waiting[0].EventID)),
		"key":      second(h.Store.KeyByHash(ctx, key.Hash)),
		"again":    h.Store.DeleteProject(ctx, h.Project, h.audit("project.deleted")),
	} {
		if webhook.KindOf(err) != webhook.KindNotFound {
			h.T.Errorf("%s: got %v, want not found", what, err)
		}
	}
	if roles := first(h.Store.MembershipsOf(ctx, user.ID)); len(roles) != 0 {
		h.T.Errorf("still a member: %v", roles)
	}
	if jobs := h.Claim(10); len(jobs) != 0 {
		h.T.Errorf("claimed %d deliveries of a deleted project", len(jobs))
	}
	audited := h.Number("SELECT count(*) FROM audit")
	for range 2 { // deliveries are cancelled in the first round at the latest
		h.must(h.Store.Housekeep(ctx, 720*time.Hour))
	}
	for _, table := range []string{"projects", "endpoints", "endpoint_versions", "endpoint_queue", "secrets", "deliveries", "attempts", "events", "keys", "members"} {
		if n := h.Number("SELECT count(*) FROM %s", table); n != 0 {
			h.T.Errorf("%d rows left in %s", n, table)
		}
	}
	if n := h.Number("SELECT count(*) FROM audit"); n != audited {
		h.T.Errorf("%d audit entries, want %d", n, audited)
	}
}

func first[T any](value T, _ error) T { return value }

func second[T any](_ T, err error) error { return err }
