// Package app is the composition root: the only place that knows everybody. It
// opens the database, builds the parts, introduces them to each other, runs
// them and stops them in order. It decides nothing else.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/api"
	"github.com/bellwire/bellwire/internal/config"
	"github.com/bellwire/bellwire/internal/dispatch"
	"github.com/bellwire/bellwire/internal/egress"
	"github.com/bellwire/bellwire/internal/forward"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/oidc"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/secret"
	"github.com/bellwire/bellwire/internal/sender"
	"github.com/bellwire/bellwire/internal/server"
	"github.com/bellwire/bellwire/internal/slack"
	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/web"
	"github.com/bellwire/bellwire/internal/webhook"
)

// App is one node with all its parts.
type App struct {
	config config.Config
	log    *slog.Logger
	node   webhook.NodeID
	// version is the build's.
	version string
	// names answers the look-ups of receivers; nil for the system's.
	names egress.Resolver

	store      *store.Store
	keyring    *secret.Keyring
	egress     *egress.Egress
	dispatcher *dispatch.Dispatcher
	publisher  *publish.Publisher
	forward    *forward.Hub
	manage     *manage.Service
	waker      *waker
	registry   *prometheus.Registry
	web        *web.Web
	server     *server.Server
	// unlock gives the database file back; a no-op on PostgreSQL.
	unlock func()
}

// New opens the database, brings it up to date and builds every part. Nothing
// listens or sends yet.
func New(ctx context.Context, c config.Config, version string, log *slog.Logger) (*App, error) {
	return newApp(ctx, c, nil, version, log)
}

func newApp(ctx context.Context, c config.Config, names egress.Resolver, version string, log *slog.Logger) (*App, error) {
	a := &App{config: c, names: names, log: log, version: version, node: webhook.NodeID{UUID: mint.UUID(time.Now())}}
	opened, err := openStore(ctx, c, a.node, log)
	if err != nil {
		return nil, err
	}
	a.store = opened
	if err := a.prepare(ctx); err != nil {
		return nil, errors.Join(err, a.store.Close())
	}
	return a, nil
}

func openStore(ctx context.Context, c config.Config, node webhook.NodeID, log *slog.Logger) (*store.Store, error) {
	return store.Open(ctx, store.Options{URL: c.DatabaseURL, Log: log, Node: node})
}

// prepare takes the database for this process and builds the parts on it.
func (a *App) prepare(ctx context.Context) error {
	unlock, err := a.store.LockServe()
	if err != nil {
		return err
	}
	a.unlock = unlock
	if err := a.store.Migrate(ctx); err != nil {
		return err
	}
	if a.keyring, err = openKeyring(ctx, a.config, a.store); err != nil {
		return err
	}
	if err := a.build(); err != nil {
		return err
	}
	if err := a.manage.SeedTopics(ctx); err != nil {
		return err
	}
	// On SQLite no other process can hold a lease: what was under way when the
	// last one ended is settled at once.
	if a.store.Dialect() == store.SQLite {
		return a.store.EndLeases(ctx)
	}
	return nil
}

func (a *App) build() error {
	var err error
	if a.egress, err = newEgress(a.config, a.names); err != nil {
		return err
	}
	a.forward = forward.New(forward.Options{
		Store: sealedMail{a.store, a.keyring}, Late: a.late, Wake: func() { a.waker.Wake() }, Log: a.log,
	})
	sending := sender.New(a.egress.Transport(), sender.Options{Version: a.version, NodeID: a.node, Forward: a.forward})
	posting := &slack.Sender{
		Post: poster(a.egress), API: a.config.SlackAPI, BaseURL: a.config.BaseURL.String(), Version: a.version, NodeID: a.node,
	}
	targets := dispatch.NewTargets(a.store, a.keyring, nil)
	a.registry = newRegistry()
	a.dispatcher = dispatch.New(newCountedQueue(a.store, a.registry), senders{sending, posting}, targets, dispatch.Options{
		Node: a.node, Workers: a.config.Workers, Log: a.log,
	})
	a.registry.MustRegister(dispatchGauges{a.dispatcher.Stats})
	a.waker = newWaker(a.dispatcher, targets, a.store, a.forward.Mail)
	a.publisher = publish.New(a.store, handOff{a.dispatcher, a.waker}, publish.Options{Log: a.log, Committers: a.store.Committers()})
	a.manage = newManage(a.config, a.version, a.store, a.keyring, a.egress, a.waker, a.dispatcher, a.log)
	if a.config.Slack != nil {
		a.manage.Slack = slackApp(a.config, a.egress)
	}
	a.manage.Node, a.manage.Pool, a.manage.Changer = a.node, a.pool, a.publisher
	pages, err := a.webOptions()
	if err != nil {
		return err
	}
	a.web = web.New(pages)
	a.server, err = a.newServer()
	return err
}

func newEgress(c config.Config, names egress.Resolver) (*egress.Egress, error) {
	return egress.New(egress.Policy{
		Allow: c.EgressAllow, AllowHTTP: c.AllowHTTP, SelfHosts: selfHosts(c), NAT64: c.NAT64Prefix,
		Ports: c.EgressPorts, CAFile: c.EgressCAFile, Proxy: c.EgressProxy, Resolver: names,
	})
}

// selfHosts are our own names: an event that makes events would never end.
func selfHosts(c config.Config) []string {
	if c.BaseURL.Port() != "" {
		return []string{c.BaseURL.Host}
	}
	return []string{c.BaseURL.Hostname()}
}

func newManage(c config.Config, version string, s *store.Store, keys *secret.Keyring, out *egress.Egress, w manage.Waker, t manage.Tester, log *slog.Logger) *manage.Service {
	return manage.New(manage.Options{
		Store: s, Box: keys, URLs: out, Waker: w, Tester: t, Throttle: account.NewThrottle(time.Now), Now: time.Now, Log: log,
		Facts: manage.Facts{
			Version: version, BaseURL: c.BaseURL.String(), EgressIPs: c.EgressIPs, AllowHTTP: c.AllowHTTP, Retention: c.Retention,
			StaffSecondFactor: c.StaffSecondFactor,
		},
	})
}

func (a *App) webOptions() (web.Options, error) {
	o := web.Options{
		Manage: a.manage, Publish: a.publisher, Sessions: a.store, BaseURL: a.config.BaseURL, Log: a.log, Now: time.Now,
	}
	if a.config.Dev {
		o.Environment, o.EnvironmentNote = "dev", "Endpoints may be http:// and on this machine."
	}
	if p := a.config.OIDC; p != nil {
		provider, err := oidc.New(oidc.Options{
			Issuer: p.Issuer, ClientID: p.ClientID, Secret: p.Secret, Client: a.egress.Client(),
			RedirectURL: a.config.BaseURL.JoinPath(manage.ReturnPath).String(),
		})
		if err != nil {
			return o, err
		}
		o.Provider = provider
	}
	return o, nil
}

func (a *App) newServer() (*server.Server, error) {
	var pages []server.Page
	for _, route := range a.web.Routes() {
		pages = append(pages, server.Page{Method: route.Method, Path: route.Path, Handler: route.Handler})
	}
	return server.New(server.Options{
		Addr: a.config.Addr, MetricsAddr: a.config.MetricsAddr, BaseURL: a.config.BaseURL, TrustedProxies: a.config.TrustedProxies,
		Log: a.log, Registry: a.registry, API: api.New(api.Options{
			Manage: a.manage, Publisher: a.publisher, Listeners: a.forward, Log: a.log, Version: a.version,
			PublishRate: a.config.PublishRate,
		}),
		Pages: pages, Static: http.HandlerFunc(serveStatic), Problem: a.web.Problem, Admin: a.web.IsAdmin,
		Checks: []server.Check{
			{Name: "database", Run: a.checkDatabase}, {Name: "clock", Run: a.checkClock}, {Name: "backlog", Run: a.checkBacklog},
		},
		Grace: httpGrace, OnStop: []func(){a.web.EndStreams},
	})
}

// httpGrace is how long open requests may take once the node stops.
const httpGrace = 5 * time.Second

// listenGrace is how long what is out at listeners may be answered once the
// node stops.
const listenGrace = 2 * time.Second

// late records a listener's reply that nobody waits for any more.
func (a *App) late(ctx context.Context, reply webhook.Reply, abandoned bool) error {
	delivery, attempt, err := a.store.LateAttempt(ctx, reply)
	switch {
	case err != nil:
		return err
	case attempt.Outcome != webhook.OutcomeUnknown && !abandoned:
		return forward.ErrOut
	}
	sender.Answer(&attempt, reply)
	return a.dispatcher.Late(ctx, delivery, attempt)
}

// Run takes the address, calls started, and serves and sends until the context
// ends. Then it stops in order: nothing new to listeners and their streams
// ended, not ready, no new requests, no new claims, what is under way finished,
// what was not started given back, the database closed.
func (a *App) Run(ctx context.Context, started func()) error {
	defer a.unlock()
	defer a.store.Close()
	defer a.leave(ctx)
	defer a.manage.Settle()
	main, err := a.server.Listen(ctx)
	if err != nil {
		return err
	}
	started()
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	group, ctx := errgroup.WithContext(ctx)
	serve, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	group.Go(func() error {
		defer stopServing()
		<-ctx.Done()
		a.forward.Stop(listenGrace)
		return nil
	})
	group.Go(func() error {
		defer stopWork()
		return a.server.Serve(serve, main)
	})
	group.Go(func() error { return a.forward.Run(work) })
	group.Go(func() error { return a.publisher.Run(work) })
	group.Go(func() error { return a.publisher.RunFanOut(work) })
	group.Go(func() error { return a.dispatcher.Run(work) })
	group.Go(func() error { return a.waker.run(work) })
	group.Go(func() error { return a.keepHouse(work) })
	group.Go(func() error { return a.keepDaily(work) })
	return group.Wait()
}

// Serve is the command of that name.
func Serve(ctx context.Context, c config.Config, version string) error {
	log := newLog(os.Stderr, c.LogLevel)
	a, err := New(ctx, c, version, log)
	if err != nil {
		return err
	}
	token, err := a.manage.Bootstrap(ctx, c.AdminEmail, c.AdminPassword)
	if err != nil {
		return errors.Join(err, a.store.Close())
	}
	admin, err := a.manage.UserByEmail(ctx, account.ForSystem("start-up"), c.AdminEmail)
	if err != nil {
		admin = account.User{} // the address is of nobody here, or none was given: nothing to say
	}
	return a.Run(ctx, func() {
		a.banner(os.Stdout, token, admin.Email)
		// Starting takes several times the memory that being there does; without
		// work there would be no collection to give it back.
		debug.FreeOSMemory()
	})
}

// banner says where the node is and what is unusual about it.
func (a *App) banner(out io.Writer, setupToken, admin string) {
	fmt.Fprintf(out, "Bellwire %s on %s (%s)\n", a.version, a.config.BaseURL, a.store.Dialect())
	if setupToken != "" {
		fmt.Fprintf(out, "Nobody can sign in yet. Make the first admin, once, within a day:\n  %s\n", a.manage.SetupURL(setupToken))
	}
	if admin != "" {
		fmt.Fprintf(out, "Sign in at %s as %s\n", a.config.BaseURL, admin)
	}
	if a.config.Dev {
		fmt.Fprintln(out, "DEV: endpoints may be http:// and on loopback. Never expose this server.")
	}
}

func newLog(out io.Writer, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	handler := slog.NewJSONHandler(out, &slog.HandlerOptions{Level: l})
	// net/http tells the standard logger of receivers that talk out of turn, in
	// the receiver's own bytes: escaped, and for those who look closely only.
	stdlog.SetFlags(0)
	stdlog.SetOutput(slog.NewLogLogger(handler, slog.LevelDebug).Writer())
	return slog.New(handler)
}
