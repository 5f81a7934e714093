package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bellwire/bellwire/internal/config"
	"github.com/bellwire/bellwire/internal/demo"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/secret"
	"github.com/bellwire/bellwire/internal/slack/slacktest"
	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/web"
	"github.com/bellwire/bellwire/internal/webhook"
)

// DemoOptions say where the demo lives and where it speaks.
type DemoOptions struct {
	Dir     string
	Fresh   bool
	Version string
	Out     io.Writer
}

// The demo's admin; the server listens on loopback only.
const (
	demoEmail    = "admin@bellwire.example"
	demoPassword = "ring the bell"
)

// Demo is the command of that name: the whole product, seeded and alive.
func Demo(ctx context.Context, c config.Config, o DemoOptions) error {
	if err := o.folder(c); err != nil {
		return err
	}
	log := newLog(os.Stderr, c.LogLevel)
	workspace, err := demo.NewSlack(log)
	if err != nil {
		return err
	}
	defer workspace.Close()
	c.Slack, c.SlackAPI = &config.Slack{ClientID: slacktest.ClientID, Secret: slacktest.Secret}, workspace.API
	a, err := New(ctx, c, o.Version, log)
	if err != nil {
		return err
	}
	if _, err := a.manage.Bootstrap(ctx, demoEmail, demoPassword); err != nil {
		return errors.Join(err, a.store.Close())
	}
	d, err := demo.New(demo.Options{Manage: a.manage, Publish: a.publisher, Log: a.log, Secret: currentSecret(a.store, a.keyring),
		Slack: workspace, Back: c.BaseURL.JoinPath(manage.SlackReturnPath).String()})
	if err != nil {
		return errors.Join(err, a.store.Close())
	}
	defer d.Close()
	if err := d.Seed(ctx); err != nil {
		return errors.Join(err, a.store.Close())
	}
	a.web.Environment, a.web.EnvironmentNote = "demo", "Everything here is made up; it all lives in "+o.Dir+"."
	a.web.DemoLinks = func(ctx context.Context) []web.DemoLink { return demoLinks(ctx, d) }
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.Run(ctx, func() { o.greet(ctx, a, d) }) })
	group.Go(func() error { return d.Trickle(ctx) })
	return group.Wait()
}

func (o DemoOptions) folder(c config.Config) error {
	if o.Fresh {
		for _, suffix := range []string{"", "-wal", "-shm", ".key"} {
			if err := os.Remove(c.SQLitePath() + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return os.MkdirAll(filepath.Clean(o.Dir), 0o700)
}

func (o DemoOptions) greet(ctx context.Context, a *App, d *demo.Demo) {
	fmt.Fprintf(o.Out, "Bellwire demo on %s (data in %s)\n\n", a.config.BaseURL, o.Dir)
	fmt.Fprintf(o.Out, "Sign in as the operator:  %s  with the password  %s\n", demoEmail, demoPassword)
	fmt.Fprintln(o.Out, "Or as a customer's developer; each link works once, more are on the sign-in page:")
	for _, link := range demoLinks(ctx, d) {
		fmt.Fprintf(o.Out, "  %-22s %s\n", link.Label, link.URL)
	}
	fmt.Fprintln(o.Out, "\nEvents are being published. Ctrl-C stops the demo.")
}

func demoLinks(ctx context.Context, d *demo.Demo) []web.DemoLink {
	byProject, err := d.Links(ctx)
	if err != nil {
		d.Log.WarnContext(ctx, "the demo's sign-in links could not be made", "error", err)
		return nil
	}
	var links []web.DemoLink
	for _, name := range slices.Sorted(maps.Keys(byProject)) {
		links = append(links, web.DemoLink{Label: name, URL: byProject[name]})
	}
	return links
}

// currentSecret lets the demo's receivers verify with what signs at the
// moment, rotations included.
func currentSecret(s *store.Store, keys *secret.Keyring) func(context.Context, webhook.ProjectID, webhook.EndpointID) (string, error) {
	return func(ctx context.Context, project webhook.ProjectID, endpoint webhook.EndpointID) (string, error) {
		secrets, err := s.Secrets(ctx, project, endpoint)
		if err != nil {
			return "", err
		}
		current := webhook.SigningAt(secrets, time.Now()).Current
		if current == nil {
			return "", webhook.NotFound("the endpoint has no secret")
		}
		plain, err := keys.Open(current.Sealed, current.ID.UUID, webhook.SecretField)
		return string(plain), err
	}
}
