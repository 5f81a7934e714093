package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/blackbox"
)

// visitor is a browser without a screen, or a program with a key. It keeps one
// connection open.
type visitor struct {
	base, key string
	http      *http.Client
}

func newVisitor(base, key string) (*visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &visitor{base: base, key: key, http: &http.Client{
		Jar: jar, Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 8},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// signIn comes in by the front door.
func (v *visitor) signIn(ctx context.Context, email string) error {
	seen, err := v.ask(ctx, http.MethodPost, "/sign-in", url.Values{"email": {email}, "password": {password}}, false)
	if err == nil && seen.status != http.StatusSeeOther {
		err = fmt.Errorf("signing in as %s was answered %d", email, seen.status)
	}
	return err
}

// seen is one answer with how long it took.
type seen struct {
	status int
	body   []byte
	// wall is from the request's first byte to the answer's last; server is
	// what the server says that it took, or wall where it does not say.
	wall, server time.Duration
}

// ask makes one request; form is posted as a page of the site would.
func (v *visitor) ask(ctx context.Context, method, path string, form url.Values, part bool) (seen, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(ctx, method, v.base+path, body)
	if err != nil {
		return seen{}, err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if part {
		request.Header.Set("HX-Request", "true")
	}
	return v.do(request)
}

func (v *visitor) do(request *http.Request) (seen, error) {
	if v.key != "" {
		request.Header.Set("Authorization", "Bearer "+v.key)
	}
	start := time.Now()
	response, err := v.http.Do(request)
	if err != nil {
		return seen{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	s := seen{status: response.StatusCode, body: body, wall: time.Since(start)}
	s.server = s.wall
	if told, ok := serverTiming(response.Header.Get("Server-Timing")); ok {
		s.server = told
	}
	return s, err
}

// serverTiming reads "total;dur=12.3", in milliseconds.
func serverTiming(header string) (time.Duration, bool) {
	_, text, found := strings.Cut(header, "total;dur=")
	text, _, _ = strings.Cut(text, ",")
	ms, err := strconv.ParseFloat(text, 64)
	return time.Duration(ms * float64(time.Millisecond)), found && err == nil
}

// refusal is a status that a call did not want.
type refusal = blackbox.Refusal

// call makes one call of the API and decodes the answer.
func (v *visitor) call(ctx context.Context, method, path string, in, out any) error {
	return blackbox.Caller{Base: v.base, Key: v.key, HTTP: v.http}.Call(ctx, method, path, in, out)
}
