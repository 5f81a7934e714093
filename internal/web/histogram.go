package web

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/deliveries"
)

// mostBars is how many columns a histogram has at most.
const mostBars = 72

// widths are what a column can stand for.
var widths = []time.Duration{
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

func widthOf(span time.Duration) time.Duration {
	for _, width := range widths {
		if span <= mostBars*width {
			return width
		}
	}
	day := 24 * time.Hour
	return (span/mostBars + day).Truncate(day)
}

// histogram counts attempts over the time that the filter names, the last day
// if it names none. It reads the statistics, which know endpoints and not
// topics; its columns narrow the list to their time.
func (w *Web) histogram(c *gin.Context, f webhook.DeliveryFilter) (deliveries.Histogram, error) {
	now := w.Now()
	until := f.Until
	if until.IsZero() || until.After(now) {
		until = now
	}
	since, words := f.Since, "in this time"
	if since.IsZero() {
		since, words = until.Add(-24*time.Hour), "last 24 h"
	}
	// Nothing is older than the project; an hour's grace for clocks.
	if made := w.project(c).CreatedAt.Add(-time.Hour); since.Before(made) && made.Before(until) {
		since = made
		if f.Since.IsZero() {
			words = "since the project began"
		}
	}
	for _, r := range ranges {
		if c.Query("range") == r.name {
			words = r.label
		}
	}
	if !since.Before(until) {
		return deliveries.Histogram{}, nil
	}
	width := widthOf(until.Sub(since))
	buckets, err := w.Manage.Volume(c.Request.Context(), w.caller(c), webhook.StatsFilter{
		ProjectID: f.ProjectID, EndpointID: f.EndpointID, Since: since, Until: until, Step: width,
	})
	if webhook.KindOf(err) == webhook.KindNotFound { // the endpoint of the filter is gone
		return deliveries.Histogram{}, nil
	}
	if err != nil {
		return deliveries.Histogram{}, err
	}
	h := presentHistogram(c, buckets, width, words)
	if f.State != "" || f.Topic != "" || f.Status != 0 || f.Query != "" {
		h.Title = "All attempts" + strings.TrimPrefix(h.Title, "Attempts") // statistics know no states and topics
	}
	return h, nil
}

func presentHistogram(c *gin.Context, buckets []webhook.StatsBucket, width time.Duration, words string) deliveries.Histogram {
	chart := volumeChart(buckets, width)
	h := deliveries.Histogram{
		Title: "Attempts, " + words, Summary: chart.Summary, Peak: chart.Peak, Axis: chart.Axis, Legend: chart.Legend, Minutes: fmt.Sprint(int(width.Minutes())),
	}
	if len(buckets) > 0 {
		h.From = buckets[0].Start.UTC().Format(minuteFormat)
	}
	for i, b := range buckets {
		column := component.Column{Bar: chart.Bars[i]}
		if b.Delivered+b.Failed > 0 {
			column.URL = narrowedTo(c, b.Start, b.Start.Add(width))
		}
		h.Columns = append(h.Columns, column)
	}
	return h
}

// narrowedTo is the present address with the time set.
func narrowedTo(c *gin.Context, since, until time.Time) string {
	u, err := url.Parse(without(c, "range"))
	if err != nil {
		return ""
	}
	query := u.Query()
	query.Set("since", since.UTC().Format(minuteFormat))
	query.Set("until", until.UTC().Format(minuteFormat))
	u.RawQuery = query.Encode()
	return u.RequestURI()
}
