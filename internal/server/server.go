package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

// The bounds of a connection. A live list lifts those of its own and sets one
// for each piece that it writes.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 20 * time.Second // header and body together
	idleTimeout   = 2 * time.Minute
	answerTimeout = time.Minute
	maxHeader     = 64 << 10
)

// API is the program's surface: it mounts its own routes, answers errors under
// /api, and knows whose key may read the metrics.
type API interface {
	Mount(engine *gin.Engine)
	Refuse(c *gin.Context, err error)
	InstanceReader(c *gin.Context) bool
}

// Page is one route of the dashboard.
type Page struct {
	Method  string
	Path    string
	Handler gin.HandlerFunc
}

// Options are what a Server is made of.
type Options struct {
	// Addr is where to listen; MetricsAddr a second listener for /metrics
	// alone, off if empty.
	Addr        string
	MetricsAddr string
	// BaseURL is the public URL: the trusted origin, and https turns HSTS on.
	BaseURL *url.URL
	// TrustedProxies are the CIDRs whose X-Forwarded-For counts; none if empty.
	TrustedProxies []string
	Log            *slog.Logger
	Registry       *prometheus.Registry
	API            API
	Pages          []Page
	// Static answers GET and HEAD under /static/; it sets its own cache headers.
	Static http.Handler
	// Problem answers an error outside /api as a page; plain text if nil.
	Problem func(c *gin.Context, err error)
	// Admin says whether the request's session is an admin's; nil means never.
	Admin func(c *gin.Context) bool
	// Checks are what /readyz asks.
	Checks []Check
	// Grace is how long open requests may take after the context ended; 0 means
	// 15 seconds.
	Grace time.Duration
	// ReadTimeout is how long a request may take to arrive; 0 means 20 seconds.
	ReadTimeout time.Duration
	// OnStop run, each in a goroutine of its own, when the server begins to
	// stop: answers without an end, such as live lists, end then. They may run
	// more than once.
	OnStop []func()
}

// Server is the engine with all its routes.
type Server struct {
	options  Options
	engine   *gin.Engine
	stopping atomic.Bool
}

// New builds the engine; an error is a wrong option.
func New(options Options) (*Server, error) {
	gin.SetMode(gin.ReleaseMode)
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Registry == nil {
		options.Registry = prometheus.NewRegistry()
	}
	if options.Grace == 0 {
		options.Grace = 15 * time.Second
	}
	if options.ReadTimeout == 0 {
		options.ReadTimeout = readTimeout
	}
	s := &Server{options: options, engine: gin.New()}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	if err := s.routes(); err != nil {
		return nil, err
	}
	return s, nil
}

// prepare sets how paths are read and whose forwarded addresses count.
func (s *Server) prepare() error {
	e := s.engine
	e.UseRawPath = true // a name's %2F stays within its segment
	e.UnescapePathValues = true
	e.RedirectTrailingSlash = false
	e.RedirectFixedPath = false
	e.HandleMethodNotAllowed = true
	if err := e.SetTrustedProxies(s.options.TrustedProxies); err != nil {
		return fmt.Errorf("trusted proxies: %w", err)
	}
	return nil
}

// Handler is the whole surface, for tests and for other listeners.
func (s *Server) Handler() http.Handler { return s.engine }

// Listen opens the main address, so that whoever starts the server knows that
// it is the server's before anything is said or done.
func (s *Server) Listen(ctx context.Context) (net.Listener, error) {
	return listen(ctx, s.options.Addr)
}

// Serve serves until the context ends; then it is not ready, takes no new
// connections and waits up to Grace for the open ones.
func (s *Server) Serve(ctx context.Context, main net.Listener) error {
	group, ctx := errgroup.WithContext(ctx)
	if s.options.MetricsAddr != "" {
		extra, err := listen(ctx, s.options.MetricsAddr)
		if err != nil {
			return errors.Join(err, main.Close())
		}
		group.Go(func() error { return s.serve(ctx, extra, s.metricsOnly()) })
	}
	group.Go(func() error { return s.serve(ctx, main, s.engine) })
	return group.Wait()
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("another program listens on %s already (perhaps another Bellwire): stop it, or choose another address, such as --addr 127.0.0.1:8081", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return listener, nil
}

func (s *Server) serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	web := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       s.options.ReadTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	for _, stop := range s.options.OnStop {
		web.RegisterOnShutdown(stop)
	}
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.Grace)
	defer cancel()
	if err := web.Shutdown(grace); err != nil {
		_ = web.Close() // hung clients: they come back elsewhere
	}
	return nil
}
