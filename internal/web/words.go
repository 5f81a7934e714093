package web

import (
	"fmt"
	"strconv"
	"time"

	"github.com/bellwire/bellwire/views/component"
)

// moment prints a time relative to now, with the exact one for the tooltip.
func moment(at, now time.Time) component.Time {
	if at.IsZero() {
		return component.Time{}
	}
	at = at.UTC()
	return component.Time{
		ISO:  at.Format("2006-01-02T15:04:05.000Z"),
		Text: relative(at, now),
		Full: at.Format("2 Jan 2006, 15:04:05.000 UTC"),
	}
}

// clockTime is a moment by the clock: "12:03", with the day if it is another.
func clockTime(at, now time.Time) component.Time {
	t := moment(at, now)
	if t.Zero() {
		return t
	}
	format := "15:04 UTC"
	if now.Sub(at) > 20*time.Hour {
		format = "2 Jan 15:04 UTC"
	}
	t.Text = at.UTC().Format(format)
	return t
}

// clockSeconds is a moment by the clock to the second, UTC, with the day if it
// is another.
func clockSeconds(at, now time.Time) component.Time {
	t := moment(at, now)
	if t.Zero() {
		return t
	}
	if t.Text = at.UTC().Format("15:04:05"); now.Sub(at) > 20*time.Hour {
		t.Text = at.UTC().Format("2 Jan 15:04")
	}
	return t
}

// inQuotes is what somebody typed, in quotes and not endless.
func inQuotes(typed string) string {
	if runes := []rune(typed); len(runes) > 80 {
		typed = string(runes[:80]) + "…"
	}
	return "“" + typed + "”"
}

func relative(at, now time.Time) string {
	d := now.Sub(at)
	if d < 0 {
		return "in " + span(-d)
	}
	if d < 2*time.Second {
		return "just now"
	}
	return span(d) + " ago"
}

// span prints a duration with one unit: "4 min", "12 s", "3 days".
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// took prints how long something lasted, exactly enough to compare.
func took(d time.Duration) string {
	if d < time.Millisecond {
		return "< 1 ms"
	}
	if d >= time.Second && d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return span(d)
}

// count prints a number with its thousands grouped: 12,345.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(digits) - 3; i > start; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// plural is "1 endpoint", "2 endpoints".
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// size prints a number of bytes.
func size[N int | int64](n N) string {
	switch {
	case n < 1024:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KB", float64(n)/1024)
	case n < 1<<30:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
}

// percent prints a share, never rounding to 100 what is not all.
func percent(part, whole int64) string {
	switch {
	case whole == 0:
		return "–"
	case part == whole:
		return "100 %"
	case part == 0:
		return "0 %"
	}
	return fmt.Sprintf("%.1f %%", min(float64(part)/float64(whole)*100, 99.9))
}
