package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

const (
	// parcelsFor is how long a parcel that nobody takes is kept, in
	// milliseconds: nobody waits for it any more.
	parcelsFor = 10_000
	// takenAtOnce is how many parcels or replies one call takes.
	takenAtOnce = 200
)

// PutParcels leaves requests for whoever holds the listeners' streams.
func (s *Store) PutParcels(ctx context.Context, parcels []webhook.Parcel) error {
	return s.tx(ctx, "put parcels", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		for _, p := range parcels {
			text, err := json.Marshal(p)
			if err != nil {
				return fmt.Errorf("write a parcel: %w", err)
			}
			err = tx.Exec("INSERT INTO forward_parcels (attempt_id, endpoint_id, parcel, put_at) VALUES (?, ?, ?, ?) ON CONFLICT (attempt_id) DO NOTHING",
				uid(p.AttemptID.UUID), uid(p.EndpointID.UUID), text, now).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// TakeParcels answers what waits for listeners; each parcel is taken once.
func (s *Store) TakeParcels(ctx context.Context, endpoints []webhook.EndpointID) ([]webhook.Parcel, error) {
	now, err := s.hot.now(ctx)
	if err != nil {
		return nil, wrap("take parcels", err)
	}
	texts, err := s.takeOut(ctx, `DELETE FROM forward_parcels WHERE attempt_id IN (SELECT attempt_id FROM forward_parcels
 WHERE endpoint_id IN ? AND put_at >= ? ORDER BY put_at, attempt_id LIMIT ?) RETURNING parcel`, uids(endpoints), now-parcelsFor, takenAtOnce)
	return decoded[webhook.Parcel](texts, err, "take parcels")
}

// WithdrawParcel takes a parcel back; false if somebody took it.
func (s *Store) WithdrawParcel(ctx context.Context, attempt webhook.AttemptID) (bool, error) {
	deleted := s.write.WithContext(ctx).Exec("DELETE FROM forward_parcels WHERE attempt_id = ?", uid(attempt.UUID))
	return deleted.RowsAffected > 0, wrap("withdraw a parcel", deleted.Error)
}

// PutReplies leaves replies for whoever waits for them. A reply to a delivery
// that is not the endpoint's is dropped. What a listener says counts more than
// that its stream broke.
func (s *Store) PutReplies(ctx context.Context, replies []webhook.Reply) error {
	return s.tx(ctx, "put replies", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		for _, r := range replies {
			text, err := json.Marshal(r)
			if err != nil {
				return fmt.Errorf("write a reply: %w", err)
			}
			err = tx.Exec(`INSERT INTO forward_replies (attempt_id, reply, lost, put_at)
 SELECT `+s.typed("uuid")+", "+s.typed("bytea")+", "+s.typed("boolean")+", "+s.typed("bigint")+` FROM deliveries d WHERE d.id = ? AND d.endpoint_id = ?
 ON CONFLICT (attempt_id) DO UPDATE SET reply = excluded.reply, lost = excluded.lost WHERE forward_replies.lost`,
				uid(r.AttemptID.UUID), text, r.Fate != webhook.Answered, now, uid(r.DeliveryID.UUID), uid(r.EndpointID.UUID)).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// typed is a placeholder whose type PostgreSQL can't tell from its place.
func (s *Store) typed(kind string) string {
	if s.dialect == Postgres {
		return "?::" + kind
	}
	return "?"
}

// TakeReplies answers the replies to attempts that somebody waits for; each is
// taken once.
func (s *Store) TakeReplies(ctx context.Context, attempts []webhook.AttemptID) ([]webhook.Reply, error) {
	texts, err := s.takeOut(ctx, "DELETE FROM forward_replies WHERE attempt_id IN ? RETURNING reply AS parcel", uids(attempts))
	return decoded[webhook.Reply](texts, err, "take replies")
}

// TakeLateReplies answers replies that nobody who waits has taken for some
// seconds; each is taken once.
func (s *Store) TakeLateReplies(ctx context.Context) ([]webhook.Reply, error) {
	now, err := s.hot.now(ctx)
	if err != nil {
		return nil, wrap("take late replies", err)
	}
	var waiting int64 // a look costs less than a write
	err = s.db(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM forward_replies WHERE put_at < ? LIMIT 1) AS late", now-replyLateAfter).Scan(&waiting).Error
	if err != nil || waiting == 0 {
		return nil, wrap("take late replies", err)
	}
	texts, err := s.takeOut(ctx, "DELETE FROM forward_replies WHERE attempt_id IN (SELECT attempt_id FROM forward_replies WHERE put_at < ? ORDER BY put_at LIMIT ?) RETURNING reply AS parcel",
		now-replyLateAfter, takenAtOnce)
	return decoded[webhook.Reply](texts, err, "take late replies")
}

// replyLateAfter is how long a reply waits for who waits for it, in milliseconds.
const replyLateAfter = 3_000

// DropOldParcels forgets parcels that nobody took.
func (s *Store) DropOldParcels(ctx context.Context) error {
	now, err := s.hot.now(ctx)
	if err != nil {
		return wrap("drop parcels", err)
	}
	var old int64
	err = s.db(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM forward_parcels WHERE put_at < ? LIMIT 1) AS old", now-parcelsFor).Scan(&old).Error
	if err != nil || old == 0 {
		return wrap("drop parcels", err)
	}
	return wrap("drop parcels", s.write.WithContext(ctx).Exec("DELETE FROM forward_parcels WHERE put_at < ?", now-parcelsFor).Error)
}

// LateAttempt is an attempt whose result nobody knows, with its delivery as it
// stands: what a late reply completes. NotFound if there is nothing to complete.
func (s *Store) LateAttempt(ctx context.Context, r webhook.Reply) (webhook.Delivery, webhook.Attempt, error) {
	var none webhook.Attempt
	row, err := one[deliveryRow](s.db(ctx), "delivery", "SELECT * FROM deliveries WHERE id = ? AND endpoint_id = ?", uid(r.DeliveryID.UUID), uid(r.EndpointID.UUID))
	if err != nil {
		return webhook.Delivery{}, none, wrap("read a late attempt", err)
	}
	d := row.delivery()
	logged, err := one[attemptRow](s.db(ctx), "attempt", "SELECT * FROM attempts WHERE id = ? AND delivery_id = ?", uid(r.AttemptID.UUID), row.ID)
	switch {
	case err == nil && logged.Outcome == string(webhook.OutcomeUnknown):
		return d, logged.attempt(), nil
	case webhook.KindOf(err) == webhook.KindNotFound && d.State == webhook.Sending && d.AttemptID == r.AttemptID:
		return d, webhook.Attempt{ID: r.AttemptID, DeliveryID: d.ID, Number: d.Attempts, StartedAt: r.AttemptID.Time(), EndpointVersion: d.EndpointVersion,
			Request: webhook.Request{Method: "POST"}}, nil
	case err == nil:
		err = webhook.NotFound("the attempt has its result")
	}
	return d, none, wrap("read a late attempt", err)
}

// takeOut deletes rows and answers their text.
func (s *Store) takeOut(ctx context.Context, sql string, args ...any) ([][]byte, error) {
	var rows []struct{ Parcel []byte }
	err := s.write.WithContext(ctx).Raw(sql, args...).Scan(&rows).Error
	texts := make([][]byte, len(rows))
	for i, r := range rows {
		texts[i] = r.Parcel
	}
	return texts, err
}

func decoded[T any](texts [][]byte, err error, doing string) ([]T, error) {
	if err != nil {
		return nil, wrap(doing, err)
	}
	all := make([]T, len(texts))
	for i, text := range texts {
		if err := json.Unmarshal(text, &all[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
	}
	return all, nil
}
