package store

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// The bounds of what is read of nodes.
const (
	maxNodes = 200
	// maxHeld is how many deliveries under way are counted.
	maxHeld = 20_000
)

// Heartbeat says that a node lives.
func (s *Store) Heartbeat(ctx context.Context, node webhook.NodeID, name, version string) error {
	return s.tx(ctx, "write the heartbeat", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO nodes (id, name, version, started_at, heartbeat_at) VALUES (?, ?, ?, ?, ?)
 ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, name = excluded.name, version = excluded.version`,
			uid(node.UUID), clean(name), clean(version), now, now).Error
	})
}

// Leave says that a node has ended in good order.
func (s *Store) Leave(ctx context.Context, node webhook.NodeID) error {
	return wrap("take a node off the list", s.write.WithContext(ctx).Exec("DELETE FROM nodes WHERE id = ?", uid(node.UUID)).Error)
}

// Nodes lists the server processes that were heard of in the last day and did
// not end in good order, the oldest first, with what each has in hand.
func (s *Store) Nodes(ctx context.Context) ([]webhook.Node, error) {
	var rows []struct {
		ID                     uid
		Name, Version          string
		StartedAt, HeartbeatAt int64
	}
	err := s.db(ctx).Raw("SELECT * FROM (SELECT id, name, version, started_at, heartbeat_at FROM nodes ORDER BY heartbeat_at DESC LIMIT ?) n ORDER BY started_at, id", maxNodes).Scan(&rows).Error
	if err != nil {
		return nil, wrap("list nodes", err)
	}
	held, err := s.heldByNode(ctx)
	if err != nil {
		return nil, wrap("count what nodes have in hand", err)
	}
	nodes := make([]webhook.Node, len(rows))
	for i, r := range rows {
		nodes[i] = webhook.Node{
			ID: webhook.NodeID{UUID: webhook.UUID(r.ID)}, Name: r.Name, Version: r.Version, StartedAt: at(r.StartedAt), HeartbeatAt: at(r.HeartbeatAt),
			Sending: held[r.ID].Sending, LeasedUntil: at(held[r.ID].Until),
		}
	}
	return nodes, nil
}

// holding is what one node has in hand.
type holding struct {
	NodeID         uid
	Sending, Until int64
}

// heldByNode reads the index of what is being sent, which is as small as all
// nodes' pools together.
func (s *Store) heldByNode(ctx context.Context) (map[uid]holding, error) {
	index := ""
	if s.dialect == SQLite {
		index = " INDEXED BY deliveries_sending"
	}
	var rows []holding
	err := s.db(ctx).Raw(`SELECT node_id, count(*) AS sending, max(lease_until) AS until
 FROM (SELECT node_id, lease_until FROM deliveries`+index+` WHERE state = 'sending' AND lease_until > 0 LIMIT ?) d GROUP BY node_id`, maxHeld).Scan(&rows).Error
	held := make(map[uid]holding, len(rows))
	for _, r := range rows {
		if s.dialect == SQLite && r.NodeID == (uid{}) {
			r.NodeID = s.node // handed off at the publish, which no other process does here
		}
		r.Sending += held[r.NodeID].Sending
		r.Until = max(r.Until, held[r.NodeID].Until)
		held[r.NodeID] = r
	}
	return held, err
}

// Backlog reads the queue's heads; its cost does not depend on what is held.
func (s *Store) Backlog(ctx context.Context) (webhook.Load, error) {
	var b webhook.Load
	now, err := s.hot.now(ctx)
	if err != nil {
		return b, wrap("read the backlog", err)
	}
	var row struct{ Ready, First, Wide, Made int64 }
	err = s.db(ctx).Raw(`SELECT count(*) AS ready, COALESCE(min(ready_at), 0) AS first, (SELECT count(*) FROM fanouts) AS wide, (SELECT COALESCE(sum(made), 0) FROM fanouts) AS made
 FROM endpoint_queue WHERE ready_at <= ? AND ready_at < 9223372036854775807`, now).Scan(&row).Error
	b.Ready, b.Wide, b.Made = row.Ready, row.Wide, row.Made
	if b.Ready > 0 {
		b.Oldest = time.Duration(now-row.First) * time.Millisecond
	}
	return b, wrap("read the backlog", err)
}

// Database says what the database is and how large it has grown.
func (s *Store) Database(ctx context.Context) (webhook.Database, error) {
	d := webhook.Database{Kind: s.dialect}
	if s.dialect == SQLite {
		err := s.db(ctx).Raw("SELECT sqlite_version()").Scan(&d.Version).Error
		for _, suffix := range []string{"", "-wal"} {
			if file, err := os.Stat(s.path + suffix); err == nil {
				d.Size += file.Size()
			}
		}
		return d, wrap("read what the database is", err)
	}
	var row struct {
		Version string
		Size    int64
	}
	err := s.db(ctx).Raw("SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS size").Scan(&row).Error
	// What packagers add follows after a space.
	d.Version, _, _ = strings.Cut(row.Version, " ")
	d.Size = row.Size
	return d, wrap("read what the database is", err)
}
