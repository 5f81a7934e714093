package manage_test

import (
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestProjectsAreFoundByIdAndByThePlatformsName(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	wide, narrow := b.wide(account.ScopeRead), b.narrow(account.ScopeRead)
	for _, ref := range []string{b.project.ID.String(), "ext:shop"} {
		if p := must[webhook.Project](t)(b.FindProject(t.Context(), wide, ref)); p.ID != b.project.ID {
			t.Errorf("%s: %v", ref, p)
		}
	}
	if p := must[webhook.Project](t)(b.FindProject(t.Context(), narrow, "")); p.ID != b.project.ID {
		t.Errorf("a key's own project: %v", p)
	}
	_, err := b.FindProject(t.Context(), wide, "")
	wantPlaces(t, "an instance key that names none", err, "projectId")
	_, err = b.FindProject(t.Context(), wide, "shop")
	wantPlaces(t, "neither id nor ext:", err, "projectId")
	_, missing := b.FindProject(t.Context(), narrow, "ext:nowhere")
	_, foreign := b.FindProject(t.Context(), narrow, "ext:another shop")
	wantKind(t, "another project", foreign, webhook.KindNotFound)
	if missing.Error() != foreign.Error() {
		t.Errorf("%v and %v differ", missing, foreign)
	}
}

func TestWhoeverMakesAProjectOwnsIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := b.person(account.Admin, "")
	p := must[webhook.Project](t)(b.CreateProject(t.Context(), admin, manage.NewProject{Name: " Third ", ExternalID: "t-3"}))
	roles := must[map[webhook.ProjectID]account.Role](t)(b.db.MembershipsOf(t.Context(), admin.User.ID))
	if p.Name != "Third" || roles[p.ID] != account.Owner {
		t.Errorf("%+v, roles %v", p, roles)
	}
	for name, n := range map[string]manage.NewProject{
		"name":       {Name: " "},
		"externalId": {Name: "x", ExternalID: "two\nlines"},
	} {
		_, err := b.CreateProject(t.Context(), admin, n)
		wantPlaces(t, name, err, name)
	}
	_, err := b.CreateProject(t.Context(), admin, manage.NewProject{Name: strings.Repeat("x", 201)})
	wantPlaces(t, "a long name", err, "name")
	_, err = b.CreateProject(t.Context(), b.developer(), manage.NewProject{Name: "x"})
	wantKind(t, "a developer", err, webhook.KindForbidden)
}

func TestSuspensionHoldsAndWakes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	on, off := true, false
	key := b.wide(account.ScopeManage)
	p := must[webhook.Project](t)(b.UpdateProject(t.Context(), key, b.project.ID, manage.ProjectPatch{Suspended: &on}))
	if !p.Suspended() || !b.db.projects[p.ID].Suspended() {
		t.Error("it is not suspended")
	}
	must[webhook.Project](t)(b.UpdateProject(t.Context(), key, b.project.ID, manage.ProjectPatch{Suspended: &on}))
	must[webhook.Project](t)(b.UpdateProject(t.Context(), key, b.project.ID, manage.ProjectPatch{Suspended: &off}))
	if got := strings.Join(b.actions(), " "); got != "project.suspended project.unsuspended" || b.woken != 2 {
		t.Errorf("audit %s, woken %d times", got, b.woken)
	}
	_, err := b.UpdateProject(t.Context(), b.person(account.Member, account.Owner), b.project.ID, manage.ProjectPatch{Suspended: &on})
	wantKind(t, "an owner suspends", err, webhook.KindForbidden)
}

func TestRenamingSaysWhatChangedAndNothingIfNothingDid(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	owner := b.person(account.Member, account.Owner)
	same, name, external := "Shop", "Boutique", "b-1"
	must[webhook.Project](t)(b.UpdateProject(t.Context(), owner, b.project.ID, manage.ProjectPatch{Name: &same}))
	if len(b.db.audit) != 0 {
		t.Errorf("audit %v", b.actions())
	}
	p := must[webhook.Project](t)(b.UpdateProject(t.Context(), owner, b.project.ID, manage.ProjectPatch{Name: &name, ExternalID: &external}))
	if p.Name != name || p.ExternalID != external || b.db.audit[0].Detail != "name: Shop → Boutique\nexternal id: shop → b-1" {
		t.Errorf("%+v, audit %q", p, b.db.audit[0].Detail)
	}
	wantKind(t, "a viewer deletes", b.DeleteProject(t.Context(), b.person(account.Member, account.Viewer), p.ID), webhook.KindForbidden)
	if err := b.DeleteProject(t.Context(), owner, p.ID); err != nil {
		t.Error(err)
	}
}

func TestPeopleListTheirOwnProjectsOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.developer()
	must[webhook.Page[webhook.Project]](t)(b.Projects(t.Context(), c, manage.ProjectFilter{Limit: 10}))
	if f := b.db.filters[0].(manage.ProjectFilter); f.Member != c.User.ID || f.Limit != 10 {
		t.Errorf("asked with %+v", f)
	}
	must[webhook.Page[webhook.Project]](t)(b.Projects(t.Context(), b.person(account.Support, ""), manage.ProjectFilter{}))
	if f := b.db.filters[1].(manage.ProjectFilter); !f.Member.IsZero() || f.Limit != 50 {
		t.Errorf("support asked with %+v", f)
	}
	page := must[webhook.Page[webhook.Project]](t)(b.Projects(t.Context(), b.narrow(account.ScopeRead), manage.ProjectFilter{}))
	if len(page.Items) != 1 || page.Items[0].ID != b.project.ID {
		t.Errorf("a project key lists %v", page.Items)
	}
	_, err := b.Projects(t.Context(), c, manage.ProjectFilter{Limit: 201})
	wantPlaces(t, "201 rows", err, "limit")
}
