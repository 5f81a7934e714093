package sender

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/retry"
	"github.com/bellwire/bellwire/internal/webhook"
)

// What is kept of an answer, and how long its body may take.
const (
	maxHeaderLines = 100
	maxHeaderBytes = 16 << 10
	bodyTime       = 5 * time.Second
	// quiet is how long an endpoint that answers 429 without a time is left
	// alone.
	quiet = 60 * time.Second
)

// receive reads the answer. The status line has decided by then: trouble with
// the body only marks it truncated. cancel ends the request and closes its
// connection.
func receive(attempt *webhook.Attempt, response *http.Response, cancel context.CancelFunc, now func() time.Time) {
	defer response.Body.Close()
	if !decide(attempt, response.StatusCode, response.Header, now) {
		// After 101 the connection is no longer HTTP, and reads from it heed
		// no deadline.
		cancel()
		return
	}
	if response.Body == http.NoBody {
		return
	}
	budget := time.AfterFunc(bodyTime, cancel)
	defer budget.Stop()
	attempt.Response.Body, attempt.Response.Truncated = readBody(response)
}

// decide takes status line and headers; false if no body follows that is HTTP.
func decide(attempt *webhook.Attempt, status int, header http.Header, now func() time.Time) bool {
	attempt.Response.Status = status
	attempt.Response.Headers = headerLines(header)
	if status < 200 || status > 599 {
		fail(attempt, webhook.CauseProtocol, fmt.Sprintf("the receiver answered status %03d; 200 to 599 is expected", status))
		return false
	}
	judge(attempt, header.Get("Location"))
	attempt.RetryAfter = retryAfter(status, header, now)
	return true
}

func judge(attempt *webhook.Attempt, location string) {
	switch status := attempt.Response.Status; status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect,
		http.StatusPermanentRedirect:
		fail(attempt, webhook.CauseRedirect,
			fmt.Sprintf("the receiver answered %d, a redirect%s; redirects are never followed", status, whither(location)))
	default:
		if status <= 299 {
			attempt.Outcome = webhook.OutcomeDelivered
			return
		}
		fail(attempt, webhook.CauseStatus, fmt.Sprintf("the receiver answered %d; 200 to 299 means taken", status))
	}
}

// whither names a redirect's host. Path and query stay in the recorded header:
// they may hold tokens.
func whither(location string) string {
	if location == "" {
		return " without a Location"
	}
	u, err := url.Parse(location)
	switch {
	case err != nil:
		return " to a broken Location"
	case u.Host == "":
		return " within the same host"
	}
	return clean(" to "+u.Scheme+"://"+u.Host, maxWords)
}

// retryAfter is how long the receiver asked to be left alone.
func retryAfter(status int, header http.Header, now func() time.Time) time.Duration {
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return 0
	}
	if value := header.Get("Retry-After"); value != "" {
		if wait, ok := retry.After(value, now()); ok {
			return wait
		}
	}
	if status == http.StatusTooManyRequests {
		return quiet
	}
	return 0
}

// readBody keeps the first 64 KiB; the declared length is only a hint. What
// is not read to its end closes the connection.
func readBody(response *http.Response) (body []byte, truncated bool) {
	hint := int64(512)
	if response.ContentLength >= 0 {
		hint = min(response.ContentLength+1, 4<<10)
	}
	body = make([]byte, 0, hint)
	for len(body) <= webhook.KeptBody {
		if len(body) == cap(body) {
			body = slices.Grow(body, 1)
		}
		n, err := response.Body.Read(body[len(body):min(cap(body), webhook.KeptBody+1)])
		body = body[:len(body)+n]
		if err != nil {
			truncated = err != io.EOF
			break
		}
	}
	body, long := clip(body)
	return body, truncated || long
}

// clip keeps the first 64 KiB.
func clip(body []byte) (kept []byte, truncated bool) {
	if len(body) > webhook.KeptBody {
		return body[:webhook.KeptBody:webhook.KeptBody], true
	}
	return body, false
}

// headerLines keeps at most 100 lines and 16 KiB, in order of name; what
// people look for first is never the part that is left out.
func headerLines(header http.Header) []webhook.HeaderLine {
	names := slices.SortedFunc(maps.Keys(header), compareNames)
	lines := make([]webhook.HeaderLine, 0, min(len(header), maxHeaderLines))
	size := 0
	for _, name := range names {
		for _, value := range header[name] {
			line := webhook.HeaderLine{Name: clean(name, maxHeaderBytes), Value: clean(value, maxHeaderBytes)}
			size += len(line.Name) + len(line.Value)
			if len(lines) == maxHeaderLines || size > maxHeaderBytes {
				return lines
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func compareNames(a, b string) int {
	if first, second := important(a), important(b); first != second {
		if first {
			return -1
		}
		return 1
	}
	if a < b {
		return -1
	}
	return 1
}

func important(name string) bool {
	return name == "Location" || name == "Retry-After" || name == "Content-Type"
}
