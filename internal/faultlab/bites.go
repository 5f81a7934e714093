package faultlab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Bite is a way to break the product, and the run that must notice. The
// product's code carries nothing of it: what is built is laid over it.
type Bite struct {
	Name, Breaks string
	edits        []edit
	postgres     bool
	faults       []string
	rate         float64
	// rules are those that may notice; one is enough.
	rules []string
}

// edit replaces a text that stands in a file exactly once.
type edit struct{ file, from, to string }

// Bites are all ways.
func Bites() []Bite {
	return []Bite{
		{
			Name: "early-202", Breaks: "an event is answered 202 before it is stored",
			edits: []edit{{"internal/publish/commit.go", "	r.since = p.now()\n", `	r.since = p.now()
	early := webhook.Admitted{}
	for _, item := range r.admission.Items {
		early.Receipts = append(early.Receipts, webhook.Receipt{ID: item.Event.ID, Topic: item.Event.Topic, Deliveries: len(item.Deliveries)})
	}
	select {
	case p.in <- r:
		return early
	default:
	}
`}},
			faults: []string{"kill-accepted", "kill"}, rules: []string{"lost", "key"},
		},
		{
			Name: "no-sync", Breaks: "SQLite does not wait for the disk",
			edits:  []edit{{"internal/store/sqlite.go", "synchronous(FULL)", "synchronous(OFF)"}},
			faults: []string{"power-cut"}, rules: []string{"lost", "wire"},
		},
		{
			Name: "forgotten-attempt", Breaks: "the record of an answer 503 leaves the attempt's row out",
			edits: []edit{{"internal/store/lite_record.go", "	o.known, err = t.changed(liteInsertAttempt,", `	if a.Status == 503 {
		return o, nil
	}
	o.known, err = t.changed(liteInsertAttempt,`}},
			faults: []string{"term"}, rules: []string{"wire"},
		},
		{
			Name: "short-batch", Breaks: "a batch of results loses its last one under load",
			edits: []edit{{"internal/dispatch/record.go", "	return r.d.queue.Record(ctx, r.d.node, settled)", `	if len(settled) > 2 {
		settled = settled[:len(settled)-1]
	}
	return r.d.queue.Record(ctx, r.d.node, settled)`}},
			faults: []string{"net-slow"}, rate: 60, rules: []string{"unknown", "lost", "drain"},
		},
		{
			Name: "idle-sweep", Breaks: "the sweep settles ended leases and does not make their deliveries due",
			edits: []edit{{"internal/dispatch/claim.go", "		settled = append(settled, d.lost(ctx, job))\n", `		s := d.lost(ctx, job)
		s.Delay = time.Hour
		settled = append(settled, s)
`}},
			faults: []string{"kill-arrived", "kill-answered"}, rules: []string{"drain", "lost"},
		},
		{
			Name: "no-fence", Breaks: "a result counts whoever holds the lease: a late failure overwrites a success",
			edits: []edit{{"internal/store/pg_record.go", "WHERE d.id = x.did AND ((d.state = 'sending' AND d.attempt_id = x.aid) OR (x.state = 'delivered' AND d.state IN ('waiting', 'sending')))",
				"WHERE d.id = x.did"}},
			postgres: true, faults: []string{"pause"}, rate: 40, rules: []string{"twice", "wire", "lost"},
		},
		{
			Name: "no-key", Breaks: "an idempotency key is stored and never looked up",
			edits:  []edit{{"internal/store/lite_admit.go", "		if there {\n			copy(known.fingerprint[:], fingerprint)", "		if there && known.fanOut {\n			copy(known.fingerprint[:], fingerprint)"}},
			faults: []string{"kill"}, rules: []string{"key"},
		},
		{
			Name: "hasty-stop", Breaks: "SIGTERM does not wait for open requests",
			edits:  []edit{{"internal/dispatch/dispatch.go", "	if !within(d.drain, d.pool.empty) {", "	if !within(0, d.pool.empty) {"}},
			faults: []string{"term"}, rules: []string{"unknown"},
		},
		{
			Name: "early-record", Breaks: "a delivery is recorded as delivered before it is sent",
			edits: []edit{{"internal/dispatch/work.go", "		a := d.send(job, t,", `		d.records.add(d.settle(job, webhook.Attempt{
			ID: job.Delivery.AttemptID, DeliveryID: job.Delivery.ID, Number: job.Delivery.Attempts, StartedAt: d.now(),
			EndpointVersion: t.Version, Outcome: webhook.OutcomeDelivered, Response: webhook.Response{Status: 200},
		}, t))
		a := d.send(job, t,`}},
			faults: []string{"kill"}, rules: []string{"lost", "wire"},
		},
	}
}

// Bitten is what became of one broken build.
type Bitten struct {
	Bite
	// Caught: a rule noticed that had to.
	Caught bool
	// Rules are all that noticed, Took how long the run was, build left out.
	Rules []string
	Took  time.Duration
	Seed  uint64
}

// bitePatience is how long a backlog may take that never ends.
const bitePatience = 40 * time.Second

// Run builds the broken product and disturbs it.
func (b Bite) Run(ctx context.Context, o Options) (Bitten, error) {
	result := Bitten{Bite: b, Seed: o.Seed}
	binary, clean, err := b.build(ctx)
	if err != nil {
		return result, err
	}
	defer clean()
	began := time.Now()
	o.Binary, o.Postgres, o.Faults, o.For, o.patience = binary, b.postgres, b.faults, 10*time.Second, bitePatience
	if o.Nodes = 0; b.postgres {
		o.Nodes = 3
	}
	if b.rate > 0 {
		o.Rate = b.rate
	}
	report, err := Run(ctx, o)
	if err != nil {
		return result, err
	}
	result.Took = time.Since(began)
	for _, v := range report.Violations {
		if !slices.Contains(result.Rules, v.Rule) {
			result.Rules = append(result.Rules, v.Rule)
		}
	}
	slices.Sort(result.Rules)
	result.Caught = slices.ContainsFunc(b.rules, func(rule string) bool { return slices.Contains(result.Rules, rule) })
	return result, os.RemoveAll(report.dir)
}

// build builds the product with the edits laid over it.
func (b Bite) build(ctx context.Context) (binary string, clean func(), err error) {
	dir, err := os.MkdirTemp("", "faultlab-bite-")
	if err != nil {
		return "", nil, err
	}
	defer os.RemoveAll(dir)
	overlay, err := b.overlay(ctx, dir)
	if err != nil {
		return "", nil, err
	}
	return Build(ctx, []string{"-overlay", overlay})
}

// overlay writes the edited files and the file that tells go of them.
func (b Bite) overlay(ctx context.Context, dir string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	replace := map[string]string{}
	for i, e := range b.edits {
		from := filepath.Join(strings.TrimSpace(string(out)), e.file)
		text, err := e.apply(from)
		if err != nil {
			return "", fmt.Errorf("bite %s: %w", b.Name, err)
		}
		to := filepath.Join(dir, fmt.Sprintf("%d.go", i))
		if err := os.WriteFile(to, text, 0o600); err != nil {
			return "", err
		}
		replace[from] = to
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	path := filepath.Join(dir, "overlay.json")
	return path, errors.Join(err, os.WriteFile(path, text, 0o600))
}

// apply edits a file's text; one that no longer holds what is replaced is an
// error, as the bite would prove nothing.
func (e edit) apply(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(text), e.from); n != 1 {
		return nil, fmt.Errorf("%s has %q %d times instead of once: the code has changed, so must the bite", e.file, e.from, n)
	}
	return []byte(strings.Replace(string(text), e.from, e.to, 1)), nil
}
