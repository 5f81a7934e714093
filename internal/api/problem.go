package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/webhook"
)

// Problem is an error as RFC 9457 puts it.
type Problem struct {
	Type   string  `json:"type" doc:"Always about:blank: the status and the detail tell all" example:"about:blank"`
	Title  string  `json:"title" doc:"The status in words" example:"Unprocessable Entity"`
	Status int     `json:"status" example:"422"`
	Detail string  `json:"detail,omitempty" doc:"What is wrong, for people"`
	Errors []Place `json:"errors,omitempty" doc:"Each wrong place of the input"`

	headers http.Header
}

// Place is one wrong place of the input.
type Place struct {
	Location string `json:"location,omitempty" doc:"Such as body.topics[2], query.limit or header.Idempotency-Key"`
	Message  string `json:"message"`
}

// Error, GetStatus, GetHeaders and ContentType are what huma asks of an error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders are the headers that go with the answer.
func (p *Problem) GetHeaders() http.Header { return p.headers }

// ContentType is that of problem documents.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// Huma's own errors take our shape, which never repeats the caller's values:
// they can be secrets. Member names are matched exactly and lists are never
// null. The three are huma's only switches for it.
func init() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return newProblem(status, message, placesOf(errs)...)
	}
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
}

func placesOf(errs []error) []Place {
	var places []Place
	for _, err := range errs {
		var detail huma.ErrorDetailer
		switch {
		case err == nil:
		case errors.As(err, &detail):
			d := detail.ErrorDetail()
			places = append(places, Place{d.Location, d.Message})
		default:
			places = append(places, Place{Message: err.Error()})
		}
	}
	return places
}

func newProblem(status int, detail string, places ...Place) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Errors: places}
}

// statusOf maps the language's kinds of error to HTTP.
var statusOf = map[webhook.Kind]int{
	webhook.KindInvalid:      http.StatusUnprocessableEntity,
	webhook.KindUnauthorized: http.StatusUnauthorized,
	webhook.KindForbidden:    http.StatusForbidden,
	webhook.KindNotFound:     http.StatusNotFound,
	webhook.KindConflict:     http.StatusConflict,
	webhook.KindLimited:      http.StatusTooManyRequests,
	webhook.KindTooLarge:     http.StatusRequestEntityTooLarge,
	webhook.KindUnavailable:  http.StatusServiceUnavailable,
}

// statusGone is what a client that left is counted under in the log.
const statusGone = 499

// problemOf turns any error into what the caller is told. An error that is
// not for them becomes a 500 without its text.
// Places that inner packages name are within part: "body." or "query.".
func problemOf(err error, part string) *Problem {
	var p *Problem
	var told *webhook.Error
	var status interface{ HTTPStatus() int }
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &told) && told.Kind != webhook.KindInternal:
		return tell(told, part)
	case errors.As(err, &status):
		return newProblem(status.HTTPStatus(), err.Error())
	case errors.Is(err, context.Canceled):
		return newProblem(statusGone, "the client left")
	}
	return newProblem(http.StatusInternalServerError, "something went wrong on our side; the X-Request-Id of this answer finds it in the log")
}

func tell(err *webhook.Error, part string) *Problem {
	p := newProblem(statusOf[err.Kind], err.Message)
	for _, field := range err.Fields {
		p.Errors = append(p.Errors, Place{place(field.Location, part), field.Message})
	}
	switch err.Kind {
	case webhook.KindUnauthorized:
		p.headers = http.Header{"Www-Authenticate": {`Bearer realm="bellwire"`}}
	case webhook.KindLimited, webhook.KindUnavailable:
		p.headers = http.Header{"Retry-After": {"1"}}
	}
	return p
}

// place completes a location, unless it is complete.
func place(location, part string) string {
	if location == "" || location == "body" {
		return location
	}
	for _, prefix := range []string{"body.", "body[", "query.", "path.", "header."} {
		if strings.HasPrefix(location, prefix) {
			return location
		}
	}
	return part + location
}

// Refuse answers an error and ends the request. One that the caller is not
// told about goes to the log.
func (a *API) Refuse(c *gin.Context, err error) {
	p := a.problem(c.Request.Context(), c.FullPath(), err, "body.")
	if strings.HasPrefix(c.Request.URL.Path, PublicPrefix) {
		refusePublic(c, p)
		return
	}
	for name, values := range p.headers {
		c.Writer.Header()[name] = values
	}
	c.Header("Content-Type", problemType)
	c.Status(p.Status)
	encoder := json.NewEncoder(c.Writer)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(p) // plain members; a failed write means that nobody listens
	c.Abort()
}

// problem is problemOf with the log written.
func (a *API) problem(ctx context.Context, route string, err error, part string) *Problem {
	p := problemOf(err, part)
	if p.Status >= http.StatusInternalServerError {
		a.options.Log.ErrorContext(ctx, "call failed", "route", route, "status", p.Status, "err", err)
	}
	return p
}

// locate names the place of the input that an error is about: inner packages
// know one project reference, the caller may have sent many.
func locate(err error, at string) error {
	var told *webhook.Error
	if !errors.As(err, &told) || told.Kind == webhook.KindInternal {
		return err
	}
	located := *told
	if len(told.Fields) > 0 {
		located.Fields = nil
		for _, f := range told.Fields {
			located.Fields = append(located.Fields, webhook.Field{Location: at, Message: f.Message})
		}
		if f := told.Fields[0]; told.Message == f.Location+" "+f.Message {
			located.Message = strings.TrimPrefix(at, "query.") + " " + f.Message
		}
		return &located
	}
	located.Fields = []webhook.Field{{Location: at, Message: told.Message}}
	return &located
}
