package component

import (
	"encoding/json"
	"strconv"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/static"
)

// library is what the page's script draws charts with.
const library = "vendor/uplot-1.6.32.min.js"

// drawing is a chart as the page's script reads it.
type drawing struct {
	Kind   string   `json:"kind"`
	Title  string   `json:"title"`
	Starts []int64  `json:"starts"`
	Step   int64    `json:"step"`
	Labels []string `json:"labels"`
	Notes  []string `json:"notes,omitempty"`
	Series []series `json:"series"`
}

type series struct {
	Label  string     `json:"label"`
	Values []*float64 `json:"values"`
	Words  []string   `json:"words"`
}

func barsPlot(c BarChart) templ.Attributes {
	d := drawing{Kind: "bars", Title: c.Title, Starts: c.Plot.Starts, Step: c.Plot.Step}
	for _, l := range c.Legend {
		d.Series = append(d.Series, series{Label: l.Label})
	}
	for _, b := range c.Bars {
		d.Labels, d.Notes = append(d.Labels, b.Label), append(d.Notes, b.Note)
		for i := range min(len(d.Series), len(b.Parts)) {
			d.Series[i].Values = append(d.Series[i].Values, &b.Parts[i].Value)
			d.Series[i].Words = append(d.Series[i].Words, whole(b.Parts[i].Value))
		}
	}
	return d.attributes(c.Plot)
}

func linesPlot(c LineChart) templ.Attributes {
	d := drawing{Kind: "levels", Title: c.Title, Starts: c.Plot.Starts, Step: c.Plot.Step, Labels: c.Labels}
	for _, l := range c.Lines {
		one := series{Label: l.Label, Words: l.Words}
		for i := range l.Values {
			var value *float64
			if l.Values[i] >= 0 {
				value = &l.Values[i]
			}
			one.Values = append(one.Values, value)
		}
		d.Series = append(d.Series, one)
	}
	return d.attributes(c.Plot)
}

func (d drawing) attributes(p Plot) templ.Attributes {
	if p.ID == "" || len(p.Starts) == 0 {
		return nil
	}
	text, err := json.Marshal(d)
	if err != nil {
		return nil // a value that is no number: the still picture has to do
	}
	return templ.Attributes{"id": p.ID, "data-chart": string(text), "data-chart-library": static.Path(library), "data-chart-region": p.Region}
}

// table is a chart's values printed; the first column says when.
type table struct {
	heads []string
	rows  [][]string
}

// barsTable leaves out the columns in which nothing was.
func barsTable(c BarChart) table {
	t := table{heads: []string{"Time"}}
	if c.Plot.ID == "" {
		return t
	}
	for _, l := range c.Legend {
		t.heads = append(t.heads, l.Label)
	}
	for _, b := range c.Bars {
		if total(b) == 0 {
			continue
		}
		row := []string{b.Label}
		for _, p := range b.Parts {
			row = append(row, whole(p.Value))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

func linesTable(c LineChart) table {
	t := table{heads: []string{"Time"}}
	if c.Plot.ID == "" {
		return t
	}
	for _, l := range c.Lines {
		t.heads = append(t.heads, l.Label)
	}
	for i, label := range c.Labels {
		row, any := []string{label}, false
		for _, l := range c.Lines {
			row = append(row, l.Words[i])
			any = any || l.Values[i] >= 0
		}
		if any {
			t.rows = append(t.rows, row)
		}
	}
	return t
}

// whole prints a count with its thousands grouped.
func whole(n float64) string {
	digits := strconv.FormatFloat(n, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
