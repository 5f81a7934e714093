package store

import (
	"context"
	"strconv"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

type instanceRow struct {
	Key   string `gorm:"primaryKey"`
	Value []byte
}

func (instanceRow) TableName() string { return "instance" }

// topicsVersion names the count of changes of the topics, in decimal.
const topicsVersion = "topics_version"

// KeepValue writes a named value of the installation if none stands yet, and
// answers what stands then.
func (s *Store) KeepValue(ctx context.Context, name string, value []byte) ([]byte, error) {
	var kept instanceRow
	err := s.tx(ctx, "keep a value", func(tx *gorm.DB) (err error) {
		kept, err = s.keepValue(tx, name, value)
		return err
	})
	return kept.Value, err
}

// ReplaceValue writes a named value over what stands, with its audit entry.
func (s *Store) ReplaceValue(ctx context.Context, name string, value []byte, entry webhook.AuditEntry) error {
	return s.tx(ctx, "replace a value", func(tx *gorm.DB) error {
		if err := changed(tx.Exec("UPDATE instance SET value = ? WHERE key = ?", value, name), "value"); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

func (s *Store) keepValue(tx *gorm.DB, name string, value []byte) (instanceRow, error) {
	row := instanceRow{Key: name, Value: value}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return row, err
	}
	return one[instanceRow](tx, "value", "SELECT key, value FROM instance WHERE key = ?"+s.lock(), name)
}

// bumpTopics tells every node that its copy of the topics is old.
func (s *Store) bumpTopics(tx *gorm.DB) error {
	row, err := s.keepValue(tx, topicsVersion, []byte("1"))
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(string(row.Value), 10, 64)
	if err != nil {
		return err
	}
	next := []byte(strconv.FormatInt(version+1, 10))
	return tx.Exec("UPDATE instance SET value = ? WHERE key = ?", next, topicsVersion).Error
}
