package web

import (
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/audit"
	"github.com/bellwire/bellwire/views/component"
)

// manyActs tells several acts of one kind at once; N stands for how many. Acts that have no words
// here are never folded: what they changed would be out of sight.
var manyActs = map[string]act{
	"delivery.resent":    {"resent N deliveries", ""},
	"delivery.sent-now":  {"sent N waiting deliveries", "at once"},
	"delivery.cancelled": {"cancelled N deliveries", ""},
	"event.published":    {"published N test events", ""},
	"event.expunged":     {"expunged the payloads of N events", ""},
	"payload.viewed":     {"looked at payloads", "N times"},
}

// The bounds of a run of acts that is shown as one row.
const (
	runFrom = 3
	runSpan = 5 * time.Minute
)

// A page of fewer rows than fewRuns is filled up with moreActs further acts:
// what matters stands behind somebody's fifty resends.
const (
	fewRuns  = 25
	moreActs = 150
)

// auditPage reads a page of the log, and on if much of it folds together. It
// reads on once at most, and not where a search has already cost its bound.
func (w *Web) auditPage(c *gin.Context, f webhook.AuditFilter) (webhook.Page[webhook.AuditEntry], error) {
	page, err := w.Manage.Audit(c.Request.Context(), w.caller(c), f)
	if err != nil || page.Next == "" || !page.SearchedBackTo.IsZero() || len(runsOf(page.Items)) >= fewRuns {
		return page, err
	}
	f.Cursor, f.Limit = page.Next, moreActs
	more, err := w.Manage.Audit(c.Request.Context(), w.caller(c), f)
	more.Items = append(page.Items, more.Items...)
	return more, err
}

// runsOf groups entries, newest first, into rows: an act alone, or one actor's
// acts of one kind that follow each other within minutes.
func runsOf(entries []webhook.AuditEntry) [][]webhook.AuditEntry {
	var runs [][]webhook.AuditEntry
	for len(entries) > 0 {
		n := 1
		for n < len(entries) && folds(entries[0], entries[n]) {
			n++
		}
		if n < runFrom {
			n = 1
		}
		runs, entries = append(runs, entries[:n]), entries[n:]
	}
	return runs
}

// folds reports whether an older act goes into the row of a newer one.
func folds(newer, older webhook.AuditEntry) bool {
	_, may := manyActs[newer.Action]
	return may && older.Action == newer.Action && older.Actor == newer.Actor && newer.At.Sub(older.At) <= runSpan
}

// presentRun is one row: an act, or several that it opens to.
func presentRun(run []webhook.AuditEntry, standing map[string]string, now time.Time) audit.Row {
	row := presentAudit(run[0], standing, now)
	if len(run) == 1 {
		return row
	}
	told, many := manyActs[run[0].Action], count(int64(len(run)))
	row.ID, row.Did, row.After = "run-"+row.ID, strings.Replace(told.did, "N", many, 1), strings.Replace(told.after, "N", many, 1)
	row.Object, row.Detail, row.More = component.Link{}, "", nil
	if topic := sharedName(run); topic != "" {
		row.Did, row.Object = row.Did+" of", component.Link{Label: topic}
	}
	for _, e := range run {
		one := presentAudit(e, standing, now)
		act := audit.Act{ID: one.ID, Object: component.Link{Label: auditThing(e), URL: one.Object.URL}, Detail: one.Detail, More: one.More, At: one.At}
		if one.Addr != row.Addr {
			act.Addr = one.Addr
		}
		row.Acts = append(row.Acts, act)
	}
	return row
}

// sharedName is the name that all objects of a run have; empty if they differ.
func sharedName(run []webhook.AuditEntry) string {
	for _, e := range run {
		if e.ObjectName != run[0].ObjectName {
			return ""
		}
	}
	return run[0].ObjectName
}
