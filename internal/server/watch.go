package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
)

// watch logs and measures every request. Both name the route's pattern, never
// the path or the query: those can hold tokens, and endless label values.
func (s *Server) watch() (gin.HandlerFunc, error) {
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "bellwire_http_request_duration_seconds",
		Help:    "Time to answer a request, by route.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"method", "route", "status"})
	if err := s.options.Registry.Register(durations); err != nil {
		return nil, fmt.Errorf("register request metrics: %w", err)
	}
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		took, route, status := time.Since(start), c.FullPath(), c.Writer.Status()
		durations.WithLabelValues(methodLabel(c.Request.Method), route, strconv.Itoa(status)).Observe(took.Seconds())
		s.options.Log.LogAttrs(c.Request.Context(), level(c.Request.Method, route, status), "request",
			slog.String("request", c.Writer.Header().Get(requestIDHeader)),
			slog.String("method", c.Request.Method),
			slog.String("route", route),
			slog.Int("status", status),
			slog.Float64("took_ms", float64(took.Microseconds())/1000),
			slog.Int("bytes", max(c.Writer.Size(), 0)),
			slog.String("addr", c.ClientIP()))
	}, nil
}

// level keeps the log readable: what went wrong here stands out, and what
// happens thousands of times a second is for debugging only.
func level(method, route string, status int) slog.Level {
	switch {
	case status >= http.StatusInternalServerError:
		return slog.LevelWarn
	case status < http.StatusBadRequest && (method == http.MethodGet || quietRoutes[route]):
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

var quietRoutes = map[string]bool{"/api/v1/events": true, "/api/v1/events/batch": true, "/api/v1/listen/:id/answers": true}

// methodLabel keeps invented methods out of the labels.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
