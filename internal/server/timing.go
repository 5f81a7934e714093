package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
)

// timing tells browsers and the bench how long a page took up to its first
// byte. Whoever asks can measure as much from outside.
func timing(c *gin.Context) {
	c.Writer = &timed{ResponseWriter: c.Writer, start: time.Now()}
}

// timed adds Server-Timing when the headers go out.
type timed struct {
	gin.ResponseWriter
	start time.Time
}

func (t *timed) stamp() {
	if !t.Written() {
		ms := float64(time.Since(t.start).Microseconds()) / 1000
		t.Header().Set("Server-Timing", "total;dur="+strconv.FormatFloat(ms, 'f', -1, 64))
	}
}

// Write implements http.ResponseWriter.
func (t *timed) Write(b []byte) (int, error) {
	t.stamp()
	return t.ResponseWriter.Write(b)
}

// WriteString implements io.StringWriter.
func (t *timed) WriteString(s string) (int, error) {
	t.stamp()
	return t.ResponseWriter.WriteString(s)
}

// WriteHeaderNow sends the headers of an answer without a body.
func (t *timed) WriteHeaderNow() {
	t.stamp()
	t.ResponseWriter.WriteHeaderNow()
}

// Flush sends what there is; a stream begins with it.
func (t *timed) Flush() {
	t.stamp()
	t.ResponseWriter.Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (t *timed) Unwrap() http.ResponseWriter { return t.ResponseWriter }
