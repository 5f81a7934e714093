package main_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// visitor is a browser without a screen and without JavaScript.
type visitor struct {
	t    *testing.T
	base string
	http *http.Client
}

func newVisitor(t *testing.T, base string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, base: base, http: &http.Client{Jar: jar, Timeout: 10 * time.Second}}
}

// get reads a page.
func (v *visitor) get(path string) string {
	v.t.Helper()
	response, err := v.http.Get(v.base + path)
	return v.read(response, err, path)
}

// post sends a form as a page of this site would, and follows where it leads.
func (v *visitor) post(path string, form url.Values) string {
	v.t.Helper()
	body, _ := v.postTo(path, form)
	return body
}

func (v *visitor) postTo(path string, form url.Values) (body, at string) {
	v.t.Helper()
	request, err := http.NewRequest("POST", v.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := v.http.Do(request)
	if err == nil {
		at = response.Request.URL.Path
	}
	return v.read(response, err, path), at
}

func (v *visitor) read(response *http.Response, err error, path string) string {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 500 {
		v.t.Fatalf("%s: %d %v\n%s", path, response.StatusCode, err, body)
	}
	return string(body)
}

// useLink signs in by a one-time link and returns the project's address.
func (v *visitor) useLink(link string) string {
	v.t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		v.t.Fatal(err)
	}
	_, at := v.postTo(u.Path, url.Values{"token": {u.Query().Get("token")}})
	return at
}

var deliveredFigure = regexp.MustCompile(`(?s)Attempts delivered.*?>\s*([0-9,]+)\s*<`)

// deliveredOf reads the count of delivered attempts off the overview.
func deliveredOf(overview string) int {
	found := deliveredFigure.FindStringSubmatch(overview)
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.ReplaceAll(found[1], ",", ""))
	return n
}

// firstWrite is a buffer that remembers when its first byte came.
type firstWrite struct {
	buffer
	mu    sync.Mutex
	first time.Time
}

func (f *firstWrite) Write(p []byte) (int, error) {
	f.mu.Lock()
	if f.first.IsZero() {
		f.first = time.Now()
	}
	f.mu.Unlock()
	return f.buffer.Write(p)
}

func (f *firstWrite) at() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.first
}

// signIn gives email and password, and answers where that leads.
func (v *visitor) signIn(email, password string) (body, at string) {
	v.t.Helper()
	return v.postTo("/sign-in", url.Values{"email": {email}, "password": {password}})
}
