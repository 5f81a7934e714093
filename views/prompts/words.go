package prompts

import (
	"strconv"
	"strings"
)

// few is how many labels or tags a row names.
const few = 2

func joined(words []string) string { return strings.Join(words, ", ") }

func plus(n int) string { return "+" + strconv.Itoa(n) }

func lineClass(changed, missing bool) string {
	switch {
	case missing:
		return "diff-none"
	case changed:
		return "diff-new"
	}
	return ""
}
