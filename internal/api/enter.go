package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// enter is what every call passes before it is carried out: who calls, may
// they, and is the input text that we can take. It answers the body, nil for
// none, and whether to go on.
func (a *API) enter(c *gin.Context, call Call) (body []byte, goOn bool) {
	c.Header("Cache-Control", "no-store")
	body, err := a.admit(c, call)
	if err != nil {
		a.Refuse(c, err)
	}
	return body, err == nil
}

func (a *API) admit(c *gin.Context, call Call) ([]byte, error) {
	caller, err := a.callerFor(c, call)
	if err != nil {
		return nil, err
	}
	// The project is checked by manage, which knows it; a key that could not
	// do this anywhere is refused before its body is read.
	if call.May != "" {
		if err := caller.May(call.May, caller.OwnProject()); err != nil {
			return nil, err
		}
	}
	if err := checkAddress(c.Request.URL); err != nil {
		return nil, err
	}
	c.Request = c.Request.WithContext(withCaller(c.Request.Context(), caller))
	return readBody(c, call.bodyLimit())
}

// checkAddress refuses paths and queries that no text column takes.
func checkAddress(u *url.URL) error {
	query, err := url.QueryUnescape(u.RawQuery)
	switch {
	case err != nil:
		return bad("query", "is not properly escaped")
	case !takable(query):
		return bad("query", "holds a NUL or bytes that are not UTF-8")
	case !takable(u.Path):
		return bad("path", "holds a NUL or bytes that are not UTF-8")
	}
	return nil
}

func takable(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

func bad(location, message string) error {
	return newProblem(http.StatusBadRequest, location+" "+message, Place{location, message})
}

// readBody reads the whole body and checks that it is one JSON document; nil
// if there is none.
func readBody(c *gin.Context, limit int64) ([]byte, error) {
	if c.Request.Body == nil || c.Request.Body == http.NoBody {
		return nil, nil
	}
	body, err := read(c.Request, limit)
	if err != nil || len(body) == 0 {
		return nil, err
	}
	if err := checkType(c.Request.Header); err != nil {
		return nil, err
	}
	if err := rawjson.CheckDocument(body); err != nil {
		p := problemOf(err, "body.")
		return nil, newProblem(http.StatusBadRequest, p.Detail, p.Errors...)
	}
	return bytes.Trim(body, " \t\r\n"), nil
}

// readOn is how much of an oversized body is thrown away before the answer.
const readOn = manage.MaxBatchBody

// read takes the body up to the limit. A larger one is read on, kept nowhere,
// for a while: a client that is still writing would see a broken connection in
// place of the answer.
func read(r *http.Request, limit int64) ([]byte, error) {
	var kept bytes.Buffer
	if r.ContentLength > 0 && r.ContentLength <= limit {
		kept.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	_, err := kept.ReadFrom(io.LimitReader(r.Body, limit+1))
	if err == nil && int64(kept.Len()) > limit {
		_, err = io.CopyN(io.Discard, r.Body, readOn)
		if err == nil || errors.Is(err, io.EOF) {
			return nil, webhook.TooLarge("the body is over the limit of %d bytes", limit)
		}
	}
	var slow net.Error
	switch {
	case errors.As(err, &slow) && slow.Timeout():
		return nil, newProblem(http.StatusRequestTimeout, "the body did not arrive in time")
	case err != nil:
		return nil, newProblem(http.StatusBadRequest, "the body broke off")
	}
	return kept.Bytes(), nil
}

// checkType takes JSON as it is: other types are what a form on another site
// can send, and packed bodies can unfold to anything.
func checkType(h http.Header) error {
	kind, parameters, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return newProblem(http.StatusUnsupportedMediaType, "the body must be sent as Content-Type: application/json",
			Place{"header.Content-Type", "must be application/json"})
	}
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return newProblem(http.StatusUnsupportedMediaType, "the body must be UTF-8", Place{"header.Content-Type", "must not name another charset"})
	}
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return newProblem(http.StatusUnsupportedMediaType, "packed bodies are not taken",
			Place{"header.Content-Encoding", fmt.Sprintf("%q is not taken", coding)})
	}
	return nil
}

// checkText refuses an escaped NUL anywhere in a body: every string of it goes
// to a text column. Outside of strings JSON has no backslash.
func checkText(body []byte) error {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		if bytes.HasPrefix(body[i:], []byte(`\u0000`)) {
			return webhook.Invalid("body", "holds a NUL character at byte %d", i)
		}
		i++
	}
	return nil
}

// replay is a body that has been read, to be read again.
func replay(body []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }
