package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// operator is a browser of an admin of the instance, who is a developer of ours.
func (f *fixture) operator() *browser {
	f.t.Helper()
	f.user("root@example.com", account.Admin, account.Developer)
	return f.signIn("root@example.com")
}

func TestTopic_is_added_changed_deprecated_and_deleted_by_an_operator(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.operator()
	add := f.path("new-topic")
	if !b.get(f.path("topics")).is(http.StatusOK).offers(add) {
		t.Error("the list does not offer to add one")
	}
	action, form := b.get(add).is(http.StatusOK).form("main form")
	form.Set("name", "order.placed")
	form.Set("description", "An order <b>was</b> placed.")
	form.Set("example", `{"id":"7","note":"x"}`)
	one := f.path("topics", "order.placed")
	b.follow(action, form).is(http.StatusOK).says("order.placed is in the catalogue", "An order <b>was</b> placed.", "string", "required", "Of this platform").hides("<b>was</b>")
	b.get(f.path("events", "new") + "?topic=order.placed").is(http.StatusOK).says(`"note": "x"`)

	edit, form := b.get(one + "/edit").is(http.StatusOK).form("main form")
	form.Set("description", "An order was paid.")
	form.Set("warnOnly", "true")
	b.follow(edit, form).is(http.StatusOK).says("Saved.", "An order was paid.", "taken with a warning")
	draft, values := f.draft(b, "?topic=order.placed")
	values.Set("data", `{"id":7}`)
	b.follow(draft, values).is(http.StatusOK).says("Published.", "Taken with a warning: data.id must be string")

	b.follow(one+"/deprecate", url.Values{"deprecated": {"true"}}).is(http.StatusOK).says("order.placed is deprecated", "nothing new should be built on it", "Take back the deprecation")
	if b.get(one).offers(f.path("endpoints", "new")) {
		t.Error("the page of a deprecated topic asks to build on it")
	}
	b.get(f.path("topics")).says("deprecated")
	b.get(f.path("events", "new")+"?topic=order.placed").says("nothing new should be built on it", "order.placed (deprecated)").hides("Make an endpoint")
	b.follow(one+"/deprecate", url.Values{"deprecated": {"false"}}).says("not deprecated any more")

	f.endpoint(f.theirs, func(s *webhook.Settings) { s.Name, s.Topics = "ledger", []string{"order.placed"} })
	if b.get(one).is(http.StatusOK).says("can't be deleted while 1 endpoint names it in full", "ledger").offers(one + "/delete") {
		t.Error("it is offered to be deleted while an endpoint names it")
	}
	b.post(one+"/delete", nil).is(http.StatusConflict)
	f.endpoint(f.ours, func(s *webhook.Settings) { s.Name, s.Topics = "all", []string{"order.*"} })
	other := url.Values{"name": {"order.shipped"}, "group": {"store"}}
	b.follow(add, other).is(http.StatusOK).says("It has no schema: any JSON object is taken.", "It has no example either", "by order.*")
	b.follow(f.path("topics", "order.shipped", "delete"), nil).says("order.shipped is deleted.")
	b.get(f.path("topics", "order.shipped")).is(http.StatusNotFound)
}

func TestTopicForm_keeps_what_was_typed_and_says_where_it_is_wrong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.operator()
	typed := url.Values{
		"name": {"order.placed"}, "group": {"store"}, "description": {"words"}, "warnOnly": {"true"}, "searchKeys": {"a\nb\nc\nd"},
		"schema": {"{\n  \"type\": \"object\",\n  \"properties\": {\n    \"id\": { \"type\": \"thing\" }\n  }\n}"}, "example": {"[1]"},
	}
	page := b.post(f.path("new-topic"), typed).is(http.StatusUnprocessableEntity).says("can be at most 3", "schema.properties.id.type", "line 4", "must be a JSON object")
	_, again := page.form("main form")
	for name, want := range typed {
		if got := strings.TrimPrefix(again.Get(name), "\n"); got != want[0] {
			t.Errorf("%s is now %q, was %q", name, got, want[0])
		}
	}
	for schema, line := range map[string]string{"{\n  \"type\": \"object\",\n  oops\n}": "line 3", "{\n \"type\": ": "line 2", "\n\n[": "line 3"} {
		b.post(f.path("new-topic"), url.Values{"name": {"x"}, "schema": {schema}}).is(http.StatusUnprocessableEntity).says(line)
	}
	for name, want := range map[string]string{"": "name", "two words": "name", "product.viewed": "there is a topic product.viewed already", "endpoint.mine": ""} {
		page := b.post(f.path("new-topic"), url.Values{"name": {name}})
		if name != "endpoint.mine" {
			page.is(http.StatusUnprocessableEntity)
		}
		if !strings.Contains(strings.ToLower(page.text()), want) {
			t.Errorf("%q: %s", name, page.text())
		}
	}
}

func TestTopicForm_of_one_that_ships_asks_only_for_its_handling(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.operator()
	one := f.path("topics", "product.viewed")
	page := b.get(one + "/edit").is(http.StatusOK).says("This topic ships with Bellwire")
	action, form := page.form("main form")
	if page.doc().Find("textarea, [name=group]").Length() != 0 {
		t.Error("its shape can be changed")
	}
	form.Set("deprecated", "true")
	form.Set("schema", `{"required":["x"]}`)
	b.follow(action, form).says("Saved.", "It is deprecated")
	got, err := f.manage.Topic(t.Context(), system, "product.viewed")
	f.must(err)
	if !got.Deprecated || strings.Contains(string(got.Schema), `"x"`) {
		t.Errorf("%+v", got)
	}
	if b.get(one).says("It ships with Bellwire, so it can't be deleted.").offers(one + "/delete") {
		t.Error("it is offered to be deleted")
	}
	if b.get(f.path("topics", "endpoint.paused")).is(http.StatusOK).offers(f.path("topics", "endpoint.paused", "edit")) {
		t.Error("a topic that Bellwire makes itself is offered to be changed")
	}
}

func TestTopics_are_read_by_members_and_changed_by_operators_only(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, err := f.manage.CreateTopic(t.Context(), system, webhook.Topic{Name: "order.placed"})
	f.must(err)
	f.user("help@example.com", account.Support, "")
	before := f.actions()
	for who, b := range map[string]*browser{"owner": f.as(account.Owner), "developer": f.as(account.Developer), "viewer": f.as(account.Viewer), "support": f.signIn("help@example.com")} {
		if b.get(f.path("topics")).is(http.StatusOK).says("order.placed").offers(f.path("new-topic")) {
			t.Errorf("%s is offered to add a topic", who)
		}
		one := f.path("topics", "order.placed")
		page := b.get(one).is(http.StatusOK).hides("Operate")
		for _, act := range []string{"edit", "deprecate", "delete"} {
			if page.offers(one + "/" + act) {
				t.Errorf("%s is offered to %s it", who, act)
			}
			b.post(one+"/"+act, url.Values{"deprecated": {"true"}}).is(http.StatusForbidden)
		}
		b.get(one + "/edit").is(http.StatusForbidden)
		b.get(f.path("new-topic")).is(http.StatusForbidden)
		b.post(f.path("new-topic"), url.Values{"name": {"mine"}}).is(http.StatusForbidden)
	}
	if after := f.actions(); strings.Contains(strings.TrimSuffix(after, before), "topic.") {
		t.Errorf("something was changed: %s", after)
	}
	topic, err := f.manage.Topic(t.Context(), system, "order.placed")
	f.must(err)
	if topic.Deprecated {
		t.Error("it was deprecated")
	}
}

func TestTopicPage_tells_who_takes_it_in_this_project_alone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hostile := `"><img src=x onerror=alert(1)>`
	f.endpoint(f.ours, func(s *webhook.Settings) { s.Name, s.Topics = hostile, []string{"product.*"} })
	f.endpoint(f.theirs, func(s *webhook.Settings) { s.Name = "their-orders" })
	_, err := f.manage.CreateTopic(t.Context(), system, webhook.Topic{
		Name: "product.odd", Description: hostile, Schema: []byte(`{"properties":{"<img src=x>":{"type":"string","description":"<script>alert(1)</script>","enum":["<script>alert(1)</script>"]}}}`), Example: []byte(`{"<img src=x>":"<script>alert(1)</script>"}`),
	})
	f.must(err)
	b := f.operator()
	for _, path := range []string{f.path("topics"), f.path("topics", "product.odd"), f.path("topics", "product.odd", "edit"), f.path("events", "new") + "?topic=product.odd"} {
		b.get(path).is(http.StatusOK).hides("<img src=x", "<script>alert(1)", "their-orders")
	}
	b.get(f.path("topics", "product.odd")).says(hostile, "by product.*", "<script>alert(1)</script>")
}

func TestTopics_are_found_by_a_part_of_name_or_description_among_many(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 60 {
		_, err := f.manage.CreateTopic(t.Context(), system, webhook.Topic{Name: fmt.Sprintf("family_%d.thing_%d", i/10, i), Description: fmt.Sprintf("The %dth thing", i)})
		f.must(err)
	}
	b := f.as(account.Viewer)
	rows := func(q string) int {
		return b.get(f.path("topics") + "?q=" + url.QueryEscape(q)).is(http.StatusOK).doc().Find("tbody tr").Length()
	}
	if all, family, words := rows(""), rows("Family_3"), rows("59th THING"); all != 60+18 || family != 10 || words != 1 {
		t.Errorf("%d of all, %d of a family, %d by words", all, family, words)
	}
	b.get(f.path("topics") + "?q=nothing-like-it").says("No topic has that in its name or description").offers(f.path("topics"))
}
