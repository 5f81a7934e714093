package component

import (
	"strconv"
	"strings"
)

// Charts are drawn in units of their view box: columns of 10 by plotHeight.
const (
	columnWidth = 10
	plotHeight  = 100
)

// rect is one layer of one column, ready to draw.
type rect struct {
	tone       Tone
	x, y, w, h string
}

type column struct {
	x, title string
	rects    []rect
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }

func barsBox(n int) string {
	return "0 0 " + strconv.Itoa(max(n, 1)*columnWidth) + " " + strconv.Itoa(plotHeight)
}

// columns stacks the parts of each bar from the bottom, scaled to the highest.
func columns(bars []Bar) []column {
	top := 0.0
	for _, b := range bars {
		top = max(top, total(b))
	}
	out := make([]column, len(bars))
	for i, b := range bars {
		x := float64(i * columnWidth)
		out[i] = column{x: number(x), title: b.Title}
		y := float64(plotHeight)
		for j, h := range heights(b.Parts, top) {
			if h == 0 {
				continue
			}
			y -= h
			out[i].rects = append(out[i].rects, rect{b.Parts[j].Tone, number(x + 1), number(y), number(columnWidth - 2), number(h)})
		}
	}
	return out
}

// heights are the parts' lengths in units. A part that is not zero has at
// least two, taken from the longest: one failure in a million must be seen.
func heights(parts []Part, top float64) []float64 {
	out := make([]float64, len(parts))
	sum, longest := 0.0, 0
	for i, p := range parts {
		if p.Value <= 0 {
			continue
		}
		out[i] = max(p.Value/top*plotHeight, 2)
		sum += out[i]
		if out[i] > out[longest] {
			longest = i
		}
	}
	if sum > plotHeight {
		out[longest] -= sum - plotHeight
	}
	return out
}

func total(b Bar) float64 {
	sum := 0.0
	for _, p := range b.Parts {
		sum += p.Value
	}
	return sum
}

// path draws a level for each value over its whole column, joined where the
// next column has one too; a negative value lifts the pen. A lone value is a
// stroke as wide as its column.
func path(values []float64, top float64) string {
	var d strings.Builder
	down := false
	for i, v := range values {
		if v < 0 {
			down = false
			continue
		}
		y := float64(plotHeight)
		if top > 0 {
			y -= v / top * plotHeight
		}
		if down {
			d.WriteString("V" + number(y))
		} else {
			d.WriteString("M" + number(float64(i*columnWidth)) + " " + number(y))
		}
		d.WriteString("H" + number(float64((i+1)*columnWidth)))
		down = true
	}
	return d.String()
}

func highest(lines []Line) float64 {
	top := 0.0
	for _, l := range lines {
		for _, v := range l.Values {
			top = max(top, v)
		}
	}
	return top
}

func widest(lines []Line) int {
	n := 0
	for _, l := range lines {
		n = max(n, len(l.Values))
	}
	return n
}

func rank(n int) string { return "rank-" + strconv.Itoa(min(max(n, 0), 2)) }

// permille is a part 0..1 as a length of a box 1000 wide.
func permille(part float64) string { return number(min(max(part, 0), 1) * 1000) }

// stretch is the width of a phase, never too thin to see.
func stretch(p Phase, scale float64) string {
	return number(max((min(p.To, 1)-max(p.From, 0))*min(max(scale, 0), 1), 0.004) * 1000)
}
