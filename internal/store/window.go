package store

import (
	"bytes"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// scanned is how many rows of a log one page looks at where a filter has no
// index; the page says how far back it has searched. SQLite takes some 25 ms.
const scanned = 10_000

// joinedScanned is that where each row is looked up in another place.
const joinedScanned = 1_000

// window is the part of a log that a page looks at, newest first: ids from
// "from" on, up to but without "to". The logs' ids sort by time.
type window struct {
	from, to scope
	// cut: from was moved up to bound the work; older rows may match.
	cut bool
}

// newWindow lies between two times and before the cursor; zero values do not
// narrow it.
func newWindow(since, until time.Time, cursor string) (window, error) {
	var w window
	w.open()
	if !since.IsZero() {
		w.from = scope(webhook.FloorUUID(since))
	}
	if !until.IsZero() {
		w.to = scope(webhook.FloorUUID(until))
	}
	last, err := readIDCursor(cursor)
	if cursor != "" && bytes.Compare(last[:], w.to[:]) < 0 {
		w.to = scope(last)
	}
	return w, err
}

// open makes the window as wide as the log.
func (w *window) open() {
	w.from = scope{}
	for i := range w.to {
		w.to[i] = 0xff
	}
}

// only narrows the window to one row, if that lies in it.
func (w *window) only(id scope) {
	next := id
	for i := len(next) - 1; i >= 0; i-- {
		if next[i]++; next[i] != 0 {
			break
		}
	}
	if bytes.Compare(w.from[:], id[:]) < 0 {
		w.from = id
	}
	if bytes.Compare(next[:], w.to[:]) < 0 {
		w.to = next
	}
}

// bound cuts the window after so many rows of a source.
// source is "table WHERE …" with an index that ends in the id key. The OFFSET
// is a constant and walks index entries only; pages are found by key.
func (w *window) bound(db *gorm.DB, rows int, key, source string, args ...any) error {
	var ids []uid
	err := db.Raw("SELECT "+key+" FROM "+source+" AND "+key+" >= ? AND "+key+" < ? ORDER BY "+key+" DESC LIMIT 1 OFFSET ?",
		append(args[:len(args):len(args)], w.from, w.to, rows-1)...).Scan(&ids).Error
	if err == nil && len(ids) == 1 && ids[0] != uid(w.from) {
		w.from, w.cut = scope(ids[0]), true
	}
	return err
}

// beside is a column that is to be compared without its index: SQLite, which
// knows no statistics, would take it in place of a better one.
func beside(column string) string { return "coalesce(" + column + ", NULL)" }

// reached completes the page of a window that was cut and ended before the
// page was full: it goes on where the search stopped.
func reached[T any](p webhook.Page[T], w window) webhook.Page[T] {
	if w.cut && p.Next == "" {
		p.Next = idCursor(uid(w.from))
		p.SearchedBackTo = webhook.UUID(w.from).Time()
	}
	return p
}
