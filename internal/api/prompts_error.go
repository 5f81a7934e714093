package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

// PublicError is an error as prompt clients read it.
type PublicError struct {
	Message string `json:"message" doc:"What is wrong, for people"`
	Error   any    `json:"error" doc:"The name of the error; for input that is wrong a list of {path, message}"`
}

// issue is one wrong place of the input.
type issue struct {
	Code    string `json:"code"`
	Path    []any  `json:"path"`
	Message string `json:"message"`
}

// errorNames are by status. Clients compare some of them.
var errorNames = map[int]string{
	http.StatusBadRequest:            "InvalidRequestError",
	http.StatusUnauthorized:          "UnauthorizedError",
	http.StatusForbidden:             "ForbiddenError",
	http.StatusNotFound:              "LangfuseNotFoundError",
	http.StatusMethodNotAllowed:      "MethodNotAllowedError",
	http.StatusRequestEntityTooLarge: "PayloadTooLargeError",
	http.StatusTooManyRequests:       "RateLimitError",
	http.StatusServiceUnavailable:    "ServiceUnavailableError",
}

// refusePublic writes a problem as prompt clients know errors: input that is
// wrong and changes that can't be made are both 400.
func refusePublic(c *gin.Context, p *Problem) {
	for name, values := range p.headers {
		c.Writer.Header()[name] = values
	}
	status, answer := p.Status, PublicError{Message: p.Detail}
	switch {
	case p.Status == http.StatusUnprocessableEntity, p.Status == http.StatusBadRequest && len(p.Errors) > 0:
		status, answer = http.StatusBadRequest, PublicError{"Invalid request data", issuesOf(p)}
	case p.Status == http.StatusConflict:
		status, answer.Error = http.StatusBadRequest, errorNames[http.StatusBadRequest]
	default:
		name, ok := errorNames[p.Status]
		if !ok {
			name = strings.ReplaceAll(http.StatusText(p.Status), " ", "")
		}
		answer.Error = name
	}
	c.Header("Content-Type", "application/json")
	c.Status(status)
	encoder := json.NewEncoder(c.Writer)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(answer) // plain members; a failed write means that nobody listens
	c.Abort()
}

func issuesOf(p *Problem) []issue {
	issues := []issue{}
	for _, place := range p.Errors {
		issues = append(issues, issue{"custom", steps(place.Location), place.Message})
	}
	if len(issues) == 0 {
		issues = append(issues, issue{"custom", []any{}, p.Detail})
	}
	return issues
}

// steps takes a place apart: body.labels[1] is "labels", 1.
func steps(location string) []any {
	for _, part := range []string{"body.", "query.", "path."} {
		location = strings.TrimPrefix(location, part)
	}
	path := []any{}
	for step := range strings.FieldsFuncSeq(location, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		if n, err := strconv.Atoi(step); err == nil {
			path = append(path, n)
		} else {
			path = append(path, step)
		}
	}
	return path
}
