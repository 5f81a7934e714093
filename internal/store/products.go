package store

import (
	"context"
	"slices"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

type productRow struct {
	ProjectID scope  `gorm:"primaryKey"`
	ProductID string `gorm:"primaryKey"`
	State     []byte
	Words     string
	CreatedAt int64 `gorm:"autoCreateTime:false"`
	UpdatedAt int64 `gorm:"autoUpdateTime:false"`
	Events    []byte
}

func (productRow) TableName() string { return "products" }

// maxWords keeps a row of the index small enough for PostgreSQL.
const maxWords = 1200

func newProductRow(p webhook.Product) productRow {
	row := productRow{
		ProjectID: scope(p.ProjectID.UUID), ProductID: clean(p.ID), State: p.State, Words: wordsOf(p.ID, p.Name),
		CreatedAt: ms(p.CreatedAt), UpdatedAt: ms(p.UpdatedAt), Events: []byte{},
	}
	for _, id := range p.Events {
		row.Events = append(row.Events, id.UUID[:]...)
	}
	return row
}

// wordsOf is what a search looks at.
func wordsOf(id, name string) string {
	words := strings.ToLower(id + "\n" + name)
	return clean(words[:min(len(words), maxWords)])
}

func (r productRow) product() webhook.Product {
	p := webhook.Product{
		ProjectID: webhook.ProjectID{UUID: webhook.UUID(r.ProjectID)}, ID: r.ProductID, State: r.State,
		CreatedAt: at(r.CreatedAt), UpdatedAt: at(r.UpdatedAt),
	}
	for id := range slices.Chunk(r.Events, len(uid{})) {
		p.Events = append(p.Events, webhook.EventID{UUID: webhook.UUID(id)})
	}
	return p
}

const productColumns = "p.project_id, p.product_id, p.state, p.words, p.created_at, p.updated_at, p.events"

// Products lists a catalogue by id. A search looks at a bounded part of it; its
// page may be short and still name a next one.
func (s *Store) Products(ctx context.Context, filter webhook.ProductFilter) (webhook.Page[webhook.Product], error) {
	var none webhook.Page[webhook.Product]
	after, _, err := readNameCursor(filter.Cursor)
	if err != nil {
		return none, err
	}
	var where conditions
	where.and("q.project_id = ?", scope(filter.ProjectID.UUID))
	where.and("q.product_id > ?", after)
	last := ""
	if filter.Query != "" {
		if last, err = s.boundProducts(ctx, where); err != nil {
			return none, wrap("list products", err)
		}
		where.and(`q.words LIKE ? ESCAPE '\'`, containing(filter.Query))
	}
	if last != "" {
		where.and("q.product_id <= ?", last)
	}
	limit := limitOf(filter.Limit)
	var rows []productRow
	err = s.db(ctx).Raw("SELECT "+productColumns+" FROM products p WHERE p.project_id = ? AND p.product_id IN (SELECT q.product_id FROM products q"+where.sql()+
		" ORDER BY q.product_id LIMIT ?) ORDER BY p.product_id", append([]any{scope(filter.ProjectID.UUID)}, where.with(limit+1)...)...).Scan(&rows).Error
	if err != nil {
		return none, wrap("list products", err)
	}
	p, err := paged(rows, limit, plain(productRow.product), func(r productRow) string { return nameCursor(r.ProductID, uid{}) })
	if p.Next == "" && last != "" {
		p.Next = nameCursor(last, uid{})
	}
	return p, err
}

// boundProducts is the last id that a search may look at, empty for all.
func (s *Store) boundProducts(ctx context.Context, where conditions) (string, error) {
	var last []string
	err := s.db(ctx).Raw("SELECT q.product_id FROM products q"+where.sql()+" ORDER BY q.product_id LIMIT 1 OFFSET ?", where.with(scanned-1)...).Scan(&last).Error
	if err != nil || len(last) == 0 {
		return "", err
	}
	return last[0], nil
}

// Product reads one product of a catalogue.
func (s *Store) Product(ctx context.Context, catalogue webhook.ProjectID, id string) (webhook.Product, error) {
	row, err := one[productRow](s.db(ctx), "product",
		"SELECT "+productColumns+" FROM products p WHERE p.project_id = ? AND p.product_id = ?", scope(catalogue.UUID), clean(id))
	return row.product(), wrap("read a product", err)
}

// EventsByID reads events of a project in the order of their ids as given,
// without data; those that are gone are left out.
func (s *Store) EventsByID(ctx context.Context, project webhook.ProjectID, ids []webhook.EventID) ([]webhook.Event, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []eventRow
	err := s.db(ctx).Raw("SELECT "+eventColumns+" FROM events e WHERE e.id IN ? AND "+beside("e.project_id")+" = ?", uids(ids), uid(project.UUID)).Scan(&rows).Error
	// Ids of one request are of the same moment: they don't tell the order.
	place := func(r eventRow) int { return slices.Index(ids, webhook.EventID{UUID: webhook.UUID(r.ID)}) }
	slices.SortFunc(rows, func(a, b eventRow) int { return place(a) - place(b) })
	events := make([]webhook.Event, len(rows))
	for i, r := range rows {
		events[i] = r.event()
	}
	return events, wrap("read events", err)
}

// productsAtOnce is how many products one statement writes.
const productsAtOnce = 200

// ChangeProducts holds products of a catalogue, named once each, lets change say
// what they are from now on and which events follow, and stores both or neither.
// A product that was not seen before has no state. Whoever changes one of them at
// the same time waits, so that a product's events are in the order of its states.
func (s *Store) ChangeProducts(ctx context.Context, catalogue webhook.ProjectID, ids []string,
	change func(known map[string]webhook.Product) ([]webhook.Product, webhook.Admission, error)) (webhook.Admitted, error) {
	return s.changeAndAdmit(ctx, "change products", func(tx *gorm.DB) (webhook.Admission, error) {
		known, err := s.holdProducts(tx, catalogue, ids)
		if err != nil {
			return webhook.Admission{}, err
		}
		changed, admission, err := change(known)
		if err != nil {
			return admission, err
		}
		return admission, writeProducts(tx, changed, clause.OnConflict{
			Columns:   []clause.Column{{Name: "project_id"}, {Name: "product_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"state", "words", "created_at", "updated_at", "events"}),
		})
	})
}

// holdProducts locks products in order of id, so that two who want the same ones
// don't wait for each other. PostgreSQL can only lock what is there: a product
// that is seen for the first time gets an empty row before.
func (s *Store) holdProducts(tx *gorm.DB, catalogue webhook.ProjectID, ids []string) (map[string]webhook.Product, error) {
	slices.Sort(ids)
	if s.dialect == Postgres {
		empty := make([]webhook.Product, len(ids))
		for i, id := range ids {
			empty[i] = webhook.Product{ProjectID: catalogue, ID: id, State: []byte{}}
		}
		if err := writeProducts(tx, empty, clause.OnConflict{DoNothing: true}); err != nil {
			return nil, err
		}
	}
	known := make(map[string]webhook.Product, len(ids))
	for part := range slices.Chunk(ids, productsAtOnce) {
		var rows []productRow
		err := tx.Raw("SELECT "+productColumns+" FROM products p WHERE p.project_id = ? AND p.product_id IN ? ORDER BY p.product_id"+s.lock(),
			scope(catalogue.UUID), part).Scan(&rows).Error
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			known[r.ProductID] = r.product()
		}
	}
	return known, nil
}

func writeProducts(tx *gorm.DB, list []webhook.Product, conflict clause.OnConflict) error {
	for part := range slices.Chunk(list, productsAtOnce) {
		rows := make([]productRow, len(part))
		for i, p := range part {
			rows[i] = newProductRow(p)
		}
		if err := tx.Clauses(conflict).Create(&rows).Error; err != nil {
			return err
		}
	}
	return nil
}
