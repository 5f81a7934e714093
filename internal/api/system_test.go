package api_test

import (
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// thisNode is the node that the fixture's calls are answered by.
var thisNode = webhook.NodeID{UUID: mint.UUID(time.Now())}

func TestTheSystemTellsOfNodesBacklogAndDatabase(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.must(f.store.Heartbeat(t.Context(), thisNode, "node-a", "1.2.3"))
	f.must(f.store.Heartbeat(t.Context(), webhook.NodeID{UUID: mint.UUID(time.Now())}, "node-b", "1.2.3"))
	got := f.ok(200, f.instance, "GET", "/system", "")
	got.is(map[string]string{
		"pool.slots": "1024", "pool.free": "1000", "pool.running": "20", "pool.queued": "4", "pool.unrecorded": "1",
		"backlog.endpoints": "0", "backlog.wideEvents": "0", "database.kind": "sqlite",
	})
	if got.count("nodes") != 2 || got.text("nodes", 0, "name") != "node-a" || got.text("nodes", 0, "state") != "alive" ||
		got.text("nodes", 0, "answering") != "true" || got.text("nodes", 1, "answering") != "false" || got.text("nodes", 1, "sending") != "0" {
		t.Errorf("nodes: %v", got.at("nodes").value)
	}
	if got.text("database", "version") == "" || len(got.text("database", "sizeBytes")) < 5 {
		t.Errorf("database: %v", got.at("database").value)
	}
	f.refused(403, "", f.full, "GET", "/system", "")
}
