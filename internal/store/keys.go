package store

import (
	"context"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

type keyRow struct {
	ID            uid `gorm:"primaryKey"`
	ProjectID     uid
	Name          string
	Scopes        string
	Hash          []byte
	CreatedByType string
	CreatedByID   uid
	CreatedByName string
	CreatedAt     int64 `gorm:"autoCreateTime:false"`
	LastUsedAt    int64
	RevokedAt     int64
	Prefix        string
	ExpiresAt     int64
	LastUsedAddr  string
}

func (keyRow) TableName() string { return "keys" }

func newKeyRow(k account.Key) keyRow {
	scopes := make([]string, len(k.Scopes))
	for i, s := range k.Scopes {
		scopes[i] = string(s)
	}
	return keyRow{
		ID: uid(k.ID.UUID), ProjectID: uid(k.ProjectID.UUID), Name: clean(k.Name), Scopes: strings.Join(scopes, ","), Hash: k.Hash[:],
		CreatedByType: string(k.CreatedBy.Type), CreatedByID: uid(k.CreatedBy.ID), CreatedByName: clean(k.CreatedBy.Name),
		CreatedAt: ms(k.CreatedAt), LastUsedAt: ms(k.LastUsedAt), RevokedAt: ms(k.RevokedAt),
		Prefix: k.Prefix, ExpiresAt: ms(k.ExpiresAt), LastUsedAddr: clean(k.LastUsedAddr),
	}
}

func (r keyRow) key() account.Key {
	k := account.Key{
		ID: webhook.KeyID{UUID: webhook.UUID(r.ID)}, ProjectID: webhook.ProjectID{UUID: webhook.UUID(r.ProjectID)}, Name: r.Name,
		CreatedBy: actor(r.CreatedByType, r.CreatedByID, r.CreatedByName),
		CreatedAt: at(r.CreatedAt), LastUsedAt: at(r.LastUsedAt), RevokedAt: at(r.RevokedAt),
		Prefix: r.Prefix, ExpiresAt: at(r.ExpiresAt), LastUsedAddr: r.LastUsedAddr,
	}
	copy(k.Hash[:], r.Hash)
	if r.Scopes != "" {
		for word := range strings.SplitSeq(r.Scopes, ",") {
			k.Scopes = append(k.Scopes, account.Scope(word))
		}
	}
	return k
}

const keyColumns = `k.id, k.project_id, k.name, k.scopes, k.hash, k.created_by_type, k.created_by_id, k.created_by_name,
 k.created_at, k.last_used_at, k.revoked_at, k.prefix, k.expires_at, k.last_used_addr`

// Keys lists the keys of a project, of the instance for zero, newest first.
func (s *Store) Keys(ctx context.Context, project webhook.ProjectID) ([]account.Key, error) {
	var where conditions
	if project.IsZero() {
		where.and("k.project_id IS NULL")
	} else {
		where.and("k.project_id = ?", uid(project.UUID))
	}
	var rows []keyRow
	err := s.db(ctx).Raw("SELECT "+keyColumns+" FROM keys k"+where.sql()+" ORDER BY k.id DESC", where.args...).Scan(&rows).Error
	keys := make([]account.Key, len(rows))
	for i, r := range rows {
		keys[i] = r.key()
	}
	return keys, wrap("list keys", err)
}

// Key reads one key, of whichever project.
func (s *Store) Key(ctx context.Context, id webhook.KeyID) (account.Key, error) {
	row, err := one[keyRow](s.db(ctx), "key", "SELECT "+keyColumns+" FROM keys k WHERE k.id = ?", uid(id.UUID))
	return row.key(), wrap("read a key", err)
}

// KeyByHash finds a key by the SHA-256 of its secret.
func (s *Store) KeyByHash(ctx context.Context, hash [32]byte) (account.Key, error) {
	row, err := one[keyRow](s.db(ctx), "key", "SELECT "+keyColumns+" FROM keys k WHERE k.hash = ?", hash[:])
	return row.key(), wrap("read a key", err)
}

// CreateKey stores a key.
func (s *Store) CreateKey(ctx context.Context, key account.Key, entry webhook.AuditEntry) error {
	return s.tx(ctx, "create a key", func(tx *gorm.DB) error {
		if !key.ProjectID.IsZero() {
			if _, err := one[projectRow](tx, "project", "SELECT "+projectColumns+" FROM projects p WHERE p.id = ? AND p.deleted_at = 0", uid(key.ProjectID.UUID)); err != nil {
				return err
			}
		}
		row := newKeyRow(key)
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// RevokeKey makes a key useless for good, and the links that it made and nobody
// has used; a Conflict if it is already.
func (s *Store) RevokeKey(ctx context.Context, id webhook.KeyID, since time.Time, entry webhook.AuditEntry) error {
	return s.tx(ctx, "revoke a key", func(tx *gorm.DB) error {
		if _, err := one[keyRow](tx, "key", "SELECT "+keyColumns+" FROM keys k WHERE k.id = ?", uid(id.UUID)); err != nil {
			return err
		}
		result := tx.Exec("UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at = 0", ms(since), uid(id.UUID))
		if result.Error == nil && result.RowsAffected == 0 {
			return webhook.Conflict("the key has been revoked already")
		}
		if result.Error != nil {
			return result.Error
		}
		if err := tx.Exec("DELETE FROM links WHERE used_at = 0 AND kind <> 'setup' AND created_by_id = ?", uid(id.UUID)).Error; err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// TouchKey stamps LastUsedAt and LastUsedAddr unless that was done less than a
// minute ago.
func (s *Store) TouchKey(ctx context.Context, id webhook.KeyID, used time.Time, addr string) error {
	return wrap("stamp a key", s.write.WithContext(ctx).Exec("UPDATE keys SET last_used_at = ?, last_used_addr = ? WHERE id = ? AND last_used_at <= ?",
		ms(used), clean(addr), uid(id.UUID), ms(used.Add(-touchEvery))).Error)
}
