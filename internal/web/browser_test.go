package web_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// browser keeps cookies and sends what a browser sends; it has no script.
type browser struct {
	t       *testing.T
	handler http.Handler
	cookies map[string]string
	// at is the page that forms are posted from.
	at string
}

func (f *fixture) visitor() *browser {
	return &browser{t: f.t, handler: f.handler, cookies: map[string]string{}, at: "/"}
}

// page is an answer read whole.
type page struct {
	t        *testing.T
	status   int
	header   http.Header
	location string
	body     []byte
}

func (b *browser) get(path string, headers ...string) page {
	b.t.Helper()
	p := b.send(httptest.NewRequest(http.MethodGet, path, nil), headers)
	if p.status == http.StatusOK {
		b.at = path
	}
	return p
}

func (b *browser) post(path string, form url.Values, headers ...string) page {
	b.t.Helper()
	request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(request, headers)
}

func (b *browser) send(request *http.Request, headers []string) page {
	b.t.Helper()
	request.Host = "bell.example"
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	request.Header.Set("Referer", baseURL+b.at)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	for name, value := range b.cookies {
		request.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	recorder := httptest.NewRecorder()
	b.handler.ServeHTTP(recorder, request)
	result := recorder.Result()
	for _, cookie := range result.Cookies() {
		if cookie.MaxAge < 0 || cookie.Value == "" {
			delete(b.cookies, cookie.Name)
		} else {
			b.cookies[cookie.Name] = cookie.Value
		}
	}
	return page{b.t, recorder.Code, recorder.Header(), recorder.Header().Get("Location"), recorder.Body.Bytes()}
}

// follow posts a form that must be answered by 303 and opens the page that it
// leads to.
func (b *browser) follow(path string, form url.Values) page {
	b.t.Helper()
	p := b.post(path, form).is(http.StatusSeeOther)
	address, _, _ := strings.Cut(p.location, "#") // a browser keeps that for itself
	next := b.get(address)
	next.location = p.location
	return next
}

func (p page) is(status int) page {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("status %d, want %d\n%s", p.status, status, p.text())
	}
	return p
}

func (p page) says(words ...string) page {
	p.t.Helper()
	text := p.text()
	for _, w := range words {
		if !strings.Contains(text, w) {
			p.t.Errorf("the page does not say %q:\n%s", w, text)
		}
	}
	return p
}

func (p page) hides(words ...string) page {
	p.t.Helper()
	for _, w := range words {
		if bytes.Contains(p.body, []byte(w)) {
			p.t.Errorf("the page says %q", w)
		}
	}
	return p
}

func (p page) doc() *goquery.Document {
	p.t.Helper()
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(p.body))
	if err != nil {
		p.t.Fatal(err)
	}
	return doc
}

// text is what a person reads, with white space made plain.
func (p page) text() string {
	return strings.Join(strings.Fields(p.doc().Text()), " ")
}

// offers reports whether the page has a form or link to an address.
func (p page) offers(address string) bool {
	p.t.Helper()
	found := false
	p.doc().Find("form[action], a[href]").Each(func(_ int, s *goquery.Selection) {
		action := s.AttrOr("action", s.AttrOr("href", ""))
		found = found || action == address || strings.HasPrefix(action, address+"?")
	})
	return found
}

// form answers where the form with the selector posts to, and what a browser
// would post without a change.
func (p page) form(selector string) (action string, values url.Values) {
	p.t.Helper()
	form := p.doc().Find(selector)
	if form.Length() != 1 {
		p.t.Fatalf("%d forms are %s:\n%s", form.Length(), selector, p.text())
	}
	values = url.Values{}
	form.Find("input[name]").Each(func(_ int, s *goquery.Selection) {
		kind := s.AttrOr("type", "text")
		_, checked := s.Attr("checked")
		if _, off := s.Attr("disabled"); off || (kind == "checkbox" || kind == "radio") && !checked {
			return
		}
		values.Add(s.AttrOr("name", ""), s.AttrOr("value", ""))
	})
	form.Find("textarea[name]").Each(func(_ int, s *goquery.Selection) { values.Add(s.AttrOr("name", ""), s.Text()) })
	form.Find("select[name]").Each(func(_ int, s *goquery.Selection) {
		option := s.Find("option[selected]").Last()
		if option.Length() == 0 {
			option = s.Find("option").First()
		}
		values.Add(s.AttrOr("name", ""), option.AttrOr("value", ""))
	})
	return form.AttrOr("action", ""), values
}
