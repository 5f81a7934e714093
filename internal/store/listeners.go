package store

import (
	"context"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

type listenerRow struct {
	EndpointID uid `gorm:"primaryKey"`
	ProjectID  uid
	KeyID      uid
	Name       string
	StreamID   uid
	SeenAt     int64
	HeardAt    int64
	LeftAt     int64
}

func (listenerRow) TableName() string { return "listeners" }

func (r listenerRow) listener() webhook.Listener {
	return webhook.Listener{
		EndpointID: webhook.EndpointID{UUID: webhook.UUID(r.EndpointID)}, ProjectID: webhook.ProjectID{UUID: webhook.UUID(r.ProjectID)},
		KeyID: webhook.KeyID{UUID: webhook.UUID(r.KeyID)}, Name: r.Name, Stream: webhook.StreamID{UUID: webhook.UUID(r.StreamID)}, HeardAt: at(r.HeardAt), LeftAt: at(r.LeftAt),
	}
}

const selectListener = "SELECT * FROM listeners WHERE "

// Listener finds the listener of an endpoint, whatever its project.
func (s *Store) Listener(ctx context.Context, endpoint webhook.EndpointID) (webhook.Listener, error) {
	row, err := one[listenerRow](s.db(ctx), "listener", selectListener+"endpoint_id = ?", uid(endpoint.UUID))
	return row.listener(), wrap("read a listener", err)
}

// ListenerNamed finds the listener that a key opened under a name.
func (s *Store) ListenerNamed(ctx context.Context, key webhook.KeyID, name string) (webhook.Listener, error) {
	row, err := one[listenerRow](s.db(ctx), "listener", selectListener+"key_id = ? AND name = ?", uid(key.UUID), clean(name))
	return row.listener(), wrap("read a listener", err)
}

// CreateListener stores a listener with its endpoint, held until the first
// stream opens, and the endpoint's secret. A Conflict if the key has one of that
// name; Limited if the project has webhook.MaxListeners.
func (s *Store) CreateListener(ctx context.Context, l webhook.Listener, e webhook.Endpoint, secret webhook.Secret, entry webhook.AuditEntry) error {
	e.State, e.PausedBecause, e.PausedAt = webhook.EndpointPaused, webhook.PausedAsAway, e.CreatedAt
	return s.tx(ctx, "create a listener", func(tx *gorm.DB) error {
		if err := lockProject(tx, e.ProjectID); err != nil {
			return err
		}
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		if err := roomForListener(tx, l); err != nil {
			return err
		}
		if err := s.insertEndpoint(tx, e, secret, entry); err != nil {
			return err
		}
		row := listenerRow{EndpointID: uid(e.ID.UUID), ProjectID: uid(e.ProjectID.UUID), KeyID: uid(l.KeyID.UUID), Name: clean(l.Name), LeftAt: now}
		return tx.Create(&row).Error
	})
}

func roomForListener(tx *gorm.DB, l webhook.Listener) error {
	var names []string
	if err := tx.Raw("SELECT name FROM listeners WHERE key_id = ? AND name = ?", uid(l.KeyID.UUID), clean(l.Name)).Scan(&names).Error; err != nil {
		return err
	}
	if len(names) > 0 {
		return webhook.Conflict("this key listens under that name already; try again")
	}
	var n int64
	if err := tx.Raw("SELECT count(*) FROM listeners WHERE project_id = ?", uid(l.ProjectID.UUID)).Scan(&n).Error; err != nil {
		return err
	}
	if n >= webhook.MaxListeners {
		return webhook.Limited("%d listeners take this project's deliveries already; stop one first", n)
	}
	return nil
}

// StartStream makes a stream the listener's present one and lets its
// deliveries go. An older stream learns of it from KeepStreams.
func (s *Store) StartStream(ctx context.Context, l webhook.Listener, stream webhook.StreamID) error {
	return s.tx(ctx, "start a stream", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		row, err := s.lockStanding(tx, l.ProjectID, l.EndpointID)
		if err != nil {
			return err
		}
		err = changed(tx.Exec("UPDATE listeners SET stream_id = ?, seen_at = ?, heard_at = ?, left_at = 0 WHERE endpoint_id = ?",
			uid(stream.UUID), now, now, row.ID), "listener")
		if err != nil || row.PausedBecause != string(webhook.PausedAsAway) {
			return err // somebody else's pause stays
		}
		return letGo(tx, row, 0, now)
	})
}

// LeaveStream says that a listener's stream has ended: its deliveries are held
// until another one starts. A stream that is not the present one changes
// nothing.
func (s *Store) LeaveStream(ctx context.Context, l webhook.Listener, stream webhook.StreamID) error {
	return s.leave(ctx, l.ProjectID, l.EndpointID, "stream_id = ?", uid(stream.UUID))
}

// leave ends the present stream if a condition on the listener's row still
// holds.
func (s *Store) leave(ctx context.Context, project webhook.ProjectID, id webhook.EndpointID, condition string, args ...any) error {
	return s.tx(ctx, "end a stream", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		row, err := s.lockStanding(tx, project, id)
		if webhook.KindOf(err) == webhook.KindNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		left := tx.Exec("UPDATE listeners SET left_at = ? WHERE endpoint_id = ? AND left_at = 0 AND "+condition, append([]any{now, row.ID}, args...)...)
		if left.Error != nil || left.RowsAffected == 0 || row.State == string(webhook.EndpointPaused) {
			return left.Error
		}
		return hold(tx, project, id, webhook.PausedAsAway, now)
	})
}

// HearListener notes a sign of life of a listener, unless it was heard a moment
// before it was read.
func (s *Store) HearListener(ctx context.Context, l webhook.Listener) error {
	now, err := s.hot.now(ctx)
	if err != nil {
		return wrap("hear a listener", err)
	}
	if l.HeardAt.UnixMilli() >= now-noteEvery {
		return nil
	}
	return wrap("hear a listener", s.write.WithContext(ctx).Exec("UPDATE listeners SET heard_at = ? WHERE endpoint_id = ? AND project_id = ?",
		now, uid(l.EndpointID.UUID), uid(l.ProjectID.UUID)).Error)
}

const (
	// noteEvery is how old the notes that a stream is held and its listener
	// heard may get, in milliseconds; after unseenFor nobody holds the stream.
	noteEvery, unseenFor = 3_000, 12_000
	// silentAfter is how long a listener may give no sign of life.
	silentAfter = 35_000
)

// keptStream is what says whether a stream may go on.
type keptStream struct {
	Row     listenerRow `gorm:"embedded"`
	Revoked bool
}

// KeepStreams says that this node holds streams, and answers those that must
// end.
func (s *Store) KeepStreams(ctx context.Context, held map[webhook.EndpointID]webhook.StreamID) (map[webhook.EndpointID]webhook.StreamEnd, error) {
	now, err := s.hot.now(ctx)
	if err != nil {
		return nil, wrap("keep streams", err)
	}
	ids := make([]uid, 0, len(held))
	ended := map[webhook.EndpointID]webhook.StreamEnd{}
	for id := range held {
		ids, ended[id] = append(ids, uid(id.UUID)), webhook.StreamDeleted
	}
	var rows []keptStream
	err = s.db(ctx).Raw(`SELECT l.*, (k.id IS NULL OR k.revoked_at <> 0) AS revoked FROM listeners l LEFT JOIN keys k ON k.id = l.key_id
 WHERE l.endpoint_id IN ?`, ids).Scan(&rows).Error
	if err != nil {
		return nil, wrap("keep streams", err)
	}
	for _, r := range rows {
		l := r.Row.listener()
		end, err := s.keep(ctx, r, held[l.EndpointID], now)
		if err != nil {
			return nil, err
		}
		if delete(ended, l.EndpointID); end != "" {
			ended[l.EndpointID] = end
		}
	}
	return ended, nil
}

// keep answers why a stream must end, empty if it goes on.
func (s *Store) keep(ctx context.Context, r keptStream, stream webhook.StreamID, now int64) (webhook.StreamEnd, error) {
	row := r.Row
	switch {
	case r.Revoked:
		return webhook.StreamRevoked, nil
	case row.StreamID != uid(stream.UUID):
		return webhook.StreamReplaced, nil
	case row.HeardAt < now-silentAfter:
		return webhook.StreamSilent, nil
	case row.LeftAt != 0: // another node took us for dead
		return "", s.StartStream(ctx, row.listener(), stream)
	case row.SeenAt >= now-noteEvery:
		return "", nil
	}
	err := s.write.WithContext(ctx).Exec("UPDATE listeners SET seen_at = ? WHERE endpoint_id = ? AND stream_id = ?", now, row.EndpointID, row.StreamID).Error
	return "", wrap("keep streams", err)
}

// sweptAtOnce is how many listeners one sweep deals with.
const sweptAtOnce = 100

// SweepListeners holds the deliveries of listeners whose node has died, and
// deletes the endpoints of those that were away for webhook.ListenerGrace. Every
// node may do it. It reports whether an endpoint changed.
func (s *Store) SweepListeners(ctx context.Context) (swept bool, err error) {
	now, err := s.hot.now(ctx)
	if err != nil {
		return false, wrap("sweep listeners", err)
	}
	var rows []listenerRow
	gone := now - webhook.ListenerGrace.Milliseconds()
	err = s.db(ctx).Raw(selectListener+"(left_at = 0 AND seen_at < ?) OR (left_at <> 0 AND left_at < ?) LIMIT ?", now-unseenFor, gone, sweptAtOnce).Scan(&rows).Error
	if err != nil {
		return false, wrap("sweep listeners", err)
	}
	for _, r := range rows {
		l := r.listener()
		if r.LeftAt == 0 {
			err = s.leave(ctx, l.ProjectID, l.EndpointID, "seen_at = ?", r.SeenAt)
		} else {
			err = s.endListener(ctx, l, gone)
		}
		if err != nil {
			return swept, err
		}
		swept = true
	}
	return swept, nil
}

// endListener deletes the endpoint of a listener that left before a moment and
// has not come back.
func (s *Store) endListener(ctx context.Context, l webhook.Listener, before int64) error {
	return s.tx(ctx, "end a listener", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		row, err := s.lockStanding(tx, l.ProjectID, l.EndpointID)
		if webhook.KindOf(err) == webhook.KindNotFound { // its project is being deleted
			return tx.Exec("DELETE FROM listeners WHERE endpoint_id = ?", uid(l.EndpointID.UUID)).Error
		}
		if err != nil {
			return err
		}
		present, err := one[listenerRow](tx, "listener", selectListener+"endpoint_id = ?", row.ID)
		if webhook.KindOf(err) == webhook.KindNotFound || err == nil && (present.LeftAt == 0 || present.LeftAt >= before) {
			return nil
		}
		if err != nil {
			return err
		}
		return removeEndpoint(tx, l.EndpointID, at(now), goneEntry(row, now))
	})
}

func goneEntry(row endpointRow, now int64) webhook.AuditEntry {
	return webhook.AuditEntry{
		ID: webhook.AuditID{UUID: newID(now)}, At: at(now), ProjectID: webhook.ProjectID{UUID: webhook.UUID(row.ProjectID)},
		Actor: webhook.Actor{Type: webhook.ActorSystem, Name: "Bellwire"}, Action: "endpoint.deleted",
		Object: webhook.UUID(row.ID).String(), ObjectName: row.Name, Detail: webhook.GoneListener,
	}
}
