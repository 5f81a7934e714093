package web

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// presentNow says what neither a chart nor the page's head does: failures in a
// row of an endpoint that is paused, or that is not called failing yet.
func presentNow(e webhook.Endpoint, now time.Time) []endpoints.NowLine {
	if e.ConsecutiveFailures == 0 || e.State == webhook.EndpointActive && e.ConsecutiveFailures >= troubleFrom {
		return nil
	}
	return []endpoints.NowLine{{
		Mark: component.Mark{Tone: component.Retry, Text: plural(int64(e.ConsecutiveFailures), "failure", "failures") + " in a row"},
		Text: "the first of them", At: moment(e.FailingSince, now),
	}}
}

// presentLimits are the endpoint's limits, and how its health narrows them at
// this moment.
func presentLimits(e webhook.Endpoint, now time.Time) []endpoints.SettingRow {
	rows := howRows(e)
	for i, row := range rows {
		own := e
		own.ConsecutiveFailures = 0
		if row.Label == "At once" && e.InFlightLimit() != own.InFlightLimit() {
			rows[i].Note = fmt.Sprintf("%d when it is well: after many failures in a row it is spared.", own.InFlightLimit())
		}
	}
	if e.NotBefore.After(now) {
		rows = append(rows, endpoints.SettingRow{
			Label: "Quiet", Values: []string{"nothing is sent for " + span(e.NotBefore.Sub(now))}, Note: "The receiver asked for it with Retry-After.",
		})
	}
	if e.State == webhook.EndpointPaused {
		rows = append(rows, endpoints.SettingRow{Label: "Paused", Values: []string{"everything is held"}, Note: sentence(pauseWords(e.PausedBecause))})
	}
	return rows
}

// changes are the audit log's words about an endpoint.
var changes = map[string]component.Mark{
	"endpoint.created":            {Tone: component.Accent, Text: "made"},
	"endpoint.updated":            {Tone: component.Accent, Text: "settings changed"},
	"endpoint.paused":             {Tone: component.Held, Text: "paused"},
	"endpoint.resumed":            {Tone: component.Good, Text: "resumed"},
	"endpoint.deleted":            {Tone: component.Quiet, Text: "deleted"},
	"endpoint.secret.revealed":    {Tone: component.Neutral, Text: "secret shown"},
	"endpoint.secret.rotated":     {Tone: component.Accent, Text: "next secret made"},
	"endpoint.secret.switched":    {Tone: component.Accent, Text: "switched to the next secret"},
	"endpoint.secret.undone":      {Tone: component.Retry, Text: "rotation undone"},
	"endpoint.secret.compromised": {Tone: component.Bad, Text: "secret replaced at once"},
}

func presentChange(entry webhook.AuditEntry, now time.Time) endpoints.HistoryRow {
	row := endpoints.HistoryRow{By: byWhom(entry.Actor), Note: detailLine(entry.Detail), At: moment(entry.At, now)}
	mark, known := changes[entry.Action]
	if !known {
		mark = component.Mark{Text: entry.Action}
	}
	row.Mark = mark
	if entry.Action == "endpoint.paused" || entry.Action == "endpoint.resumed" {
		_, reason, found := strings.Cut(entry.Detail, ": ")
		if !found {
			reason = entry.Detail
		}
		row.Note = pauseWords(webhook.PauseReason(reason))
		if entry.Action == "endpoint.resumed" {
			row.Note = "was held because: " + row.Note
		}
	}
	return row
}

// presentCauses sums up why an endpoint's attempts failed, the commonest
// first.
func presentCauses(e webhook.Endpoint, stats manage.Stats) []endpoints.CauseRow {
	sums := map[webhook.Cause]int64{}
	var all int64
	for _, bucket := range stats.Buckets {
		for cause, n := range bucket.Causes {
			if cause != "" && n > 0 {
				sums[cause] += n
				all += n
			}
		}
	}
	var rows []endpoints.CauseRow
	for _, cause := range byHarm(sums) {
		row := endpoints.CauseRow{
			Cause: string(cause), Words: "Your server answered with an error status.", Count: count(sums[cause]), Share: float64(sums[cause]) / float64(all),
			URL:    under(e.ProjectID, "deliveries") + "?endpoint=" + e.ID.String() + "&state=" + string(webhook.Exhausted),
			Advice: "Open one of the deliveries: its page says what that status means.",
		}
		if d, ok := diagnoses[cause]; ok {
			row.Words, row.Advice = sentence("Your server "+d.did), d.try[0]
		}
		rows = append(rows, row)
	}
	return rows
}

// presentStatuses counts deliveries by the error status that they were last
// answered with, the commonest first, and says what was counted.
func presentStatuses(e webhook.Endpoint, latest []webhook.DeliveryRow) (statuses []component.Link, note string) {
	sums, all := map[int]int{}, 0
	for _, row := range latest {
		if row.LastCause == webhook.CauseStatus && !row.Test {
			sums[row.LastStatus]++
			all++
		}
	}
	if all == 0 {
		return nil, ""
	}
	order := slices.SortedFunc(maps.Keys(sums), func(a, b int) int { return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(a, b)) })
	for _, status := range order {
		statuses = append(statuses, component.Link{
			Label: fmt.Sprintf("%d × %s", status, count(int64(sums[status]))), URL: fmt.Sprintf("%s?endpoint=%s&status=%d", under(e.ProjectID, "deliveries"), e.ID, status),
		})
	}
	if all == 1 {
		return statuses, "the one delivery that was last answered so"
	}
	return statuses, "of the latest " + count(int64(all)) + " deliveries that were last answered so"
}

func byHarm(sums map[webhook.Cause]int64) []webhook.Cause {
	var causes []webhook.Cause
	for cause := range sums {
		causes = append(causes, cause)
	}
	slices.SortFunc(causes, func(a, b webhook.Cause) int {
		return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(a, b))
	})
	return causes
}
