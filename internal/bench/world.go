package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bellwire/bellwire/internal/store/storeseed"
	"github.com/bellwire/bellwire/internal/webhook"
)

// world is what the pages are asked about: a few customers, people, keys and a
// month of deliveries.
type world struct {
	// Busy has most of the deliveries; Wide has the most endpoints, Small few
	// of either.
	Busy, Wide, Small tenant
	Key, ProjectKey   string
	Filled            storeseed.Filled
	FilledAt          time.Time
	Endpoints         int
}

// tenant is a project with some endpoints worth a look.
type tenant struct {
	ID string
	// Heavy has the most deliveries, Silent none, Paused holds its own, Failing
	// gives many up.
	Heavy, Silent, Paused, Failing string
	endpoints                      []string
}

// Who the people are beside the admin.
const (
	developerEmail = "developer@bench.example"
	supportEmail   = "support@bench.example"
)

// spread is how the deliveries are divided between the tenants.
type spread struct {
	name      string
	endpoints int
	share     float64
	into      *tenant
}

// idle is how many projects there are that have nothing.
const idle = 40

// buildWorld makes customers and people through the API and the command line.
func (p Pages) buildWorld(ctx context.Context, s *server) (w world, plan storeseed.Plan, err error) {
	if w.Key, err = s.InstanceKey(ctx); err != nil {
		return w, plan, err
	}
	v, err := newVisitor(s.URL, w.Key)
	if err != nil {
		return w, plan, err
	}
	w.Endpoints = p.Endpoints + p.Wide + 5
	tenants := []spread{{"Busy shop", p.Endpoints, .80, &w.Busy}, {"Wide platform", p.Wide, .15, &w.Wide}, {"Small shop", 5, .05, &w.Small}}
	for _, t := range tenants {
		if *t.into, err = makeTenant(ctx, v, t); err != nil {
			return w, plan, err
		}
		plan.Projects = append(plan.Projects, t.into.plan(t))
	}
	for i := range idle {
		if _, err = makeProject(ctx, v, fmt.Sprintf("Quiet shop %02d", i)); err != nil {
			return w, plan, err
		}
	}
	for _, t := range topicShares {
		plan.Topics = append(plan.Topics, storeseed.Topic{Name: t.name, Share: t.share})
	}
	if err = makePeople(ctx, s, v, w); err != nil {
		return w, plan, err
	}
	var key struct{ Secret string }
	err = v.call(ctx, http.MethodPost, "/keys", map[string]any{"projectId": w.Busy.ID, "name": "bench", "scopes": []string{"publish", "manage", "read"}}, &key)
	w.ProjectKey = key.Secret
	return w, plan, err
}

// topicShares are the topics of the past; the last one is rare.
var topicShares = []struct {
	name  string
	share float64
}{
	{"product.viewed", 60}, {"product.updated", 25}, {"product.price_changed", 10}, {"chat.message.received", 4.99}, {"commission.earned", .01},
}

func makePeople(ctx context.Context, s *server, v *visitor, w world) error {
	for email, role := range map[string]string{developerEmail: "member", supportEmail: "support"} {
		if _, err := s.Command(ctx, password+"\n", "user", "create", "--email", email, "--role", role, "--password-stdin"); err != nil {
			return err
		}
	}
	for _, t := range []tenant{w.Busy, w.Wide, w.Small} {
		if err := v.call(ctx, http.MethodPost, "/projects/"+t.ID+"/members", map[string]any{"email": developerEmail, "role": "owner"}, nil); err != nil {
			return err
		}
	}
	return nil
}

func makeProject(ctx context.Context, v *visitor, name string) (string, error) {
	var made struct{ ID string }
	err := v.call(ctx, http.MethodPost, "/projects", map[string]any{"name": name}, &made)
	return made.ID, err
}

// makeTenant makes a project and its endpoints, several at a time.
func makeTenant(ctx context.Context, v *visitor, s spread) (t tenant, err error) {
	if t.ID, err = makeProject(ctx, v, s.name); err != nil {
		return t, err
	}
	t.endpoints = make([]string, s.endpoints)
	group, making := errgroup.WithContext(ctx)
	group.SetLimit(8)
	var naming sync.Mutex
	for i := range s.endpoints {
		group.Go(func() error {
			id, err := makeEndpoint(making, v, t.ID, i)
			naming.Lock()
			defer naming.Unlock()
			t.endpoints[i] = id
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return t, err
	}
	t.Heavy, t.Silent, t.Paused, t.Failing = t.endpoints[heavyAt], t.endpoints[silentAt], t.endpoints[pausedAt], t.endpoints[failingAt]
	for i, id := range t.endpoints {
		if i%pausedEvery == pausedAt {
			if err := v.call(ctx, http.MethodPost, "/endpoints/"+id+"/pause", nil, nil); err != nil {
				return t, err
			}
		}
	}
	return t, nil
}

// Where the special endpoints stand among a tenant's.
const (
	heavyAt = iota
	silentAt
	pausedAt
	failingAt
	minEndpoints

	pausedEvery, failingEvery = 40, 20
)

// target is where endpoints point to: nothing listens there, and nothing is
// ever due.
const target = "https://127.0.0.1:9499/hooks/"

func makeEndpoint(ctx context.Context, v *visitor, project string, i int) (string, error) {
	topics := []string{"product.*"}
	if i%4 == 1 {
		topics = []string{"product.viewed", "chat.message.received", "commission.earned"}
	}
	settings := map[string]any{
		"projectId": project, "name": fmt.Sprintf("orders-%04d", i), "url": fmt.Sprintf("%sreceiver-%04d", target, i), "topics": topics, "format": "standard",
		"payloadFilter": []any{map[string]any{"path": "price.amount", "operator": "gte", "value": "5"}},
	}
	var made struct{ ID string }
	return made.ID, v.call(ctx, http.MethodPost, "/endpoints", settings, &made)
}

// plan divides a tenant's share: much for the heavy one, a falling part for the
// others, nothing for the silent one.
func (t tenant) plan(s spread) storeseed.Project {
	project := storeseed.Project{ID: webhook.ProjectID{UUID: uuid(t.ID)}}
	rest := 0.0
	for i := range t.endpoints {
		rest += tail(i)
	}
	for i, id := range t.endpoints {
		e := storeseed.Endpoint{ID: webhook.EndpointID{UUID: uuid(id)}, URL: fmt.Sprintf("%sreceiver-%04d", target, i), Failing: .02, Paused: i%pausedEvery == pausedAt}
		if e.Share = s.share * .6 * tail(i) / rest; i == heavyAt {
			e.Share = s.share * .4
		}
		if i%failingEvery == failingAt {
			e.Failing = .35
		}
		project.Endpoints = append(project.Endpoints, e)
	}
	return project
}

// tail is the weight of an endpoint among those that are not special.
func tail(i int) float64 {
	if i == heavyAt || i == silentAt {
		return 0
	}
	return 1 / float64(i+5)
}

// uuid reads an id that the API gave.
func uuid(text string) webhook.UUID {
	id, _ := webhook.ParseUUID(text) // the API writes ids in this form only
	return id
}

// kept and restore are a world as the database keeps it.
func (w world) kept() ([]byte, error) { return json.Marshal(w) }

func restore(text []byte) (w world, err error) {
	return w, json.Unmarshal(text, &w)
}
