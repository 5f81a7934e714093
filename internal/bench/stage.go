package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bellwire/bellwire/internal/store/storeseed"
)

// stage is what a scenario of speed plays on: a server, a receiver, and a
// caller with a key of the instance.
type stage struct {
	Options
	server *server
	inbox  *inbox
	admin  *visitor
	// key is the caller's.
	key string
	// postmaster is the process of PostgreSQL; 0 with SQLite and where it can't
	// be seen.
	postmaster int
	runs       int
}

// ownFile names an SQLite file where no database was given, and cleans up.
func (o *Options) ownFile() (clean func(), err error) {
	if o.DatabaseURL != "" {
		return func() {}, nil
	}
	dir, err := os.MkdirTemp("", "bellwire-bench-")
	if err != nil {
		return nil, err
	}
	o.DatabaseURL = "sqlite://" + filepath.Join(dir, "bellwire.db")
	return func() { os.RemoveAll(dir) }, nil
}

// onStage runs measure against a server and a receiver of its own, on an empty
// database: the one that is named, or a file that is removed afterwards.
func onStage(ctx context.Context, o Options, plan receiverPlan, measure func(context.Context, *stage) (Result, error)) (r Result, err error) {
	clean, err := o.ownFile()
	if err != nil {
		return r, err
	}
	defer clean()
	if err := storeseed.Empty(ctx, o.DatabaseURL); err != nil {
		return r, err
	}
	t, err := openStage(ctx, o, plan)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	return measure(ctx, t)
}

// openStage starts a server on the database, and a receiver.
func openStage(ctx context.Context, o Options, plan receiverPlan) (*stage, error) {
	server, err := newServer(o, o.DatabaseURL)
	if err != nil {
		return nil, err
	}
	t := &stage{Options: o, server: server}
	if t.postmaster, err = postmaster(ctx, o); err != nil {
		return nil, err
	}
	if t.inbox, err = openInbox(ctx, o, plan); err != nil {
		return nil, err
	}
	if err := server.Start(ctx); err != nil {
		t.inbox.stop()
		return nil, err
	}
	return t, nil
}

// close ends what openStage started.
func (t *stage) close() error {
	t.inbox.stop()
	return t.server.Stop()
}

// postmaster looks for the process of PostgreSQL on this machine.
func postmaster(ctx context.Context, o Options) (int, error) {
	if o.DatabasePID != 0 || dialect(o.DatabaseURL) == "SQLite" {
		return o.DatabasePID, nil
	}
	pid, err := storeseed.Backend(ctx, o.DatabaseURL)
	if err != nil {
		return 0, err
	}
	backend, _ := readStat(pid)
	if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", backend.parent)); !strings.HasPrefix(string(name), "postgres") {
		say(o.Log, "PostgreSQL's process can't be seen from here: its processor time is not counted (--database-pid names it)")
		return 0, nil
	}
	return backend.parent, nil
}

// processes are those whose time a delivery costs, ours first.
func (t *stage) processes() (int, []int) {
	if t.postmaster == 0 {
		return t.server.PID(), nil
	}
	return t.server.PID(), []int{t.postmaster}
}

// topicsMade is how many topics the bench has.
const topicsMade = 10

func topic(i int) string { return fmt.Sprintf("bench.flow.%d", i) }

// enter makes the key and the topics.
func (t *stage) enter(ctx context.Context) (err error) {
	if t.key, err = t.server.InstanceKey(ctx); err != nil {
		return err
	}
	if t.admin, err = newVisitor(t.server.URL, t.key); err != nil {
		return err
	}
	for i := range topicsMade {
		err := t.admin.call(ctx, http.MethodPost, "/topics", map[string]any{"name": topic(i)}, nil)
		if err != nil && !errors.Is(err, refusal(http.StatusConflict)) { // an earlier stage on this database made them
			return err
		}
	}
	return nil
}

// yard is a project with endpoints that point to the receiver, and a key that
// publishes into it.
type yard struct {
	name, project, key string
	topics             []string
	endpoints          []string
}

// under is what the paths of the yard's endpoints begin with.
func (y yard) under() string { return "/ok/" + y.name + "/" }

// yard makes one with n endpoints. Each gets the events of all topics; or, if
// there are as many topics as endpoints, of its own.
func (t *stage) yard(ctx context.Context, name string, n, topics int) (y yard, err error) {
	y.name = name
	for i := range topics {
		y.topics = append(y.topics, topic(i))
	}
	if y.project, err = makeProject(ctx, t.admin, name); err != nil {
		return y, err
	}
	y.endpoints = make([]string, n)
	group, making := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i := range n {
		group.Go(func() (err error) {
			wanted := y.topics
			if len(y.topics) == n {
				wanted = y.topics[i : i+1]
			}
			y.endpoints[i], err = t.endpoint(making, y.project, y.under(), i, wanted)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return y, err
	}
	y.key, err = t.publishingKey(ctx, y.project)
	return y, err
}

func (t *stage) publishingKey(ctx context.Context, project string) (string, error) {
	var key struct{ Secret string }
	err := t.admin.call(ctx, http.MethodPost, "/keys", map[string]any{"projectId": project, "name": "bench", "scopes": []string{"publish"}}, &key)
	return key.Secret, err
}

func (t *stage) endpoint(ctx context.Context, project, under string, i int, topics []string) (id string, err error) {
	var made struct{ ID string }
	err = t.admin.call(ctx, http.MethodPost, "/endpoints", map[string]any{
		"projectId": project, "name": fmt.Sprintf("receiver-%d", i), "format": "standard",
		"url": fmt.Sprintf("%s%s%d", t.inbox.url, under, i), "topics": topics,
	}, &made)
	return made.ID, err
}

// switchAll pauses or resumes the yard's endpoints: "pause", "resume".
func (t *stage) switchAll(ctx context.Context, y yard, act string) error {
	for _, id := range y.endpoints {
		if err := t.admin.call(ctx, http.MethodPost, "/endpoints/"+id+"/"+act, nil, nil); err != nil && !errors.Is(err, refusal(http.StatusConflict)) {
			return err
		}
	}
	return nil
}

const (
	// publishWithin is how long publishing for one figure may take.
	publishWithin = 15 * time.Minute
	// patience is how long the receiver may stay without a delivery before what
	// is missing is lost.
	patience = 30 * time.Second
)

// begin makes the receiver count a new run and names it.
func (t *stage) begin(ctx context.Context) (string, error) {
	t.runs++
	run := fmt.Sprintf("r%d", t.runs)
	return run, t.inbox.begin(ctx, run)
}

// publish runs a load of the plan's events to the end.
func (t *stage) publish(ctx context.Context, plan loadPlan) (loaded, error) {
	plan.Within = publishWithin
	done, err := work[loaded](ctx, t.Options, "load", plan)
	if err == nil && done.Accepted == 0 {
		err = errors.New("nothing was accepted: " + done.Complaint)
	}
	return done, err
}
