package web_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

// with is a form with some of its fields changed; nil drops one.
func with(form url.Values, changes url.Values) url.Values {
	changed := maps.Clone(form)
	for name, values := range changes {
		changed[name] = values
	}
	return changed
}

// beside is the error that a field points to.
func beside(doc *goquery.Document, field *goquery.Selection) string {
	for id := range strings.FieldsSeq(field.AttrOr("aria-describedby", "")) {
		if strings.HasSuffix(id, "-error") || strings.HasSuffix(id, "-fault") {
			return strings.Join(strings.Fields(doc.Find("#"+id).Text()), " ")
		}
	}
	return ""
}

func TestEndpointForm_the_error_of_every_field_stands_beside_it(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	action, form := f.fresh(b)
	long := strings.Repeat("x", 300)
	custom := url.Values{"format": {"custom"}, "customHeader": {"X-Sig"}, "customValue": {"{signature}"}, "customSigned": {"body"}, "customEncoding": {"hex"}, "customBody": {"plain"}}
	for _, c := range []struct {
		field, error string
		change       url.Values
	}{
		{`[name=name]`, "200 characters", url.Values{"name": {long}}},
		{`[name=url]`, "https", url.Values{"url": {"http://receiver.example/"}}},
		{`[name=url]`, "", url.Values{"url": {""}}},
		{`[name=secret]`, "16", url.Values{"secret": {"short"}}},
		{`[name=patterns]`, "entry 2 is not a known topic", url.Values{"patterns": {"product.*\nno.such"}}},
		{`[name=promptNames]`, "entry 1", url.Values{"promptNames": {long}}},
		{`[name=promptTags]`, "entry 2", url.Values{"promptTags": {"a\n" + long}}},
		{`[name=promptLabels]`, "entry 1", url.Values{"promptLabels": {long}}},
		{`[name=expression]`, "Line 2, column 3: price is not known here", url.Values{"payloadBy": {"expression"}, "expression": {"true &&\r\n  price < 1"}}},
		{`#payload-2`, "", url.Values{"payloadPath": {"a", "b..c"}, "payloadOperator": {"exists", "equals"}, "payloadValue": {"", "1"}}},
		{`[name=payloadValue][aria-invalid]`, "", url.Values{"payloadPath": {"a"}, "payloadOperator": {"lt"}, "payloadValue": {""}}},
		{`#headers-1`, "follows from the URL", url.Values{"headerName": {"Host"}, "headerSecret": {"no"}, "headerValue": {"x"}}},
		{`#headers-2`, "", url.Values{"headerName": {"X-A", "X-B"}, "headerSecret": {"no", "yes"}, "headerValue": {"x", ""}}},
		{`[name=delays]`, "entry 2", url.Values{"retry": {"custom"}, "delays": {"10\nsoon"}}},
		{`[name=timeout]`, "1 to 30", url.Values{"timeout": {"31"}}},
		{`[name=maxInFlight]`, "", url.Values{"maxInFlight": {"0.5"}}},
		{`[name=rate]`, "", url.Values{"rate": {"fast"}}},
		{`[name=customHeader]`, "Cookie", with(custom, url.Values{"customHeader": {"Cookie"}})},
		{`[name=customValue]`, "", with(custom, url.Values{"customValue": {"nothing"}})},
		{`[name=customSigned]`, "", with(custom, url.Values{"customSigned": {"all of it"}})},
		{`[name=customEncoding]`, "", with(custom, url.Values{"customEncoding": {"rot13"}})},
		{`[name=customBody]`, "", with(custom, url.Values{"customBody": {"none"}})},
	} {
		again := b.post(action, with(form, c.change))
		if again.status != http.StatusUnprocessableEntity {
			t.Errorf("%s, %v: status %d", c.field, c.change, again.status)
			continue
		}
		field := again.doc().Find(endpointForm + " " + c.field).First()
		if got := beside(again.doc(), field); got == "" || !strings.Contains(got, c.error) || field.AttrOr("aria-invalid", "") != "true" {
			t.Errorf("%s, %v: beside it stands %q; the page says %s", c.field, c.change, got, again.doc().Find("[role=alert]").Text())
		}
		if shut := field.ParentsFiltered("details:not([open])"); shut.Length() > 0 {
			t.Errorf("%s, %v: the fault is folded away", c.field, c.change)
		}
		again.doc().Find(`[role="alert"] a`).Each(func(_ int, link *goquery.Selection) {
			if to := link.AttrOr("href", ""); again.doc().Find(to).Length() != 1 {
				t.Errorf("%s: the summary leads to %s, which is not on the page", c.field, to)
			}
		})
	}
	for fault, change := range map[string]url.Values{
		"#format-error": {"format": {"morse"}}, "#retry-error": {"retry": {"forever"}}, "#topics-error": {"topic": nil},
		"#headers-error": {"headerName": many("X-", 40), "headerValue": many("", 40), "headerSecret": many("no", 0)},
		"#payload-error": {"payloadPath": many("p", 60), "payloadValue": many("", 60)},
	} {
		again := b.post(action, with(form, change)).is(http.StatusUnprocessableEntity)
		if place := again.doc().Find(fault); place.Text() == "" || place.ParentsFiltered("details:not([open])").Length() > 0 {
			t.Errorf("%s is not shown; the page says %s", fault, again.doc().Find("[role=alert]").Text())
		}
	}
}

// many are n different values.
func many(before string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = before + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + string(rune('a'+i/26))
	}
	return list
}

func TestEndpointForm_a_mistake_in_an_expression_is_marked_where_it_is(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	action, form := f.fresh(b)
	for expression, want := range map[string]struct{ mark, place string }{
		"data.a == 1 and true":                    {"and", "Line 1, column 13"},
		"true &&\r\n\r\n data[\"größe\"] < dta.b": {"dta", "Line 3, column 18"},
		"data.a <":                  {" ", "Line 1, column 9"},
		`<script>alert(1)</script>`: {"<", "Line 1, column 1"},
	} {
		typed := with(form, url.Values{"payloadBy": {"expression"}, "expression": {expression}})
		for _, answer := range []page{b.post(action, typed).is(http.StatusUnprocessableEntity), b.post(f.path("endpoints", "preview"), typed, "HX-Request", "true").is(http.StatusOK)} {
			if got := answer.doc().Find("#expression-fault mark").Text(); got != want.mark {
				t.Errorf("%q: marked is %q", expression, got)
			}
			answer.says(want.place).hides("<script>alert")
		}
	}
}

func TestEditEndpoint_at_422_keeps_what_was_typed_and_what_was_stored(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	e := f.endpoint(f.ours, func(s *webhook.Settings) {
		s.Headers = []webhook.Header{{Name: "X-Kept", Value: "stored-value", Secret: true}, {Name: "X-Plain", Value: "1"}}
		s.Payload.Expression = "data.a == 1"
	}).Endpoint
	action, form := b.get(f.path("endpoints", e.ID.String(), "edit")).form(endpointForm)
	typed := with(form, url.Values{
		"do": {"save"}, "name": {"new \u202ename 🚀"}, "url": {"ftp://wrong"}, "expression": {"data.b == \"<b>\"  &&\r\n\tfalse"}, "payloadPath": {"kept.beside"},
		"payloadOperator": {"glob"}, "payloadValue": {" spaced "}, "patterns": {"product.*\r\n\r\n  chat.*"}, "timeout": {"1e9"}, "rate": {"½"},
	})
	again := b.post(action, typed).is(http.StatusUnprocessableEntity).hides("stored-value")
	if title := again.doc().Find("h1").Text(); !strings.Contains(title, "orders") {
		t.Errorf("the title is %q, not of the stored endpoint", title)
	}
	_, shown := again.form(endpointForm)
	for name, want := range typed {
		got := shown[name]
		if len(got) > len(want) {
			got = got[:len(want)] // the spare row
		}
		if name != "do" && unix(strings.Join(got, "|")) != unix(strings.Join(want, "|")) {
			t.Errorf("%s: typed %q, shown %q", name, want, got)
		}
	}
	if kinds := shown["headerSecret"]; kinds[0] != "kept" {
		t.Errorf("the stored secret header became %v", kinds)
	}
	b.follow(action, with(shown, url.Values{"do": {"save"}, "url": {"https://receiver.example/"}, "timeout": {"5"}, "rate": {""}})).says("Saved")
	if got := f.secretHeader(e); got != "stored-value" {
		t.Errorf("the secret header is %q after a second try", got)
	}
}

func unix(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }

func TestEditEndpoint_shows_what_saving_changes_setting_by_setting(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	e := f.endpoint(f.ours, func(s *webhook.Settings) {
		s.Headers = []webhook.Header{{Name: "X-Token", Value: "old-token", Secret: true}}
	}).Endpoint
	action, form := b.get(f.path("endpoints", e.ID.String(), "edit")).form(endpointForm)
	preview := f.path("endpoints", "preview") + "?endpoint=" + e.ID.String()
	if same := b.post(preview, form, "HX-Request", "true").is(http.StatusOK); same.doc().Find("dl.changes").Length() > 0 {
		t.Errorf("nothing was typed and it shows %s", same.doc().Find("dl.changes").Text())
	}
	typed := with(form, url.Values{
		"name": {"orders-eu"}, "url": {"https://receiver.example/v2"}, "topic": {"product.viewed", "product.added"}, "promptTags": {"x"},
		"payloadPath": {"price"}, "payloadOperator": {"gte"}, "payloadValue": {"10"}, "format": {"standard"}, "headerValue": {"new-token"},
		"retry": {"custom"}, "delays": {"10\n60"}, "timeout": {"5"}, "maxInFlight": {"2"}, "rate": {"0.5"}, "ordered": {"true"},
	})
	typed.Del("clientErrors")
	for _, answer := range []page{b.post(preview, typed, "HX-Request", "true").is(http.StatusOK), b.post(action, with(typed, url.Values{"do": {"preview"}})).is(http.StatusOK)} {
		got := map[string]string{}
		answer.doc().Find("dl.changes dt").Each(func(_ int, s *goquery.Selection) {
			got[s.Text()] = strings.Join(strings.Fields(s.Next().Text()), " ")
		})
		for label, want := range map[string]string{
			"Name": "orders becomes orders-eu", "URL": "https://receiver.example/hook?token=t0p becomes https://receiver.example/v2",
			"Topics": "product.viewed becomes product.viewed, product.added", "Prompt tags": "none becomes x", "Data": "none becomes price ≥ 10",
			"Format": "aicommerce becomes standard", "Header X-Token": "its value becomes a new secret value",
			"Retries": "short becomes after 10 s, 1 min; not after 4xx", "Timeout": "15 s becomes 5 s", "At once": "64 requests becomes 2 requests",
			"Rate": "no limit becomes 0.5 per second", "Order": "not kept becomes kept, one at a time",
		} {
			if got[label] != want {
				t.Errorf("%s: %q, want %q", label, got[label], want)
			}
		}
		if len(got) != 12 {
			t.Errorf("%d changes: %v", len(got), got)
		}
		answer.hides("old-token")
	}
	if f.only().Version != 1 {
		t.Error("a preview saved something")
	}
}

func TestPreview_never_shows_a_secret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	f.viewed(f.ours)
	made := f.endpoint(f.ours, func(s *webhook.Settings) {
		s.Headers = []webhook.Header{{Name: "X-Token", Value: "stored-token", Secret: true}}
	})
	_, form := b.get(f.path("endpoints", made.ID.String(), "edit")).form(endpointForm)
	preview := f.path("endpoints", "preview")
	for name, change := range map[string]url.Values{
		"kept":                 {},
		"typed over":           {"headerValue": {"typed-token"}},
		"made plain":           {"headerSecret": {"no"}},
		"kept, other name":     {"headerName": {"X-Other"}},
		"a secret of ones own": {"secret": {"whsec_dHlwZWQtdG9rZW4tdHlwZWQtdG9rZW4="}},
	} {
		for _, at := range []string{preview, preview + "?endpoint=" + made.ID.String()} {
			got := b.post(at, with(form, change), "HX-Request", "true").is(http.StatusOK).says("Signed with a made-up secret")
			got.hides("stored-token", "typed-token", "dHlwZWQtdG9rZW4", made.Secret)
			if shown := got.doc().Find(`[data-part="request"] dl`).Text(); name != "made plain" && !strings.Contains(shown, "****") {
				t.Errorf("%s: the secret header is not among %s", name, shown)
			}
		}
	}
}

func TestPreview_of_another_project_is_refused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	_, err := f.manage.SetMember(t.Context(), system, f.theirs.ID, manage.NewMember{Email: "developer@example.com", Role: account.Developer})
	f.must(err)
	receipts, err := f.publish.Publish(t.Context(), system, []publish.Draft{{Topic: "product.viewed", Project: f.theirs.ID, Data: []byte(`{"productId":"their-own-product"}`)}})
	f.must(err)
	ours := f.viewed(f.ours)
	foreign := f.endpoint(f.theirs, func(s *webhook.Settings) { s.URL = "https://theirs.example/hook" })
	_, form := f.fresh(b)
	form.Set("payloadPath", "productId")
	form.Set("payloadOperator", "startsWith")
	form.Set("payloadValue", "their")
	for _, at := range []string{f.path("endpoints", "preview"), f.path("endpoints", "new")} {
		form.Set("do", "preview")
		form.Set("sample", "event:"+receipts[0].ID.String())
		b.post(at, form).is(http.StatusOK).says("The chosen event is not among the last ones of this project", "the only event would not match").
			hides("their-own-product", receipts[0].ID.String())
		form.Set("sample", "event:"+ours.String())
		b.post(at, form).is(http.StatusOK).says("as it was published", "prod_1")
	}
	b.post(f.path("endpoints", "preview")+"?endpoint="+foreign.ID.String(), form).is(http.StatusNotFound).hides("theirs.example")
	stranger := f.signIn(f.user("stranger@example.com", account.Member, "").Email)
	stranger.post(inside(f.theirs, "endpoints", "preview"), form).is(http.StatusNotFound)
	viewer := f.as(account.Viewer)
	viewer.post(f.path("endpoints", "preview"), form).is(http.StatusForbidden)
}

func TestPreview_offers_the_chosen_event_however_many_came_after_it(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	chosen := f.viewed(f.ours)
	f.clock.forward(time.Minute)
	for range 30 {
		f.viewed(f.ours)
	}
	_, form := f.fresh(b)
	form.Set("sample", "event:"+chosen.String())
	got := b.post(f.path("endpoints", "preview"), form, "HX-Request", "true").is(http.StatusOK).says("all of the last 31 events would match")
	if on := got.doc().Find(`#sample option[selected]`).AttrOr("value", ""); on != "event:"+chosen.String() {
		t.Errorf("chosen is %q", on)
	}
}

func TestEndpointForm_without_scripts_previews_by_a_button(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	f.viewed(f.ours)
	action, form := f.fresh(b)
	first := b.get(action).is(http.StatusOK)
	if at := first.doc().Find(`[name="do"][value="preview"]`).AttrOr("formaction", ""); !strings.HasSuffix(at, "#preview") {
		t.Errorf("the button leads to %q", at)
	}
	form.Set("do", "preview")
	form.Set("patterns", "chat.*\nnothing.*")
	again := b.post(action, form).is(http.StatusOK)
	again.says("chat.* takes chat.message.received", "nothing.* takes no topic that there is now", "the only event would match", "POST https://receiver.example/hook", "See which")
	_, kept := again.form(endpointForm)
	if kept.Get("name") != form.Get("name") || unix(kept.Get("patterns")) != form.Get("patterns") {
		t.Errorf("kept %v", kept)
	}
}
