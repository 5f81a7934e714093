package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/system"
)

// adminPages are about the installation; for everybody else nothing is there.
func (w *Web) adminPages() []line {
	return []line{
		{get, pathSystem, admin, w.showSystem},
	}
}

func (w *Web) showSystem(c *gin.Context) error {
	found, err := w.Manage.System(c.Request.Context(), w.caller(c))
	if err != nil {
		return err
	}
	m := presentSystem(found)
	if m.Shell, err = w.shell(c, atSystem, "System", component.Link{Label: "System"}); err != nil {
		return err
	}
	return w.render(c, http.StatusOK, system.Show(m))
}

func presentSystem(s manage.System) system.ShowModel {
	m := system.ShowModel{
		Live: component.Live{URL: pathSystem}, State: nodesMark(s), Backlog: backlogFigures(s.Backlog),
		Host: "not on the list yet", Pool: poolFigures(s.Pool), Database: databaseFigures(s),
	}
	for _, n := range s.Nodes {
		if n.ID == s.Self {
			m.Host = n.Name
		}
		m.Nodes = append(m.Nodes, presentNode(n, s))
	}
	return m
}

// nodesMark sums up how the nodes are.
func nodesMark(s manage.System) component.Mark {
	states := map[webhook.NodeState]int64{}
	for _, n := range s.Nodes {
		states[n.StateAt(s.Now)]++
	}
	alive, silent, lost := states[webhook.NodeAlive], states[webhook.NodeSilent], states[webhook.NodeLost]
	switch {
	case silent > 0:
		return component.Mark{Tone: component.Bad, Text: fmt.Sprintf("%s silent", plural(silent, "node is", "nodes are"))}
	case lost > 0:
		return component.Mark{Tone: component.Unknown, Text: fmt.Sprintf("%s alive, %d lost", plural(alive, "node", "nodes"), lost)}
	}
	return component.Mark{Tone: component.Good, Text: fmt.Sprintf("%s alive", plural(alive, "node", "nodes"))}
}

func presentNode(n webhook.Node, s manage.System) system.NodeRow {
	r := system.NodeRow{
		ID: n.ID.String(), Name: n.Name, Version: n.Version, Here: n.ID == s.Self, Sending: count(n.Sending),
		Started: moment(n.StartedAt, s.Now), Heartbeat: moment(n.HeartbeatAt, s.Now),
	}
	silence := span(s.Now.Sub(n.HeartbeatAt))
	switch n.StateAt(s.Now) {
	case webhook.NodeAlive:
		r.Mark = component.Mark{Tone: component.Good, Text: "alive"}
	case webhook.NodeSilent:
		r.Mark = component.Mark{Tone: component.Bad, Text: "silent for " + silence}
		r.Note = silentNote(n, s.Now)
	case webhook.NodeLost:
		r.Mark = component.Mark{Tone: component.Unknown, Text: "lost, silent for " + silence}
		r.Note = "Its work was taken over: it has nothing in hand any more. If it comes back it goes on as before."
	}
	return r
}

// silentNote says what becomes of the work of a node that is not heard of.
func silentNote(n webhook.Node, now time.Time) string {
	switch left := n.LeasedUntil.Sub(now); {
	case n.Sending == 0:
		return "It has nothing in hand, so nothing waits for it."
	case left > 0:
		return fmt.Sprintf("What it has in hand is taken over by the others as its leases end, the last in %s.", span(max(left, time.Second)))
	}
	return "Its leases are over: the others are taking its work over now."
}

func backlogFigures(b webhook.Load) []component.Figure {
	figures := []component.Figure{
		{Label: "Endpoints with something due", Value: count(b.Ready), Note: "as far as they may be sent to now"},
		{Label: "Oldest due", Value: "–", Note: "nothing waits to be sent"},
		{Label: "Wide events under way", Value: count(b.Wide), Note: "their deliveries are made in steps"},
	}
	if b.Ready > 0 {
		figures[1] = component.Figure{Label: "Oldest due", Value: span(b.Oldest), Note: "since the first of them could go"}
	}
	if b.Wide > 0 {
		figures[2].Note = plural(b.Made, "delivery", "deliveries") + " made so far"
	}
	return figures
}

func poolFigures(p manage.Pool) []component.Figure {
	return []component.Figure{
		{Label: "Slots free", Value: count(int64(p.Free)), Note: "of " + count(int64(p.Slots))},
		{Label: "Requests open", Value: count(int64(p.Running))},
		{Label: "Queued", Value: count(int64(p.Queued)), Note: "claimed, waiting for a worker"},
		{Label: "Unrecorded", Value: count(int64(p.Unrecorded)), Note: "results on their way to the database"},
	}
}

// badClock is how far the clocks may differ: receivers refuse what is signed at
// another time.
const badClock = time.Minute

func databaseFigures(s manage.System) []component.Figure {
	kind := map[string]string{"sqlite": "SQLite", "postgres": "PostgreSQL"}[s.Database.Kind]
	clock := component.Figure{
		Label: "Clock", Value: s.Now.UTC().Format("15:04:05 UTC"), Note: "this node's differs by " + took(s.Ahead.Abs()),
	}
	if s.Ahead.Abs() > badClock {
		clock.Tone, clock.Note = component.Bad, clock.Note+": receivers may refuse what it signs. Set the clocks."
	}
	return []component.Figure{
		{Label: "Kind", Value: kind, Note: s.Database.Version},
		{Label: "Size", Value: size(s.Database.Size), Note: s.Now.UTC().Format("on 2 Jan 2006")},
		clock,
	}
}
