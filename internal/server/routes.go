package server

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/bellwire/bellwire/internal/webhook"
)

// routes mounts everything. What stands in Use is passed by every request,
// also by those that no route takes.
func (s *Server) routes() error {
	watch, err := s.watch()
	if err != nil {
		return err
	}
	protect, err := s.sameOrigin()
	if err != nil {
		return err
	}
	s.engine.Use(requestID, watch, s.recover, s.headers)
	s.engine.NoRoute(s.noRoute)
	s.engine.NoMethod(s.noMethod)

	for _, method := range []string{http.MethodGet, http.MethodHead} { // monitors ask with either
		s.engine.Handle(method, "/healthz", s.alive)
		s.engine.Handle(method, "/readyz", s.ready)
	}
	s.engine.GET("/metrics", s.metrics)
	if s.options.API != nil {
		s.options.API.Mount(s.engine)
	}
	if s.options.Static != nil {
		s.engine.GET("/static/*path", gin.WrapH(s.options.Static))
		s.engine.HEAD("/static/*path", gin.WrapH(s.options.Static))
	}
	for _, page := range s.options.Pages {
		s.engine.Handle(page.Method, page.Path, timing, private, s.ownHost, protect, page.Handler)
	}
	return nil
}

func (s *Server) noRoute(c *gin.Context) {
	s.refuse(c, webhook.NotFound("nothing is at this address"))
}

// noMethod answers what is reached when the path is right and the method is
// not; gin has set Allow.
func (s *Server) noMethod(c *gin.Context) {
	c.Status(http.StatusMethodNotAllowed)
	s.refuse(c, errMethod)
}

// refuse answers an error in the manner of the surface that was called.
func (s *Server) refuse(c *gin.Context, err error) {
	defer c.Abort()
	switch {
	case s.options.API != nil && underAPI(c.Request.URL.Path):
		s.options.API.Refuse(c, err)
	case s.options.Problem != nil && !errors.Is(err, errMethod):
		private(c) // it shows who is signed in
		s.options.Problem(c, err)
	default:
		c.String(plainStatus(err), "%s\n", plainWords(err))
	}
}

func underAPI(path string) bool { return path == "/api" || strings.HasPrefix(path, "/api/") }

// metrics answers on the main address to admins and to instance keys that may
// read; everybody else sees nothing there.
func (s *Server) metrics(c *gin.Context) {
	admin := s.options.Admin != nil && s.options.Admin(c)
	if !admin && (s.options.API == nil || !s.options.API.InstanceReader(c)) {
		s.noRoute(c)
		return
	}
	s.metricsOnly().ServeHTTP(c.Writer, c.Request)
}

func (s *Server) metricsOnly() http.Handler {
	return promhttp.HandlerFor(s.options.Registry, promhttp.HandlerOpts{Registry: s.options.Registry})
}
