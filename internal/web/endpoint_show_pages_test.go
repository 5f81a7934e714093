package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/snippet"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestEndpointPage_teaches_while_nothing_was_sent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	e := f.endpoint(f.ours)
	one := f.path("endpoints", e.ID.String())
	page := b.get(one).is(http.StatusOK).says("No event was sent to it yet", "Send a test", "Publish an event")
	if !page.offers(one+"?tab=code") || !page.offers(f.path("events", "new")) {
		t.Error("the page leads to neither the code nor an event")
	}
	action, form := page.form(`.firststeps form`)
	b.post(action, form).is(http.StatusOK).says("Your server answered 200 OK.")
	if len(f.tester.jobs) != 1 || f.tester.jobs[0].Delivery.Topic != "product.viewed" {
		t.Errorf("sent %+v", f.tester.jobs)
	}
	b.get(one).is(http.StatusOK).hides("No event was sent to it yet")
}

func TestEndpointPage_of_a_viewer_teaches_without_buttons(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Viewer)
	e := f.endpoint(f.ours)
	one := f.path("endpoints", e.ID.String())
	page := b.get(one).is(http.StatusOK).says("No event was sent to it yet")
	page.doc().Find(`main form`).Each(func(_ int, s *goquery.Selection) { t.Errorf("a form to %s", s.AttrOr("action", "?")) })
	if page.offers(f.path("events", "new")) {
		t.Error("a viewer is led to publish")
	}
	b.get(one + "?tab=secret").is(http.StatusOK).says("Owners and developers of the project can reveal and rotate it.")
	b.get(one + "?tab=code").is(http.StatusOK).says("def verify")
}

func TestEndpointPage_says_that_the_project_is_suspended(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	d := f.delivery(f.ours)
	yes := true
	_, err := f.manage.UpdateProject(t.Context(), system, f.ours.ID, manage.ProjectPatch{Suspended: &yes})
	f.must(err)
	b.get(f.path("endpoints", d.EndpointID.String())).is(http.StatusOK).says("The project is suspended", "1 delivery is held")
}

// TestEndpointPage_that_answers_a_form_leads_on_from_the_tab: nothing on it
// may lead to the form's own address, where nothing is to be got.
func TestEndpointPage_that_answers_a_form_leads_on_from_the_tab(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	d := f.delivery(f.ours)
	one := f.path("endpoints", d.EndpointID.String())
	page := b.post(one+"/test", url.Values{"topic": {"product.viewed"}}).is(http.StatusOK)
	page.doc().Find("a[href], [hx-get]").Each(func(_ int, s *goquery.Selection) {
		for _, name := range []string{"href", "hx-get", "sse-connect"} {
			if at := s.AttrOr(name, ""); strings.Contains(at, "/test") {
				t.Errorf("%s leads to %s", s.Text(), at)
			}
		}
	})
}

func TestCode_is_shown_in_every_language_and_the_last_one_is_remembered(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	e := f.endpoint(f.ours, func(s *webhook.Settings) { s.Format = webhook.FormatAbv })
	tab := f.path("endpoints", e.ID.String()) + "?tab=code"
	b.get(tab).is(http.StatusOK).says("receiver.py").hides(e.Secret)
	for _, l := range snippet.Languages() {
		page := b.get(tab + "&lang=" + string(l.Language)).is(http.StatusOK).hides(e.Secret)
		want, err := f.manage.Code(t.Context(), system, e.ID, l.Language)
		f.must(err)
		if got := page.doc().Find(".source pre").Text(); got != want.Text {
			t.Errorf("%s is shown as\n%q\nwant\n%q", l.Label, got, want.Text)
		}
		if got := page.doc().Find(".source [data-copy]").AttrOr("data-copy", ""); got != want.Text {
			t.Errorf("%s is copied as %q", l.Label, got)
		}
		file := b.get(page.doc().Find("a[download]").AttrOr("href", "")).is(http.StatusOK)
		if string(file.body) != want.Text || !strings.Contains(file.header.Get("Content-Disposition"), l.File) || file.header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s as a file: %v", l.Label, file.header)
		}
	}
	b.get(tab).is(http.StatusOK).says("send-sample.sh")
	b.get(tab + "&lang=cobol").is(http.StatusOK).says("send-sample.sh")
	b.get(f.path("endpoints", e.ID.String(), "code", "cobol")).is(http.StatusNotFound)
}

func TestRotation_begun_with_a_secret_of_ones_own(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	e := f.endpoint(f.ours)
	rotate := f.path("endpoints", e.ID.String(), "secret", "rotate")
	wrong := b.post(rotate, url.Values{"secret": {"short"}, "graceHours": {"168"}}).is(http.StatusUnprocessableEntity).says("must have 16 to 256 characters")
	if got := wrong.doc().Find(`select[name="graceHours"] option[selected]`).AttrOr("value", ""); got != "168" {
		t.Errorf("the grace that was chosen became %q", got)
	}
	made := b.post(rotate, url.Values{"secret": {"a-secret-of-my-own"}}).is(http.StatusOK)
	if made.shown("next") != "a-secret-of-my-own" {
		t.Errorf("next is %q", made.shown("next"))
	}
}
