package storeseed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	// batch is how many deliveries one transaction writes.
	batch = 5000
	// audited is how many entries of the audit log there are for 100 deliveries.
	audited = 2
	// manyValue is in every fiftieth event's search key.
	manyValue = "prod_1"
)

// place is an endpoint of the plan with its project.
type place struct {
	Endpoint
	project int
}

// history writes one plan.
type history struct {
	Plan
	dice
	into   sink
	filled Filled

	places []place
	// all picks among all places, within[i] among those of project i.
	all    shares
	within []shares
	of     [][]int // the places of each project
	topics shares
	node   [16]byte

	minutes minutes
	// due is when the first waiting delivery of a place goes.
	due map[int]int64
	// Rows that the next batch writes.
	events, deliveries, attempts, values [][]any
	seq                                  int64
	widest                               int
}

func newHistory(plan Plan, into sink) *history {
	h := &history{
		Plan: plan, dice: newDice(plan.Seed), into: into, minutes: minutes{}, due: map[int]int64{},
		within: make([]shares, len(plan.Projects)), of: make([][]int, len(plan.Projects)),
	}
	for i, p := range plan.Projects {
		for _, e := range p.Endpoints {
			h.of[i] = append(h.of[i], len(h.places))
			h.places = append(h.places, place{e, i})
			h.all.add(e.Share)
			h.within[i].add(e.Share)
		}
	}
	for _, t := range plan.Topics {
		h.topics.add(t.Share)
	}
	h.node = h.id(plan.Since)
	return h
}

func (h *history) write(ctx context.Context) error {
	if len(h.places) == 0 || len(h.Topics) == 0 || !h.Until.After(h.Since) {
		return errors.New("a plan needs endpoints, topics and a time")
	}
	if n, err := h.into.count(ctx, "SELECT count(*) FROM (SELECT 1 FROM events LIMIT 1) AS any_event"); err != nil || n > 0 {
		return errors.Join(err, errors.New("there are events already"))
	}
	for day := h.Since.Truncate(24 * time.Hour); day.Before(h.Until); day = day.Add(24 * time.Hour) {
		if err := h.into.day(ctx, day); err != nil {
			return fmt.Errorf("make room for a day: %w", err)
		}
	}
	for _, step := range []func(context.Context) error{h.age, h.log, h.statistics, h.audit, h.queue, h.health, h.into.settle} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// age makes projects and endpoints older than the log.
func (h *history) age(ctx context.Context) error {
	made := h.Since.Add(-time.Hour).UnixMilli()
	for _, sql := range []string{"UPDATE projects SET created_at = ?", "UPDATE endpoints SET created_at = ?", "UPDATE endpoint_versions SET created_at = ?"} {
		if err := h.into.exec(ctx, sql, made); err != nil {
			return err
		}
	}
	return h.into.commit(ctx)
}

// log writes events, deliveries and attempts in the order of their making.
func (h *history) log(ctx context.Context) error {
	span := h.Until.Sub(h.Since)
	for h.filled.Deliveries < h.Deliveries {
		part := float64(h.filled.Deliveries) / float64(h.Deliveries)
		at := h.Since.Add(time.Duration(part * float64(span))).Add(time.Duration(h.IntN(1000)) * time.Millisecond)
		h.event(at)
		if len(h.deliveries) >= batch {
			if err := h.flush(ctx); err != nil {
				return err
			}
		}
	}
	return h.flush(ctx)
}

func (h *history) flush(ctx context.Context) error {
	for _, part := range []struct {
		table, columns string
		rows           *[][]any
	}{
		{"events", eventColumns, &h.events}, {"event_search", "project_id value event_id", &h.values},
		{"deliveries", deliveryColumns, &h.deliveries}, {"attempts", attemptColumns, &h.attempts},
	} {
		if err := h.into.rows(ctx, part.table, part.columns, *part.rows); err != nil {
			return fmt.Errorf("fill %s: %w", part.table, err)
		}
		*part.rows = (*part.rows)[:0]
	}
	return h.into.commit(ctx)
}

const eventColumns = `id seq project_id audience topic data occurred_at accepted_at published_by_type published_by_name deliveries search`

// event makes one event with its deliveries: mostly one or two, and a wide one
// now and then.
func (h *history) event(at time.Time) {
	first := h.all.pick(h.dice)
	project := h.places[first].project
	receivers := map[int]bool{first: true}
	switch roll := h.Float64(); {
	case h.seq%20_000 == 500:
		for len(h.of[h.places[first].project]) < h.widestProject() { // wide ones are of the project with the most endpoints
			first = h.all.pick(h.dice)
		}
		project, receivers = h.places[first].project, map[int]bool{}
		for i, n := 0, len(h.of[project]); i < n && i < 1000; i++ {
			receivers[h.of[project][i]] = true
		}
	case roll < .30:
		for range 1 + h.IntN(4) {
			receivers[h.of[project][h.within[project].pick(h.dice)]] = true
		}
	}
	h.seq++
	id, topic, owner := h.id(at), h.Topics[h.topics.pick(h.dice)].Name, h.Projects[project].ID
	value := fmt.Sprintf("prod_%d", 2+h.IntN(50_000))
	switch {
	case h.seq%50 == 0:
		value = manyValue
	case h.filled.Rare == "":
		value = "prod_rare"
		h.filled.Rare = value
	}
	h.filled.Value = manyValue
	data := fmt.Sprintf(`{"productId":%q,"name":"Enamel mug no. %d","price":{"amount":%d,"currency":"EUR"},"stock":%d,"tags":["kitchen","blue","%d"],"note":"made up by the bench so that pages have something to read"}`,
		value, h.seq%997, 100+h.IntN(9000), h.IntN(500), h.IntN(99))
	h.events = append(h.events, []any{
		id, h.seq, [16]byte(owner.UUID), "project", topic, []byte(data), at.UnixMilli(), at.UnixMilli(), "system", "bench", len(receivers), `["` + value + `"]`,
	})
	h.values = append(h.values, []any{[16]byte(owner.UUID), value, id})
	h.filled.Events++
	if len(receivers) > h.widest {
		h.widest, h.filled.Widest, h.filled.WidestIn = len(receivers), webhook.EventID{UUID: id}, owner
	}
	if len(receivers) < 10 && (h.filled.Narrow.IsZero() || h.seq%1000 == 0) {
		h.filled.Narrow, h.filled.NarrowIn = webhook.EventID{UUID: id}, owner
	}
	for _, receiver := range h.inOrder(receivers, project) {
		h.delivery(receiver, id, topic, at)
	}
}

// widestProject is the most endpoints that a project with deliveries has.
func (h *history) widestProject() int {
	most := 0
	for i, p := range h.Projects {
		if len(p.Endpoints) > most && h.within[i].sums[len(p.Endpoints)-1] > 0 {
			most = len(p.Endpoints)
		}
	}
	return most
}

// inOrder lists receivers as the plan does: a map's order would make another
// past each time.
func (h *history) inOrder(receivers map[int]bool, project int) []int {
	list := make([]int, 0, len(receivers))
	if len(receivers) == 1 {
		for r := range receivers {
			return append(list, r)
		}
	}
	for _, r := range h.of[project] {
		if receivers[r] {
			list = append(list, r)
		}
	}
	return list
}
