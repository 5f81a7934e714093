package store

import (
	"fmt"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
)

// bucketColumns writes the seventeen columns of a latency histogram: as names
// (""), as sums of them ("sum"), or as additions of a conflicting row to the
// table that is named.
func bucketColumns(how string) string {
	var parts []string
	for i := range len(webhook.Latency{}) {
		b := fmt.Sprintf("b%d", i)
		switch how {
		case "":
		case "sum":
			b = "sum(" + b + ")"
		default:
			b = b + " = " + how + "." + b + " + excluded." + b
		}
		parts = append(parts, b)
	}
	return strings.Join(parts, ", ")
}
