package store

import (
	"encoding/base64"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// A cursor is the sort key of the last row of a page, opaque to whoever gets
// it. Lists by time end in an id, lists by name in a name and an id.
const (
	cursorByID   = 'i'
	cursorByName = 'n'
)

func idCursor(id uid) string {
	return base64.RawURLEncoding.EncodeToString(append([]byte{cursorByID}, id[:]...))
}

func nameCursor(name string, id uid) string {
	key := append([]byte{cursorByName}, id[:]...)
	return base64.RawURLEncoding.EncodeToString(append(key, name...))
}

// readIDCursor answers the id, all zero for the first page.
func readIDCursor(cursor string) (uid, error) {
	_, id, err := readCursor(cursor, cursorByID)
	return id, err
}

// readNameCursor answers name and id, both empty for the first page.
func readNameCursor(cursor string) (string, uid, error) {
	return readCursor(cursor, cursorByName)
}

func readCursor(cursor string, kind byte) (name string, id uid, err error) {
	if cursor == "" {
		return "", uid{}, nil
	}
	key, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(key) < 1+len(id) || key[0] != kind || kind == cursorByID && len(key) != 1+len(id) {
		return "", uid{}, webhook.Invalid("cursor", "is not one that this list gave")
	}
	copy(id[:], key[1:])
	return clean(string(key[1+len(id):])), id, nil
}

// defaultLimit is the length of a page for callers that name none.
const defaultLimit = 50

func limitOf(limit int) int {
	if limit <= 0 {
		return defaultLimit
	}
	return limit
}

// paged makes a page of rows that were asked for with one more than limit.
func paged[R, T any](rows []R, limit int, item func(R) (T, error), cursor func(R) string) (webhook.Page[T], error) {
	var p webhook.Page[T]
	if len(rows) > limit {
		rows = rows[:limit]
		p.Next = cursor(rows[limit-1])
	}
	p.Items = make([]T, len(rows))
	for i, r := range rows {
		var err error
		if p.Items[i], err = item(r); err != nil {
			return webhook.Page[T]{}, err
		}
	}
	return p, nil
}

// plain lifts a translation that can't fail.
func plain[R, T any](item func(R) T) func(R) (T, error) {
	return func(r R) (T, error) { return item(r), nil }
}

// conditions collects the parts of a WHERE clause.
type conditions struct {
	texts []string
	args  []any
}

func (c *conditions) and(text string, args ...any) {
	// Never in place: lists begin with the same conditions and part later.
	c.texts = append(c.texts[:len(c.texts):len(c.texts)], text)
	c.args = append(c.args[:len(c.args):len(c.args)], args...)
}

// sql is the clause, empty for no conditions.
func (c *conditions) sql() string {
	if len(c.texts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.texts, " AND ")
}

// with is the arguments, followed by more.
func (c *conditions) with(more ...any) []any {
	return append(c.args[:len(c.args):len(c.args)], more...)
}

// containing is the pattern for lower(x) LIKE ? ESCAPE '\'.
func containing(query string) string {
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	return "%" + escape.Replace(strings.ToLower(clean(query))) + "%"
}

// one reads the single row of a query; without one the thing is missing.
func one[R any](db *gorm.DB, thing, sql string, args ...any) (R, error) {
	var row R
	result := db.Raw(sql, args...).Scan(&row)
	if result.Error == nil && result.RowsAffected == 0 {
		return row, webhook.NotFound("there is no such %s", thing)
	}
	return row, result.Error
}

// changed reports a write that found no row as the thing missing.
func changed(result *gorm.DB, thing string) error {
	if result.Error == nil && result.RowsAffected == 0 {
		return webhook.NotFound("there is no such %s", thing)
	}
	return result.Error
}

// many reads the rows of a query into the fields that the function names, in
// the order of its columns: hundreds of rows in half the time that the mapper
// takes.
func many[R any](query *gorm.DB, fields func(row *R) []any) (list []R, err error) {
	err = oneByOne(query, fields, func(row R) error {
		list = append(list, row)
		return nil
	})
	return list, err
}

// oneByOne is many for rows that need not all be held at once.
func oneByOne[R any](query *gorm.DB, fields func(row *R) []any, take func(row R) error) error {
	rows, err := query.Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var row R
		if err := rows.Scan(fields(&row)...); err != nil {
			return err
		}
		if err := take(row); err != nil {
			return err
		}
	}
	return rows.Err()
}
