package store

import (
	"bytes"
	"context"
	"fmt"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// RewrapStep is how many rows one transaction of a Rewrap writes: the writer is
// held for milliseconds.
const RewrapStep = 100

// Rewrap passes once over every sealed value of the database and stores what
// reseal makes of it; the same bytes leave a value as it is. A value that
// somebody changed meanwhile is left to the next pass, and one that can't be
// opened stays as it is and is named in the answer. step hears how far it is,
// after each transaction.
func (s *Store) Rewrap(ctx context.Context, reseal webhook.Reseal, step func(webhook.Rewrapped)) (webhook.Rewrapped, error) {
	w := &rewrap{Store: s, reseal: reseal, step: step}
	for _, pass := range []func(context.Context) error{w.secrets, w.secondFactors, w.slackTokens, w.headers, w.oldHeaders} {
		if err := pass(ctx); err != nil {
			return w.told, wrap("seal secrets anew", err)
		}
	}
	return w.told, nil
}

// rewrap is one pass; one goroutine's.
type rewrap struct {
	*Store
	reseal webhook.Reseal
	step   func(webhook.Rewrapped)
	told   webhook.Rewrapped
}

// sealedRow is a row with something sealed in it.
type sealedRow struct {
	ID      uid
	Version int64
	Value   []byte
}

// sealedPlace is where a kind of sealed value stands.
type sealedPlace struct {
	read, write string // write takes the new value, the id, the version if there is one, and the old value
	versioned   bool
	anew        func(r sealedRow) ([]byte, error)
}

func (w *rewrap) secrets(ctx context.Context) error {
	return w.each(ctx, sealedPlace{
		read:  "SELECT id, 0 AS version, sealed AS value FROM secrets WHERE id > @id AND sealed IS NOT NULL ORDER BY id LIMIT @limit",
		write: "UPDATE secrets SET sealed = ? WHERE id = ? AND sealed = ?",
		anew: func(r sealedRow) ([]byte, error) {
			return w.one(r.Value, r.ID, webhook.SecretField, "a signing secret"), nil
		},
	})
}

func (w *rewrap) secondFactors(ctx context.Context) error {
	return w.each(ctx, sealedPlace{
		read:  "SELECT id, 0 AS version, totp_sealed AS value FROM users WHERE id > @id AND totp_sealed IS NOT NULL ORDER BY id LIMIT @limit",
		write: "UPDATE users SET totp_sealed = ? WHERE id = ? AND totp_sealed = ?",
		anew: func(r sealedRow) ([]byte, error) {
			return w.one(r.Value, r.ID, account.TOTPField, "a second factor"), nil
		},
	})
}

func (w *rewrap) slackTokens(ctx context.Context) error {
	return w.each(ctx, sealedPlace{
		read:  "SELECT project_id AS id, 0 AS version, sealed AS value FROM slack_installs WHERE project_id > @id ORDER BY project_id LIMIT @limit",
		write: "UPDATE slack_installs SET sealed = ? WHERE project_id = ? AND sealed = ?",
		anew: func(r sealedRow) ([]byte, error) {
			return w.one(r.Value, r.ID, webhook.SlackTokenField, "a token of Slack"), nil
		},
	})
}

func (w *rewrap) headers(ctx context.Context) error {
	return w.each(ctx, sealedPlace{
		read:  "SELECT id, 0 AS version, settings AS value FROM endpoints WHERE id > @id ORDER BY id LIMIT @limit",
		write: "UPDATE endpoints SET settings = ? WHERE id = ? AND settings = ?",
		anew:  w.settings,
	})
}

// oldHeaders are those of the endpoints' versions, the present one included.
func (w *rewrap) oldHeaders(ctx context.Context) error {
	return w.each(ctx, sealedPlace{
		read: "SELECT endpoint_id AS id, version, settings AS value FROM endpoint_versions WHERE (endpoint_id, version) > (@id, @version)" +
			" ORDER BY endpoint_id, version LIMIT @limit",
		write:     "UPDATE endpoint_versions SET settings = ? WHERE endpoint_id = ? AND version = ? AND settings = ?",
		versioned: true,
		anew:      w.settings,
	})
}

// each reads rows in order of their key and writes those that change.
func (w *rewrap) each(ctx context.Context, place sealedPlace) error {
	var last sealedRow
	for {
		var rows []sealedRow
		at := map[string]any{"id": scope(last.ID), "version": last.Version, "limit": RewrapStep}
		if err := w.db(ctx).Raw(place.read, at).Scan(&rows).Error; err != nil || len(rows) == 0 {
			return err
		}
		last = rows[len(rows)-1]
		if err := w.write(ctx, place, rows); err != nil {
			return err
		}
		w.step(w.told)
	}
}

func (w *rewrap) write(ctx context.Context, place sealedPlace, rows []sealedRow) error {
	before := w.told
	return w.tx(ctx, "seal anew", func(tx *gorm.DB) error {
		w.told = before // a transaction may be tried again
		for _, r := range rows {
			value, err := place.anew(r)
			if err != nil {
				return err
			}
			if bytes.Equal(value, r.Value) {
				continue
			}
			args := []any{value, r.ID, r.Value}
			if place.versioned {
				args = []any{value, r.ID, r.Version, r.Value}
			}
			done := tx.Exec(place.write, args...)
			if done.Error != nil {
				return done.Error
			}
			if done.RowsAffected == 0 {
				w.told.Missed++
			}
		}
		return nil
	})
}

// one seals a value anew; one that can't be opened stays as it is.
func (w *rewrap) one(sealed []byte, row uid, field, what string) []byte {
	value, err := w.reseal(sealed, webhook.UUID(row), field)
	if err != nil {
		w.told.Unreadable = append(w.told.Unreadable, fmt.Sprintf("%s, %s: %v", what, webhook.UUID(row), err))
		return sealed
	}
	w.told.Values++
	if !bytes.Equal(value, sealed) {
		w.told.Renewed++
	}
	return value
}

// settings seals the secret headers of an endpoint's settings anew.
func (w *rewrap) settings(r sealedRow) ([]byte, error) {
	settings, err := decodeSettings(r.Value)
	if err != nil {
		return nil, err
	}
	renewed := w.told.Renewed
	for i, h := range settings.Headers {
		if h.Sealed != nil {
			settings.Headers[i].Sealed = w.one(h.Sealed, r.ID, webhook.HeaderField(h.Name), "header "+h.Name+" of an endpoint")
		}
	}
	if w.told.Renewed == renewed {
		return r.Value, nil
	}
	return encodeSettings(settings)
}
