package web

import (
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/views/component"
)

// chartRanges are the spans of time that charts offer.
var chartRanges = []struct {
	name, label string
	span        time.Duration
}{
	{"1h", "1 h", time.Hour}, {"24h", "24 h", 24 * time.Hour}, {"7d", "7 days", 7 * 24 * time.Hour}, {"30d", "30 days", 30 * 24 * time.Hour},
}

const (
	// young is how long a day's chart would show next to nothing.
	young = 3 * time.Hour
	// shortest is the least time that a chart can show.
	shortest = 5 * time.Minute
	// minuteForm is a moment in an address and in a form, UTC.
	minuteForm = "2006-01-02T15:04"
	// foldedAfter is the age at which the store has whole hours only.
	foldedAfter = 48 * time.Hour
)

// chartTime is the time that a page's charts show.
type chartTime struct {
	since, until time.Time
	step         time.Duration
	// name is the range's; empty for a time of the visitor's own.
	name string
	// wrong says what can't be read, by field.
	wrong map[string]string
}

// own reports whether the visitor chose begin and end: it then stays as it is.
func (t chartTime) own() bool { return t.name == "" }

// chartTimeOf reads from the address which time a page's charts show. Unless
// it says otherwise that is a day, or an hour for what was made just now.
func chartTimeOf(c *gin.Context, made, now time.Time) chartTime {
	if c.Query("since") != "" || c.Query("until") != "" {
		t := ownTime(c, now)
		if len(t.wrong) > 0 {
			wrong := t.wrong
			t = usualTime("24h", now)
			t.wrong = wrong
		}
		return t
	}
	usual := "24h"
	if now.Sub(made) < young {
		usual = "1h"
	}
	return usualTime(c.DefaultQuery("range", usual), now)
}

func usualTime(name string, now time.Time) chartTime {
	for _, r := range chartRanges {
		if r.name == name {
			return chartTime{since: now.Add(-r.span), until: now, step: stepOf(r.span), name: name}
		}
	}
	return usualTime("24h", now)
}

func ownTime(c *gin.Context, now time.Time) chartTime {
	t := chartTime{until: now, wrong: map[string]string{}}
	for name, into := range map[string]*time.Time{"since": &t.since, "until": &t.until} {
		raw := c.Query(name)
		at, err := time.Parse(minuteForm, raw)
		switch {
		case err == nil:
			*into = at
		case raw != "" || name == "since":
			t.wrong[name] = "is a time like 2026-01-24T10:30, in UTC"
		}
	}
	if len(t.wrong) > 0 {
		return t
	}
	switch {
	case !t.since.Before(t.until):
		t.wrong["since"] = "must be before the end"
	case t.until.Sub(t.since) > 400*24*time.Hour:
		t.wrong["since"] = "at most 400 days are shown"
	case t.until.Sub(t.since) < shortest:
		t.until = t.since.Add(shortest)
	}
	t.step = stepOf(t.until.Sub(t.since))
	if now.Sub(t.since) > foldedAfter {
		t.step = max(t.step, time.Hour)
	}
	return t
}

// stepOf makes at most 72 columns of a span, of a width that people count in.
func stepOf(span time.Duration) time.Duration {
	for _, minutes := range []time.Duration{1, 2, 5, 10, 20, 30, 60, 120, 180, 360, 720} {
		if span <= 72*minutes*time.Minute {
			return minutes * time.Minute
		}
	}
	day := 24 * time.Hour
	return (span/72 + day - 1).Truncate(day)
}

// charts is the pair of charts without what they show: the switch of their
// time, and the way to what happened in it.
func (t chartTime) charts(c *gin.Context, log string, kept ...component.Option) component.ChartsModel {
	m := component.ChartsModel{
		Action: c.Request.URL.Path, Kept: kept,
		Since: component.Input{Value: t.since.UTC().Format(minuteForm), Error: t.wrong["since"]},
		Until: component.Input{Value: t.until.UTC().Format(minuteForm), Error: t.wrong["until"]},
	}
	for name, input := range map[string]*component.Input{"since": &m.Since, "until": &m.Until} {
		if raw := c.Query(name); raw != "" {
			input.Value = raw
		}
	}
	for _, r := range chartRanges {
		m.Ranges = append(m.Ranges, component.Chip{Label: r.label, On: r.name == t.name, URL: rangeURL(c, r.name)})
	}
	if t.own() {
		m.Custom = stretch(t.since, t.until)
		m.Log = component.Link{
			Label: "Deliveries of this time",
			URL:   log + "since=" + t.since.UTC().Format(minuteForm) + "&until=" + t.until.UTC().Format(minuteForm),
		}
	}
	return m
}

// rangeURL is the page with a range in place of any other time.
func rangeURL(c *gin.Context, name string) string {
	u := *c.Request.URL
	query := u.Query()
	query.Del("since")
	query.Del("until")
	query.Set("range", name)
	u.RawQuery = query.Encode()
	return u.RequestURI()
}

// stretch prints a stretch of time: "21 Nov 12:00–13:30 UTC".
func stretch(since, until time.Time) string {
	since, until = since.UTC(), until.UTC()
	end := until.Format("15:04")
	if since.Format(time.DateOnly) != until.Format(time.DateOnly) {
		end = until.Format("2 Jan 15:04")
	}
	return since.Format("2 Jan 15:04") + "–" + end + " UTC"
}
