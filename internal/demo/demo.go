// Package demo fills an empty installation with the five systems that
// Bellwire's formats come from, gives their endpoints receivers that verify by
// the documents' rules, and keeps a trickle of events going. It uses the same
// use-cases as everybody and must not know the store.
package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/receiver"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Options are what a demo works with.
type Options struct {
	Manage  *manage.Service
	Publish *publish.Publisher
	// Secret answers the secret that signs an endpoint's main header now, so
	// that the receivers follow rotations.
	Secret func(ctx context.Context, project webhook.ProjectID, endpoint webhook.EndpointID) (string, error)
	Log    *slog.Logger
	// Slack is the workspace that prompts are told to, and Back where it sends
	// people back to.
	Slack *Slack
	Back  string
}

// Demo is the five systems and their receivers.
type Demo struct {
	Options
	caller account.Caller
	// base is where the receivers listen.
	base   string
	server *http.Server
	mux    *http.ServeMux
	// Projects are the systems' projects, in the order of scenes.
	Projects []webhook.Project
}

// New opens the receivers' listener.
func New(o Options) (*Demo, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the demo's receivers: %w", err)
	}
	d := &Demo{Options: o, caller: account.ForSystem("demo"), base: "http://" + listener.Addr().String(), mux: http.NewServeMux()}
	d.server = &http.Server{Handler: d.mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := d.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			o.Log.Error("the demo's receivers stopped", "error", err)
		}
	}()
	return d, nil
}

// Close ends the receivers.
func (d *Demo) Close() error { return d.server.Close() }

// Seed makes what is missing of the projects, topics and endpoints. On a
// folder from an earlier run it only moves the endpoints to where the
// receivers listen now.
func (d *Demo) Seed(ctx context.Context) error {
	for _, topic := range topics {
		if _, err := d.Manage.CreateTopic(ctx, d.caller, topic); err != nil && webhook.KindOf(err) != webhook.KindConflict {
			return err
		}
	}
	for _, s := range scenes {
		if err := d.seedScene(ctx, s); err != nil {
			return fmt.Errorf("seed %s: %w", s.name, err)
		}
	}
	return nil
}

func (d *Demo) seedScene(ctx context.Context, s scene) error {
	project, err := d.Manage.FindProject(ctx, d.caller, "ext:"+s.externalID)
	if webhook.KindOf(err) == webhook.KindNotFound {
		project, err = d.Manage.CreateProject(ctx, d.caller, manage.NewProject{Name: s.name, ExternalID: s.externalID})
	}
	if err != nil {
		return err
	}
	d.Projects = append(d.Projects, project)
	existing, err := d.Manage.Endpoints(ctx, d.caller, manage.EndpointFilter{ProjectID: project.ID})
	if err != nil {
		return err
	}
	byName := map[string]webhook.Endpoint{}
	for _, e := range existing.Items {
		byName[e.Name] = e
	}
	for _, a := range s.actors {
		if err := d.seedActor(ctx, project, s, a, byName[a.name]); err != nil {
			return err
		}
	}
	if s.slack {
		return d.seedSlack(ctx, project.ID, byName)
	}
	return nil
}

// seedActor makes an endpoint, or moves the one from an earlier run, and puts
// its receiver behind it.
func (d *Demo) seedActor(ctx context.Context, project webhook.Project, s scene, a actor, endpoint webhook.Endpoint) error {
	path := "/" + s.externalID + "/" + a.name
	url := d.base + path
	if a.refuses {
		url = "http://127.0.0.1:" + closedPort + path
	}
	if endpoint.ID.IsZero() {
		created, err := d.Manage.CreateEndpoint(ctx, d.caller, manage.NewEndpoint{ProjectID: project.ID, Settings: a.settings(url)})
		if err != nil {
			return err
		}
		endpoint = created.Endpoint
		if a.paused {
			if endpoint, err = d.Manage.PauseEndpoint(ctx, d.caller, endpoint.ID); err != nil {
				return err
			}
		}
	} else if _, _, err := d.Manage.UpdateEndpoint(ctx, d.caller, endpoint.ID, manage.EndpointPatch{URL: &url}); err != nil {
		return err
	}
	d.mux.Handle("POST "+path, receiver.New(receiver.Options{
		Format: endpoint.Format, Custom: endpoint.Custom, Answer: a.answer, Secret: d.secretOf(endpoint),
	}))
	return nil
}

// secretFor is how long a receiver uses a secret before asking again.
const secretFor = time.Second

// Trickle publishes a burst so that every page has something to show, then an
// event at a time until the context ends.
func (d *Demo) Trickle(ctx context.Context) error {
	ticker := time.NewTicker(trickleEvery)
	defer ticker.Stop()
	d.stock(ctx)
	for n := 0; ; n++ {
		if err := d.publish(ctx, n); err != nil && ctx.Err() == nil {
			d.Log.WarnContext(ctx, "the demo's event was refused", "error", err)
		}
		if n < burst {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

const (
	burst        = 60
	trickleEvery = 800 * time.Millisecond
)

func (d *Demo) publish(ctx context.Context, n int) error {
	if len(d.Projects) == 0 {
		return errors.New("nothing is seeded")
	}
	i := n % len(scenes)
	if change := scenes[i].change; change != nil {
		return change(d, ctx, d.Projects[i].ID, n/len(scenes))
	}
	if say := scenes[i].product; say != nil {
		if id, state := say(n / len(scenes)); id != "" {
			return d.describe(ctx, d.Projects[i], manage.ProductUpdate{ID: id, Object: state})
		}
	}
	topic, data := scenes[i].event(n / len(scenes))
	_, err := d.Publish.Publish(ctx, d.caller, []publish.Draft{{Topic: topic, Data: data, Project: d.Projects[i].ID}})
	return err
}

// stock tells the systems that have products which ones there are.
func (d *Demo) stock(ctx context.Context) {
	for i, project := range d.Projects {
		if scenes[i].product == nil {
			continue
		}
		if err := d.describe(ctx, project, catalogue()...); err != nil && ctx.Err() == nil {
			d.Log.WarnContext(ctx, "the demo's products were refused", "error", err)
		}
	}
}

// describe says how products are now; what follows is published.
func (d *Demo) describe(ctx context.Context, project webhook.Project, products ...manage.ProductUpdate) error {
	_, err := d.Manage.PutProducts(ctx, d.caller, manage.Catalogue{ProjectID: project.ID}, products, 0)
	return err
}

// Links signs a developer in to each project; each works once.
func (d *Demo) Links(ctx context.Context) (map[string]string, error) {
	links := map[string]string{}
	for _, p := range d.Projects {
		link, err := d.Manage.CreateSignInLink(ctx, d.caller, p.ID, manage.NewLink{
			Email: "dev@" + p.ExternalID + ".example", Role: account.Developer, ExpiresIn: manage.MaxLinkLife,
		})
		if err != nil {
			return nil, err
		}
		links[p.Name] = link.URL
	}
	return links, nil
}
