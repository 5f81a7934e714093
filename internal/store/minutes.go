package store

import (
	"fmt"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
)

// bucketColumns writes the seventeen columns of a latency histogram: as names,
// as sums of them ("sum"), or as additions of a conflicting row ("add").
func bucketColumns(how string) string {
	var parts []string
	for i := range len(webhook.Latency{}) {
		b := fmt.Sprintf("b%d", i)
		switch how {
		case "sum":
			b = "sum(" + b + ")"
		case "add":
			b = b + " = endpoint_minute." + b + " + excluded." + b
		}
		parts = append(parts, b)
	}
	return strings.Join(parts, ", ")
}
