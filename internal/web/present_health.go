package web

import (
	"cmp"
	"slices"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/endpoints"
)

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
