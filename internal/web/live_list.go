package web

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/deliveries"
)

// The bounds of a live list.
const (
	pageRows   = 50  // rows of a page
	lookedBack = 200 // rows read when more than a page came in between two looks
	remembered = 400 // rows whose later states are sent
)

// streamDeliveries sends the rows of a list as they come and change.
func (w *Web) streamDeliveries(c *gin.Context) error {
	filter, wrong := w.deliveryFilter(c)
	for field, message := range wrong {
		return webhook.Invalid(field, "%s", message)
	}
	filter.Cursor = ""
	feed := &feed{w: w, c: c, filter: filter, hideEndpoint: c.Query("hide") == "endpoint", sent: map[webhook.DeliveryID]sentRow{}}
	return w.follow(c, feed.look)
}

// feed knows what a browser was sent of a list. It reads the list's first page
// again and compares, which is right on every node and both databases.
type feed struct {
	w            *Web
	c            *gin.Context
	filter       webhook.DeliveryFilter
	hideEndpoint bool
	sent         map[webhook.DeliveryID]sentRow
}

// sentRow is a row as it was sent last, without words that only time changes.
type sentRow struct {
	shown deliveries.Row
	ended bool
}

// look answers as messages "rows", HTML of rows that are new or changed, "gone",
// the ids of those that left the list, and "more", how many new ones there was
// no room for.
func (f *feed) look(ctx context.Context) ([]message, bool, error) {
	page, err := f.page(ctx)
	if err != nil {
		return nil, false, err
	}
	later, lost, err := f.later(ctx, page)
	if err != nil {
		return nil, false, err
	}
	changed := slices.DeleteFunc(slices.Concat(page.Items, later), f.unchanged)
	values, err := f.w.searchValues(ctx, f.c, f.filter.ProjectID, changed)
	if err != nil {
		return nil, false, err
	}
	var rows bytes.Buffer
	fresh, passed := 0, 0
	for _, row := range changed {
		_, known := f.sent[row.ID]
		if !known && fresh == pageRows {
			passed++
			f.keep(row)
			continue
		}
		sent, err := f.draw(ctx, &rows, row, values[row.EventID])
		if err != nil {
			return nil, false, err
		}
		if sent && !known {
			fresh++
		}
	}
	f.forget(page)
	return messagesOf(rows.String(), lost, passed), false, nil
}

func messagesOf(rows string, lost []string, passed int) []message {
	var found []message
	if passed > 0 {
		found = append(found, message{"more", strconv.Itoa(passed)})
	}
	if rows != "" {
		found = append(found, message{"rows", rows})
	}
	if len(lost) > 0 {
		found = append(found, message{"gone", strings.Join(lost, " ")})
	}
	return found
}

// page is the first one, longer when none of it was sent before: then more
// came than a page holds.
func (f *feed) page(ctx context.Context) (webhook.Page[webhook.DeliveryRow], error) {
	f.filter.Limit = pageRows
	page, err := f.w.Manage.Deliveries(ctx, f.w.caller(f.c), f.filter)
	if err != nil || len(f.sent) == 0 || len(page.Items) < pageRows || slices.ContainsFunc(page.Items, f.knows) {
		return page, err
	}
	f.filter.Limit = lookedBack
	return f.w.Manage.Deliveries(ctx, f.w.caller(f.c), f.filter)
}

func (f *feed) knows(row webhook.DeliveryRow) bool {
	_, known := f.sent[row.ID]
	return known
}

// later reads again the rows that were sent and are not on the page: pushed
// out while they had not ended, or no longer of this list. lost are the ids of
// those that are not there at all.
func (f *feed) later(ctx context.Context, page webhook.Page[webhook.DeliveryRow]) (rows []webhook.DeliveryRow, lost []string, err error) {
	var oldest webhook.DeliveryID // all of the list from it on is on the page
	if page.Next != "" && len(page.Items) > 0 {
		oldest = page.Items[len(page.Items)-1].ID
	}
	here := map[webhook.DeliveryID]bool{}
	for _, row := range page.Items {
		here[row.ID] = true
	}
	var ask []webhook.DeliveryID
	for id, sent := range f.sent {
		if !here[id] && (!sent.ended || bytes.Compare(id.UUID[:], oldest.UUID[:]) >= 0) {
			ask = append(ask, id)
		}
	}
	slices.SortFunc(ask, func(a, b webhook.DeliveryID) int { return bytes.Compare(b.UUID[:], a.UUID[:]) })
	ask = ask[:min(len(ask), manage.MaxLimit)]
	if rows, err = f.w.Manage.DeliveriesByID(ctx, f.w.caller(f.c), f.filter.ProjectID, ask); err != nil {
		return nil, nil, err
	}
	for _, id := range ask {
		if !slices.ContainsFunc(rows, func(r webhook.DeliveryRow) bool { return r.ID == id }) {
			delete(f.sent, id)
			lost = append(lost, id.String())
		}
	}
	return rows, lost, nil
}

// draw adds a row that differs from what was sent to the message.
func (f *feed) draw(ctx context.Context, into *bytes.Buffer, row webhook.DeliveryRow, values []string) (bool, error) {
	if into.Len() > maxStreamPart {
		return false, nil // at the next look
	}
	shown := f.row(row)
	if shown.Gone && row.State.Ended() { // until then it still changes where it is shown
		delete(f.sent, row.ID)
	} else {
		f.sent[row.ID] = sentRow{ageless(shown), row.State.Ended()}
	}
	shown.Found = foundWords(values)
	return true, deliveries.LogRow(shown, f.hideEndpoint).Render(ctx, into)
}

// row is one of the list as it is shown now, without what its event is found
// by: that never changes, so it is read only for rows that are sent.
func (f *feed) row(row webhook.DeliveryRow) deliveries.Row {
	shown := f.w.logRow(f.c, row)
	shown.Gone = !f.filter.Keeps(row)
	return shown
}

func (f *feed) unchanged(row webhook.DeliveryRow) bool {
	before, known := f.sent[row.ID]
	return known && before.shown == ageless(f.row(row))
}

func (f *feed) keep(row webhook.DeliveryRow) {
	f.sent[row.ID] = sentRow{ageless(f.row(row)), row.State.Ended()}
}

func ageless(r deliveries.Row) deliveries.Row {
	r.At.Text, r.Due.Text = "", ""
	return r
}

// forget drops what can't change any more and has left the page, and the
// oldest of the rest above the bound.
func (f *feed) forget(page webhook.Page[webhook.DeliveryRow]) {
	here := map[webhook.DeliveryID]bool{}
	for _, row := range page.Items {
		here[row.ID] = true
	}
	var others []webhook.DeliveryID
	for id, sent := range f.sent {
		switch {
		case here[id]:
		case sent.ended:
			delete(f.sent, id)
		default:
			others = append(others, id)
		}
	}
	slices.SortFunc(others, func(a, b webhook.DeliveryID) int { return bytes.Compare(b.UUID[:], a.UUID[:]) })
	for _, id := range others[min(len(others), remembered-len(here)):] {
		delete(f.sent, id)
	}
}

// logRow is a row of the log as the caller sees it.
func (w *Web) logRow(c *gin.Context, row webhook.DeliveryRow) deliveries.Row {
	now := w.Now()
	r := presentDelivery(row, now)
	if row.Shown() == webhook.Waiting && row.Attempts > 0 {
		r.Mark.Text, r.Due = "retrying", dueMoment(row.DueAt, now)
	}
	r.Pick = row.State.Ended() && !row.EndpointGone && picks(w.caller(c), row.ProjectID)
	return r
}

// picks says whether the caller can choose rows, to send them again.
func picks(caller account.Caller, project webhook.ProjectID) bool {
	return caller.May(account.SendAgain, project) == nil
}
