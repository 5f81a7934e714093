package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/prompts"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/store/storetest"
	"github.com/bellwire/bellwire/internal/webhook"
)

// nobody takes no hand-offs.
type nobody struct{}

func (nobody) Reserve(webhook.EndpointID) bool { return false }
func (nobody) Release(webhook.EndpointID)      {}
func (nobody) Submit([]webhook.Job)            {}
func (nobody) Wake()                           {}

// registry is the prompt registry on a real database.
type registry struct {
	*storetest.Harness
	manage *manage.Service
	caller account.Caller
}

func onBoth(t *testing.T, test func(t *testing.T, r *registry)) {
	t.Helper()
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := storetest.NewHarness(t, database(t))
			s := manage.New(manage.Options{Store: h.Store, Now: time.Now, Changer: publish.New(h.Store, nobody{}, publish.Options{})})
			if err := s.SeedTopics(t.Context()); err != nil {
				t.Fatal(err)
			}
			user := account.User{ID: webhook.UserID{UUID: webhook.UUID{3}}, Name: "Ann", Role: account.Member}
			test(t, &registry{h, s, account.ForUser(user, map[webhook.ProjectID]account.Role{h.Project: account.Developer}, false, "")})
		})
	}
}

func (r *registry) text(content string) prompts.Draft {
	return prompts.Draft{Type: webhook.PromptText, Content: []byte(`"` + content + `"`), Config: []byte(`{}`)}
}

// The model: what the specification says of prompts, said once more.
type (
	modelVersion struct{ labels map[string]bool }
	modelPrompt  struct {
		tags     []string
		made     int
		versions map[int]*modelVersion
	}
	happening struct {
		Topic, Name            string
		Version                int
		Labels, Tags, Was, Had []string
	}
)

func words(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

func (p *modelPrompt) snapshot() map[int][]string {
	all := map[int][]string{}
	for n, v := range p.versions {
		all[n] = words(v.labels)
	}
	return all
}

// move puts labels on a version and takes them from the others.
func (p *modelPrompt) move(to int, labels ...string) {
	for _, l := range labels {
		for _, v := range p.versions {
			delete(v.labels, l)
		}
		p.versions[to].labels[l] = true
	}
}

// difference is what must have been told of a prompt that was so and is now so.
func (p *modelPrompt) difference(name string, was map[int][]string, had []string) (told []happening) {
	retagged := !slices.Equal(had, p.tags)
	for n, labels := range was {
		v := p.versions[n]
		switch {
		case v == nil:
			told = append(told, happening{"prompt.deleted", name, n, labels, had, labels, had})
		case !slices.Equal(words(v.labels), labels) || retagged && len(v.labels) > 0:
			told = append(told, happening{"prompt.updated", name, n, words(v.labels), p.tags, labels, had})
		}
	}
	for n, v := range p.versions {
		if _, old := was[n]; !old {
			told = append(told, happening{"prompt.created", name, n, words(v.labels), p.tags, nil, nil})
		}
	}
	return told
}

// subscription is an endpoint with a prompt filter, and whom the model takes it
// to be for.
type subscription struct {
	filter webhook.PromptFilter
	topics []string
}

func (s subscription) takes(h happening) bool {
	anyOf := func(wanted, there []string) bool {
		return len(wanted) == 0 || slices.ContainsFunc(wanted, func(w string) bool { return slices.Contains(there, w) })
	}
	named := len(s.filter.Names) == 0
	for _, glob := range s.filter.Names {
		// path.Match knows "*" within a folder; ours goes across.
		ok, err := path.Match(strings.ReplaceAll(glob, "/", "\x01"), strings.ReplaceAll(h.Name, "/", "\x01"))
		named = named || err == nil && ok
	}
	topic := slices.ContainsFunc(s.topics, func(t string) bool { return t == h.Topic || t == "prompt.*" || t == "*" })
	return topic && named && anyOf(s.filter.Tags, h.Tags) && anyOf(s.filter.Labels, h.Labels)
}

// TestAThousandRandomChangesTellWhatTheModelForetells: none missing, none extra,
// with what stood before, to whom the filters say.
func TestAThousandRandomChangesTellWhatTheModelForetells(t *testing.T) {
	t.Parallel()
	const changes = 1000
	onBoth(t, func(t *testing.T, r *registry) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		rnd := rand.New(rand.NewPCG(seed, 1))
		subscriptions := map[webhook.EndpointID]subscription{}
		for _, s := range []subscription{
			{webhook.PromptFilter{}, []string{"prompt.*"}},
			{webhook.PromptFilter{Names: []string{"production/*"}}, []string{"*"}},
			{webhook.PromptFilter{Names: []string{"*critic", "a?c"}}, []string{"prompt.updated"}},
			{webhook.PromptFilter{Tags: []string{"t1", "t9"}}, []string{"prompt.created", "prompt.deleted"}},
			{webhook.PromptFilter{Labels: []string{"production"}}, []string{"prompt.*"}},
			{webhook.PromptFilter{Names: []string{"production/*", "movie*"}, Tags: []string{"t1", "t2"}, Labels: []string{"latest", "staging"}}, []string{"prompt.*"}},
			{webhook.PromptFilter{Labels: []string{"nowhere"}}, []string{"prompt.*"}},
		} {
			e := r.Endpoint(func(set *webhook.Settings) { set.Topics, set.Prompt = s.topics, s.filter })
			subscriptions[e.ID] = s
		}
		model := map[string]*modelPrompt{}
		var foretold [][]happening
		for i := range changes {
			if told := r.randomChange(rnd, model); len(told) > 0 {
				foretold = append(foretold, told)
			}
			if i%100 == 99 {
				r.compareStates(model)
			}
		}
		if len(foretold) < changes/3 {
			t.Fatalf("only %d of %d changes changed anything", len(foretold), changes)
		}
		r.compareEvents(foretold, subscriptions)
		r.CheckInvariants("the changes")
	})
}

// randomChange makes one change, to the registry and to the model, and answers
// what must have been told.
func (r *registry) randomChange(rnd *rand.Rand, model map[string]*modelPrompt) []happening {
	r.T.Helper()
	ctx := r.T.Context()
	some := func(from []string, most int) []string {
		picked := []string{}
		for range rnd.IntN(most + 1) {
			if w := from[rnd.IntN(len(from))]; !slices.Contains(picked, w) {
				picked = append(picked, w)
			}
		}
		return picked
	}
	labels, tags := []string{"production", "staging", "canary", "qa"}, []string{"t1", "t2", "t3"}
	name := []string{"movie-critic", "production/movie", "production/a/b", "other"}[rnd.IntN(4)]
	p, there := model[name]
	if !there {
		p = &modelPrompt{versions: map[int]*modelVersion{}}
	}
	was, had := p.snapshot(), p.tags
	numbers := slices.Sorted(maps.Keys(p.versions))
	var err error
	switch pick := rnd.IntN(10); {
	case !there || pick < 3:
		d := r.text("x")
		d.Labels = some(labels, 3)
		if rnd.IntN(3) == 0 {
			d.Tags = some(tags, 3)
			p.tags = slices.Sorted(slices.Values(d.Tags))
		}
		_, _, err = r.manage.CreatePrompt(ctx, r.caller, r.Project, name, d)
		p.made++
		p.versions[p.made] = &modelVersion{map[string]bool{}}
		p.move(p.made, append(d.Labels, "latest")...)
		model[name] = p
	case pick < 6:
		n, moved := numbers[rnd.IntN(len(numbers))], some(labels, 3)
		_, err = r.manage.AddPromptLabels(ctx, r.caller, r.Project, name, n, moved)
		p.move(n, moved...)
	case pick < 7:
		n, kept := numbers[rnd.IntN(len(numbers))], some(labels, 2)
		_, err = r.manage.SetPromptLabels(ctx, r.caller, r.Project, name, n, kept)
		maps.DeleteFunc(p.versions[n].labels, func(l string, _ bool) bool { return l != "latest" })
		p.move(n, kept...)
	case pick < 9:
		p.tags = some(tags, 3)
		_, err = r.manage.SetPromptTags(ctx, r.caller, r.Project, name, p.tags)
		slices.Sort(p.tags)
	case len(numbers) > 1 && rnd.IntN(8) > 0:
		n := numbers[rnd.IntN(len(numbers))]
		which := manage.Which{Number: n}
		if on := words(p.versions[n].labels); len(on) > 0 {
			which = manage.Which{Label: on[rnd.IntN(len(on))]}
		}
		_, err = r.manage.DeletePrompt(ctx, r.caller, r.Project, name, which)
		latest := p.versions[n].labels["latest"]
		delete(p.versions, n)
		if latest {
			p.move(slices.Max(slices.Collect(maps.Keys(p.versions))), "latest")
		}
	default:
		_, err = r.manage.DeletePrompt(ctx, r.caller, r.Project, name, manage.Which{})
		p.versions = map[int]*modelVersion{}
		delete(model, name)
	}
	if err != nil {
		r.T.Fatalf("%s: %v", name, err)
	}
	return p.difference(name, was, had)
}

func (r *registry) compareStates(model map[string]*modelPrompt) {
	r.T.Helper()
	for name, p := range model {
		stored, _, err := r.manage.Prompt(r.T.Context(), r.caller, r.Project, name, manage.Which{})
		if err != nil {
			r.T.Fatal(err)
		}
		got := map[int][]string{}
		for _, v := range stored.Versions {
			got[v.Number] = slices.Sorted(slices.Values(v.Labels))
			if v.Labels == nil {
				got[v.Number] = nil
			}
		}
		if diff := cmp.Diff(p.snapshot(), got); diff != "" || stored.Made != p.made {
			r.T.Fatalf("%s, %d versions made of %d:\n%s", name, stored.Made, p.made, diff)
		}
	}
	heads, total, err := r.manage.Prompts(r.T.Context(), r.caller, webhook.PromptQuery{ProjectID: r.Project})
	if err != nil || total != len(model) || len(heads) != len(model) {
		r.T.Fatalf("%d prompts are listed of %d, want %d: %v", len(heads), total, len(model), err)
	}
}

// compareEvents reads all events, change by change, and to whom each went.
func (r *registry) compareEvents(foretold [][]happening, subscriptions map[webhook.EndpointID]subscription) {
	r.T.Helper()
	rows := r.Texts("SELECT %s FROM events ORDER BY seq", map[string]string{
		store.SQLite:   "hex(id) || topic || ' ' || CAST(data AS TEXT)",
		store.Postgres: "replace(id::text, '-', '') || topic || ' ' || convert_from(data, 'UTF8')",
	}[r.Store.Dialect()])
	sent := map[string][]string{}
	for _, row := range r.Texts("SELECT %s FROM deliveries", map[string]string{
		store.SQLite:   "hex(event_id) || hex(endpoint_id)",
		store.Postgres: "replace(event_id::text || endpoint_id::text, '-', '')",
	}[r.Store.Dialect()]) {
		row = strings.ToLower(row)
		sent[row[:32]] = append(sent[row[:32]], row[32:])
	}
	var told [][]happening
	last := ""
	for _, row := range rows {
		var data struct {
			Name, ChangeID string
			Version        int
			Labels, Tags   []string
			Previous       struct{ Labels, Tags []string }
			Actor          struct{ Type, Name string }
		}
		id, topic, _ := strings.Cut(row[32:], " ")
		if err := json.Unmarshal([]byte(topic), &data); err != nil || data.Actor.Type != "user" || data.Actor.Name != "Ann" {
			r.T.Fatalf("%v in %s", err, row)
		}
		for _, list := range [][]string{data.Labels, data.Tags, data.Previous.Labels, data.Previous.Tags} {
			slices.Sort(list)
		}
		h := happening{id, data.Name, data.Version, data.Labels, data.Tags, data.Previous.Labels, data.Previous.Tags}
		if data.ChangeID != last {
			told, last = append(told, nil), data.ChangeID
		}
		told[len(told)-1] = append(told[len(told)-1], h)
		r.compareReach(h, sent[strings.ToLower(row[:32])], subscriptions)
	}
	byVersion := func(a, b happening) int { return a.Version - b.Version }
	for _, all := range [][][]happening{told, foretold} {
		for _, change := range all {
			slices.SortFunc(change, byVersion)
		}
	}
	if diff := cmp.Diff(foretold, told, cmp.Comparer(func(a, b []string) bool { return slices.Equal(a, b) })); diff != "" {
		r.T.Fatalf("foretold (-) and told (+):\n%.3000s", diff)
	}
}

func (r *registry) compareReach(h happening, got []string, subscriptions map[webhook.EndpointID]subscription) {
	r.T.Helper()
	var want []string
	for id, s := range subscriptions {
		if s.takes(h) {
			want = append(want, strings.ReplaceAll(id.String(), "-", ""))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		r.T.Fatalf("%+v went to %v, want %v", h, got, want)
	}
}

func TestChangesOfOnePromptAtOnceWaitForEachOther(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *registry) {
		const writers, each = 8, 5
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for i := range each {
					d := r.text("x")
					d.Labels = []string{"production"}
					_, v, err := r.manage.CreatePrompt(t.Context(), r.caller, r.Project, "busy", d)
					if err == nil && i%2 == 0 {
						_, err = r.manage.AddPromptLabels(t.Context(), r.caller, r.Project, "busy", v.Number, []string{"staging"})
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		p, _, err := r.manage.Prompt(t.Context(), r.caller, r.Project, "busy", manage.Which{})
		if err != nil {
			t.Fatal(err)
		}
		holders := map[string]int{}
		for i, v := range p.Versions {
			if v.Number != i+1 {
				t.Errorf("version %d is number %d", i+1, v.Number)
			}
			for _, l := range v.Labels {
				holders[l]++
			}
		}
		if len(p.Versions) != writers*each || holders["latest"] != 1 || holders["production"] != 1 || holders["staging"] != 1 {
			t.Errorf("%d versions, labels %v", len(p.Versions), holders)
		}
		if n := r.Number("SELECT count(*) FROM events WHERE topic = 'prompt.created'"); n != writers*each {
			t.Errorf("%d versions were told of", n)
		}
	})
}

func TestAPromptsChangeThatFailsLeavesNeitherItNorItsEvents(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *registry) {
		r.Endpoint()
		if _, _, err := r.manage.CreatePrompt(t.Context(), r.caller, r.Project, "p", r.text("first")); err != nil {
			t.Fatal(err)
		}
		counts := func() [4]int64 {
			return [4]int64{r.Number("SELECT count(*) FROM prompt_versions"), r.Number("SELECT count(*) FROM events"),
				r.Number("SELECT count(*) FROM deliveries"), r.Number("SELECT count(*) FROM audit WHERE action LIKE 'prompt.%%'")}
		}
		before := counts()
		if r.Store.Dialect() == store.SQLite {
			r.Exec(`CREATE TRIGGER refuse BEFORE INSERT ON deliveries BEGIN SELECT RAISE(ABORT, 'no'); END`)
		} else {
			r.Exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$`)
			r.Exec(`CREATE TRIGGER refuse BEFORE INSERT ON deliveries FOR EACH ROW EXECUTE FUNCTION refuse()`)
		}
		for name, change := range map[string]func(context.Context) error{
			"create": func(ctx context.Context) error {
				_, _, err := r.manage.CreatePrompt(ctx, r.caller, r.Project, "p", r.text("second"))
				return err
			},
			"tags": func(ctx context.Context) error {
				_, err := r.manage.SetPromptTags(ctx, r.caller, r.Project, "p", []string{"t"})
				return err
			},
			"delete": func(ctx context.Context) error {
				_, err := r.manage.DeletePrompt(ctx, r.caller, r.Project, "p", manage.Which{})
				return err
			},
		} {
			if err := change(t.Context()); err == nil || counts() != before {
				t.Errorf("%s: %v, %v became %v", name, err, before, counts())
			}
		}
		r.Exec("%s", map[string]string{store.SQLite: "DROP TRIGGER refuse", store.Postgres: "DROP TRIGGER refuse ON deliveries"}[r.Store.Dialect()])
		p, v, err := r.manage.Prompt(t.Context(), r.caller, r.Project, "p", manage.Which{})
		if err != nil || p.Made != 1 || len(p.Tags) != 0 || string(v.Content) != `"first"` {
			t.Errorf("%v: %+v", err, p)
		}
	})
}

func TestPromptsAreFoundAndEndWithTheirProject(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *registry) {
		for name, d := range map[string]prompts.Draft{
			"Support/Billing": {Labels: []string{"production"}, Tags: []string{"ops", "x%y"}}, "support/refund": {Tags: []string{"ops"}}, "supporters": {Labels: []string{"prod"}}, "a_c": {},
		} {
			d.Type, d.Content, d.Config = webhook.PromptChat, []byte(`[{"role":"user","content":"hi"}]`), []byte(`{"k":1}`)
			if _, _, err := r.manage.CreatePrompt(t.Context(), r.caller, r.Project, name, d); err != nil {
				t.Fatal(err)
			}
		}
		other := r.NewProject("other")
		for name, c := range map[string]struct {
			query webhook.PromptQuery
			want  string
		}{
			"all":             {webhook.PromptQuery{}, "Support/Billing a_c support/refund supporters"},
			"by name":         {webhook.PromptQuery{Name: "a_c"}, "a_c"},
			"by part":         {webhook.PromptQuery{Search: "SUPPORT/"}, "Support/Billing support/refund"},
			"by part, no %":   {webhook.PromptQuery{Search: "a%"}, ""},
			"by folder":       {webhook.PromptQuery{Folder: "support"}, "support/refund"},
			"directly":        {webhook.PromptQuery{Direct: true}, "a_c supporters"},
			"directly in one": {webhook.PromptQuery{Direct: true, Folder: "support"}, "support/refund"},
			"by label":        {webhook.PromptQuery{Label: "prod"}, "supporters"},
			"by tag":          {webhook.PromptQuery{Tag: "ops"}, "Support/Billing support/refund"},
			"by both":         {webhook.PromptQuery{Tag: "x%y", Label: "production"}, "Support/Billing"},
			"of the future":   {webhook.PromptQuery{Since: time.Now().Add(time.Hour)}, ""},
			"of the past":     {webhook.PromptQuery{Until: time.Now().Add(time.Hour), Limit: 1, Skip: 1}, "a_c"},
			"another's":       {webhook.PromptQuery{ProjectID: other}, ""},
			"label in a name": {webhook.PromptQuery{Label: "latest\nprod"}, ""},
		} {
			if c.query.ProjectID.IsZero() {
				c.query.ProjectID = r.Project
			}
			heads, total, err := r.Store.Prompts(t.Context(), c.query)
			var names []string
			for _, h := range heads {
				names = append(names, h.Name)
			}
			slices.Sort(names)
			if got := strings.Join(names, " "); err != nil || got != c.want && c.query.Skip == 0 || c.query.Skip == 0 && total != len(names) || c.query.Skip > 0 && total != 4 {
				t.Errorf("%s: %q of %d, %v", name, got, total, err)
			}
		}
		r.checkReads(other)
		entry := webhook.AuditEntry{ID: webhook.AuditID{UUID: webhook.UUID{1}}, At: time.Now(), ProjectID: r.Project, Action: "project.deleted", Actor: r.caller.Actor}
		if err := r.Store.DeleteProject(t.Context(), r.Project, entry); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := r.Store.Housekeep(t.Context(), 720*time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		if n := r.Number("SELECT (SELECT count(*) FROM prompts) + (SELECT count(*) FROM prompt_versions) + (SELECT count(*) FROM projects WHERE deleted_at <> 0)"); n != 0 {
			t.Errorf("%d rows are left of the deleted project", n)
		}
	})
}

// checkReads: what lists read beside the heads, and nothing for another project.
func (r *registry) checkReads(other webhook.ProjectID) {
	r.T.Helper()
	ctx := r.T.Context()
	p, err := r.Store.Prompt(ctx, r.Project, "a_c")
	if err != nil {
		r.T.Fatal(err)
	}
	ids := []webhook.PromptID{p.ID}
	numbers, configs, err := r.Store.PromptNumbers(ctx, r.Project, ids)
	if err != nil || fmt.Sprint(numbers[p.ID]) != "[1]" || string(configs[p.ID]) != `{"k":1}` {
		r.T.Errorf("numbers %v, configs %s, %v", numbers, configs[p.ID], err)
	}
	if numbers, configs, err = r.Store.PromptNumbers(ctx, other, ids); err != nil || len(numbers)+len(configs) != 0 {
		r.T.Errorf("another project sees %v, %v, %v", numbers, configs, err)
	}
	if _, err := r.Store.Prompt(ctx, other, "a_c"); webhook.KindOf(err) != webhook.KindNotFound {
		r.T.Errorf("another project reads the prompt: %v", err)
	}
	if _, err := r.Store.PromptVersion(ctx, other, p.Versions[0].ID); webhook.KindOf(err) != webhook.KindNotFound {
		r.T.Errorf("another project reads the version: %v", err)
	}
	labels, tags, err := r.Store.PromptWords(ctx, r.Project, 2)
	if err != nil || strings.Join(labels, " ") != "latest prod" || strings.Join(tags, " ") != "ops x%y" {
		r.T.Errorf("words %v, %v, %v", labels, tags, err)
	}
	names, err := r.Store.PromptNames(ctx, webhook.PromptQuery{ProjectID: r.Project, Folder: "support"})
	if err != nil || strings.Join(names, " ") != "support/refund" {
		r.T.Errorf("names %v, %v", names, err)
	}
}
