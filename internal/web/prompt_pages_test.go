package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/prompts"
	"github.com/bellwire/bellwire/internal/webhook"
)

// prompt makes a version in ours.
func (f *fixture) prompt(name, text string, labels ...string) {
	f.t.Helper()
	_, _, err := f.manage.CreatePrompt(f.t.Context(), system, f.ours.ID, name, prompts.Draft{
		Type: webhook.PromptText, Content: []byte(`"` + text + `"`), Config: []byte(`{"t":1}`), Labels: labels,
	})
	f.must(err)
}

func TestPrompts_are_found_by_folder_name_label_and_tag(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Viewer)
	b.get(f.path("prompts")).is(http.StatusOK).says("No prompt yet").hides("New prompt")
	f.prompt("support/billing/refund", "a", "production")
	f.prompt("support/hello", "b")
	f.prompt("movie-critic", "c", "staging")
	_, err := f.manage.SetPromptTags(t.Context(), system, f.ours.ID, "support/hello", []string{"team:ops"})
	f.must(err)
	top := b.get(f.path("prompts")).is(http.StatusOK).says("support/", "2 prompts", "movie-critic", "staging").hides("hello", "refund")
	if !top.offers(f.path("prompts") + "?folder=support") {
		t.Error("the folder can't be opened")
	}
	b.get(f.path("prompts")+"?folder=support").is(http.StatusOK).says("billing/", "1 prompt", "hello", "team:ops").hides("movie-critic")
	b.get(f.path("prompts")+"?q=REFUND").is(http.StatusOK).says("support/billing/refund", "name has").hides("hello")
	b.get(f.path("prompts") + "?label=production").is(http.StatusOK).says("support/billing/refund").hides("support/hello")
	b.get(f.path("prompts")+"?tag=team:ops").is(http.StatusOK).says("support/hello").hides("refund", "movie-critic")
	b.get(f.path("prompts") + "?tag=none").is(http.StatusOK).says("No prompt is like that")
	b.get(f.path("prompts") + "?folder=none").is(http.StatusOK).says("Nothing is here")
	for i := range 60 {
		f.prompt(fmt.Sprintf("many/p%02d", i), "x")
	}
	b.get(f.path("prompts")+"?folder=many").is(http.StatusOK).says("1–50 of 60", "p49", "Next page").hides("p50")
	b.get(f.path("prompts")+"?folder=many&page=2").is(http.StatusOK).says("51–60 of 60", "p50", "First page")
}

func TestPrompt_is_made_changed_compared_and_deleted_by_a_developer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	action, form := b.get(f.path("prompts", "new")).is(http.StatusOK).form("main form")
	form.Set("name", "support/billing")
	form.Set("prompt", "Be kind.\r\n<b>{{name}}</b>\r\nBye.")
	form.Set("labels", "production, qa")
	form.Set("tags", "team:ops\r\n\r\nfaq")
	form.Set("commitMessage", "The first <i>words</i>")
	b.follow(action, form).is(http.StatusOK).says("Version 1 of support/billing is made", "<b>{{name}}</b>", "The first <i>words</i>", "production", "team:ops", "developer@example.com")
	one := f.path("prompts", url.PathEscape("support/billing"))
	action, form = b.get(f.path("prompts", "new") + "?name=support%2Fbilling").is(http.StatusOK).says("New version of support/billing").form("main form")
	if got := strings.TrimPrefix(form.Get("prompt"), "\n"); got != "Be kind.\n<b>{{name}}</b>\nBye." || form.Get("name") != "support/billing" {
		t.Errorf("the form begins with %q of %q", got, form.Get("name"))
	}
	form.Set("prompt", "Be kind.\nCall them {{name}}.\nBye.")
	form.Set("config", `{"model": "m"}`)
	b.follow(action, form).is(http.StatusOK).says("Version 2 of support/billing is made: it holds latest.", "Call them", `"model"`)
	b.get(one+"?version=2&with=1").is(http.StatusOK).says("Version 1 beside version 2", "<b>{{name}}</b>", "Call them {{name}}.", "Bye.", "config:")
	b.get(one + "?version=1&with=1").is(http.StatusOK).hides("beside version")
	b.get(one + "?version=9").is(http.StatusNotFound)
	b.get(one + "?version=x").is(http.StatusNotFound)

	b.follow(one+"/labels", url.Values{"version": {"2"}, "labels": {"production  eu"}}).is(http.StatusOK).says("Version 2 holds production, eu, latest.")
	b.post(one+"/labels", url.Values{"version": {"2"}, "labels": {"Not Good"}}).is(http.StatusUnprocessableEntity).says("lowercase letters")
	b.post(one+"/labels", url.Values{"version": {"2"}, "labels": {"latest"}}).is(http.StatusUnprocessableEntity).says("always assigned to the latest")
	b.follow(one+"/tags", url.Values{"version": {"1"}, "tags": {"faq\nnew"}}).is(http.StatusOK).says("The tags are set.", "new").hides("team:ops")
	b.get(one+"?version=2").says("Programs that ask for production or eu get nothing", "The newest of the others becomes latest", "All its 2 versions go")
	b.follow(one+"/delete", url.Values{"version": {"2"}}).is(http.StatusOK).says("Version 2 of support/billing is deleted.", "It is the only version")
	b.follow(one+"/delete", nil).is(http.StatusOK).says("support/billing is deleted.", "No prompt yet")
	b.get(one).is(http.StatusNotFound)

	if got := f.actions(); !strings.Contains(got, "prompt.deleted prompt.version_deleted prompt.tagged prompt.labelled prompt.version_created prompt.version_created") {
		t.Errorf("the audit log has %s", got)
	}
	f.as(account.Owner).get(f.path("audit")+"?action=prompt").is(http.StatusOK).says("made a version of the prompt", "version 1: The first <i>words</i>", "moved labels of the prompt")
	events, err := f.manage.Events(t.Context(), system, webhook.EventFilter{ProjectID: f.ours.ID})
	f.must(err)
	// created; created, updated; updated twice; both labelled versions tagged; deleted, updated; deleted.
	if len(events.Items) != 10 {
		t.Errorf("%d events were published, want 10", len(events.Items))
	}
	for _, e := range events.Items {
		if e.PublishedBy.Type != webhook.ActorUser || e.PublishedBy.Name != "developer@example.com" {
			t.Errorf("an event is by %+v", e.PublishedBy)
		}
	}
}

func TestPromptForm_keeps_what_was_typed_and_says_what_is_wrong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.prompt("there", "x")
	b := f.as(account.Developer)
	for name, c := range map[string]struct {
		typed url.Values
		says  string
	}{
		"no name":        {url.Values{"type": {"text"}, "prompt": {"x"}}, "name is missing"},
		"broken chat":    {url.Values{"name": {"a"}, "type": {"chat"}, "prompt": {"[{"}}, "must be JSON"},
		"no chat":        {url.Values{"name": {"a"}, "type": {"chat"}, "prompt": {"{}"}}, "must be an array of messages"},
		"broken config":  {url.Values{"name": {"a"}, "type": {"text"}, "prompt": {"x"}, "config": {"{"}}, "must be JSON"},
		"a label":        {url.Values{"name": {"a"}, "type": {"text"}, "prompt": {"x"}, "labels": {"A"}}, "lowercase letters"},
		"another type":   {url.Values{"name": {"there"}, "type": {"chat"}, "prompt": {`[{"role":"user","content":"x"}]`}}, "Previous versions have different prompt type"},
		"a long message": {url.Values{"name": {"a"}, "type": {"text"}, "prompt": {"x"}, "commitMessage": {strings.Repeat("x", 501)}}, "at most 500 characters"},
	} {
		page := b.post(f.path("prompts", "new"), c.typed).is(http.StatusUnprocessableEntity).says(c.says)
		_, again := page.form("main form")
		for field, want := range c.typed {
			if got := strings.TrimPrefix(again.Get(field), "\n"); got != want[0] {
				t.Errorf("%s: %s is now %q, was %q", name, field, got, want[0])
			}
		}
	}
	b.follow(f.path("prompts", "new"), url.Values{"name": {"chat"}, "type": {"chat"}, "prompt": {`[{"role":"system","content":"Hi"},{"type":"placeholder","name":"history"}]`}}).
		is(http.StatusOK).says("system", "Hi", "placeholder", "history")
}

func TestPrompts_are_read_by_viewers_and_by_admins_who_leave_a_trace(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.prompt("there", "the words", "production")
	viewer := f.as(account.Viewer)
	page := viewer.get(f.path("prompts", "there")).is(http.StatusOK).says("the words").hides("New version", "Set the labels", "Delete")
	if page.offers(f.path("prompts", "new")) {
		t.Error("a viewer is offered to write")
	}
	for _, part := range []string{"labels", "tags", "delete"} {
		viewer.post(f.path("prompts", "there", part), url.Values{"version": {"1"}}).is(http.StatusForbidden)
	}
	viewer.get(f.path("prompts", "new")).is(http.StatusForbidden)
	viewer.post(f.path("prompts", "new"), url.Values{"name": {"x"}, "type": {"text"}}).is(http.StatusForbidden)
	f.user("root@example.com", account.Admin, "")
	f.signIn("root@example.com").get(f.path("prompts", "there")).is(http.StatusOK).says("the words")
	if got := f.actions(); strings.Count(got, "prompt.viewed") != 1 {
		t.Errorf("the audit log has %s", got)
	}
	f.user("help@example.com", account.Support, "")
	f.signIn("help@example.com").get(f.path("prompts", "there")).is(http.StatusForbidden).hides("the words")
}

func TestEndpoints_are_narrowed_to_those_that_take_prompts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, topics := range map[string][]string{"changes": {"prompt.updated"}, "everything": {"*"}, "prices": {"product.*"}} {
		f.endpoint(f.ours, func(s *webhook.Settings) { s.Name, s.Topics = name, topics })
	}
	b := f.as(account.Viewer)
	hooks := f.path("endpoints") + "?topic=prompt.*"
	if !b.get(f.path("prompts")).offers(hooks) {
		t.Error("the prompts do not lead to their webhooks")
	}
	b.get(hooks).is(http.StatusOK).says("changes", "everything", "takes prompt.*").hides("prices")
	b.get(hooks + "&q=every").is(http.StatusOK).says("everything").hides("changes")
	b.get(f.path("endpoints") + "?topic=nothing.*").is(http.StatusOK).says("No endpoint is like that")
}
