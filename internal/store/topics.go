package store

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

type topicRow struct {
	Name        string `gorm:"primaryKey"`
	Group       string `gorm:"column:grp"`
	Description string
	Schema      []byte
	WarnOnly    bool
	Example     []byte
	SearchKeys  string
	Shipped     bool
	Deprecated  bool
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
}

func (topicRow) TableName() string { return "topics" }

func newTopicRow(t webhook.Topic) topicRow {
	return topicRow{
		Name: t.Name, Group: string(t.Group), Description: clean(t.Description), Schema: t.Schema, WarnOnly: t.WarnOnly, Example: t.Example,
		SearchKeys: clean(strings.Join(t.SearchKeys, "\n")), Shipped: t.Shipped, Deprecated: t.Deprecated, CreatedAt: ms(t.CreatedAt),
	}
}

func (r topicRow) topic() webhook.Topic {
	t := webhook.Topic{
		Name: r.Name, Group: webhook.Group(r.Group), Description: r.Description, Schema: r.Schema, WarnOnly: r.WarnOnly, Example: r.Example,
		Shipped: r.Shipped, Deprecated: r.Deprecated, CreatedAt: at(r.CreatedAt),
	}
	if r.SearchKeys != "" {
		t.SearchKeys = strings.Split(r.SearchKeys, "\n")
	}
	return t
}

const topicColumns = "t.name, t.grp, t.description, t.schema, t.warn_only, t.example, t.search_keys, t.shipped, t.deprecated, t.created_at"

// Topics reads the whole catalogue by group and name, with the version that it
// has at least: a change in between makes it newer than said, never older.
func (s *Store) Topics(ctx context.Context) ([]webhook.Topic, int64, error) {
	var stored []instanceRow
	if err := s.db(ctx).Raw("SELECT key, value FROM instance WHERE key = ?", topicsVersion).Scan(&stored).Error; err != nil {
		return nil, 0, wrap("read topics", err)
	}
	version := int64(1)
	for _, row := range stored {
		parsed, err := strconv.ParseInt(string(row.Value), 10, 64)
		if err != nil {
			return nil, 0, wrap("read topics", err)
		}
		version = parsed
	}
	rows, err := topicRows(s.db(ctx))
	topics := make([]webhook.Topic, len(rows))
	for i, r := range rows {
		topics[i] = r.topic()
	}
	return topics, version, wrap("read topics", err)
}

func topicRows(db *gorm.DB) ([]topicRow, error) {
	var rows []topicRow
	err := db.Raw("SELECT " + topicColumns + " FROM topics t ORDER BY t.grp, t.name").Scan(&rows).Error
	return rows, err
}

// SeedTopics brings the topics that ship up to date. WarnOnly and Deprecated
// stay as the operator set them.
func (s *Store) SeedTopics(ctx context.Context, shipped []webhook.Topic) error {
	return s.tx(ctx, "seed topics", func(tx *gorm.DB) error {
		rows, err := topicRows(tx)
		if err != nil {
			return err
		}
		stored := make(map[string]topicRow, len(rows))
		for _, r := range rows {
			stored[r.Name] = r
		}
		wrote := false
		for _, t := range shipped {
			row := newTopicRow(t)
			row.Shipped = true
			if old, there := stored[t.Name]; there && old.seededAs(row) {
				continue
			}
			wrote = true
			seed := clause.OnConflict{
				Columns:   []clause.Column{{Name: "name"}},
				DoUpdates: clause.AssignmentColumns([]string{"grp", "description", "schema", "example", "search_keys", "shipped"}),
			}
			if err := tx.Clauses(seed).Create(&row).Error; err != nil {
				return err
			}
		}
		if !wrote {
			return nil
		}
		return s.bumpTopics(tx)
	})
}

// seededAs reports whether the members that ship are the same.
func (r topicRow) seededAs(o topicRow) bool {
	return r.Group == o.Group && r.Description == o.Description && bytes.Equal(r.Schema, o.Schema) && bytes.Equal(r.Example, o.Example) &&
		r.SearchKeys == o.SearchKeys && r.Shipped == o.Shipped
}

// CreateTopic stores a topic; a Conflict if the name is taken.
func (s *Store) CreateTopic(ctx context.Context, topic webhook.Topic, entry webhook.AuditEntry) error {
	return s.changeTopics(ctx, "create a topic", entry, func(tx *gorm.DB) error {
		row := newTopicRow(topic)
		return taken(tx.Create(&row).Error, "there is a topic %s already", topic.Name)
	})
}

// UpdateTopic writes everything but name, Shipped and CreatedAt.
func (s *Store) UpdateTopic(ctx context.Context, topic webhook.Topic, entry webhook.AuditEntry) error {
	return s.changeTopics(ctx, "update a topic", entry, func(tx *gorm.DB) error {
		row := newTopicRow(topic)
		return changed(tx.Model(&topicRow{}).Where("name = ?", clean(row.Name)).Updates(map[string]any{
			"grp": row.Group, "description": row.Description, "schema": row.Schema, "warn_only": row.WarnOnly, "example": row.Example,
			"search_keys": row.SearchKeys, "deprecated": row.Deprecated,
		}), "topic")
	})
}

// Naming are the standing endpoints of all projects that subscribe to a topic
// by its full name, in order of id.
func (s *Store) Naming(ctx context.Context, topic string, limit int) ([]webhook.Endpoint, error) {
	holds := "instr(CAST(e.settings AS TEXT), ?) > 0"
	if s.dialect == Postgres {
		holds = "strpos(convert_from(e.settings, 'UTF8'), ?) > 0"
	}
	quoted, err := json.Marshal(topic)
	if err != nil {
		return nil, wrap("find a topic's endpoints", err)
	}
	var rows []endpointRow
	err = s.db(ctx).Raw("SELECT "+endpointColumns+endpointSource+" WHERE e.deleted_at = 0 AND "+holds+" ORDER BY e.id", string(quoted)).Scan(&rows).Error
	if err != nil {
		return nil, wrap("find a topic's endpoints", err)
	}
	all, err := toEndpoints(rows)
	var naming []webhook.Endpoint
	for _, e := range all {
		if slices.Contains(e.Topics, topic) && len(naming) < limitOf(limit) {
			naming = append(naming, e)
		}
	}
	return naming, wrap("find a topic's endpoints", err)
}

// DeleteTopic removes a topic; its events stay.
func (s *Store) DeleteTopic(ctx context.Context, name string, entry webhook.AuditEntry) error {
	return s.changeTopics(ctx, "delete a topic", entry, func(tx *gorm.DB) error {
		return changed(tx.Where("name = ?", clean(name)).Delete(&topicRow{}), "topic")
	})
}

func (s *Store) changeTopics(ctx context.Context, doing string, entry webhook.AuditEntry, change func(tx *gorm.DB) error) error {
	return s.tx(ctx, doing, func(tx *gorm.DB) error {
		if err := change(tx); err != nil {
			return err
		}
		if err := s.bumpTopics(tx); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}
