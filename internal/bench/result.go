package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Result is what a scenario measured.
type Result struct {
	Scenario string    `json:"scenario"`
	At       time.Time `json:"at"`
	Version  string    `json:"version"`
	Database string    `json:"database"`
	Machine  Machine   `json:"machine"`
	// Facts say what was measured on, in words.
	Facts []string `json:"facts"`
	// Columns name the values of every figure.
	Columns []string `json:"columns"`
	Figures []Figure `json:"figures"`
	// Details are figures that the table leaves out.
	Details []Figure `json:"details,omitempty"`
	// Missed says which bars were missed, in words; empty is good.
	Missed []string `json:"missed"`
}

// Figure is one line of a result.
type Figure struct {
	Name   string    `json:"name"`
	Values []float64 `json:"values"`
	Note   string    `json:"note,omitempty"`
}

// Machine is where it was measured.
type Machine struct {
	Processors int    `json:"processors"`
	Go         string `json:"go"`
	// Load is the load average of the last minute before and after: others may
	// use the machine too.
	LoadBefore string `json:"loadBefore"`
	LoadAfter  string `json:"loadAfter"`
}

func newMachine() Machine {
	return Machine{Processors: runtime.NumCPU(), Go: runtime.Version(), LoadBefore: load(), LoadAfter: ""}
}

// load is the load average of the last minute, empty where the system has none.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// Err is ErrMissed with the number of bars that were missed.
func (r Result) Err() error {
	if len(r.Missed) == 0 {
		return nil
	}
	return fmt.Errorf("%w in %d places", ErrMissed, len(r.Missed))
}

// Print writes the result for people.
func (r Result) Print(out io.Writer) {
	fmt.Fprintf(out, "%s · %s · Bellwire %s · %s\n", r.Scenario, r.Database, r.Version, r.At.UTC().Format("2006-01-02 15:04 UTC"))
	fmt.Fprintf(out, "%d processors, load %s before and %s after\n", r.Machine.Processors, r.Machine.LoadBefore, r.Machine.LoadAfter)
	for _, fact := range r.Facts {
		fmt.Fprintln(out, fact)
	}
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\t%s\t\n", strings.Join(r.Columns, "\t"))
	for _, f := range r.Figures {
		cells := []string{f.Name}
		for _, v := range f.Values {
			cells = append(cells, amount(v))
		}
		fmt.Fprintf(table, "%s\t%s\n", strings.Join(cells, "\t"), f.Note)
	}
	table.Flush() //nolint:errcheck // a closed pipe can't be acted on
	fmt.Fprintln(out)
	if len(r.Missed) == 0 {
		fmt.Fprintln(out, "Every bar is held.")
	}
	for _, words := range r.Missed {
		fmt.Fprintln(out, "MISSED", words)
	}
}

// amount prints whole numbers whole, and small ones to the hundredth.
func amount(v float64) string {
	switch {
	case v == math.Trunc(v) || math.Abs(v) >= 1000:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) < 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.1f", v)
}

// WriteJSON writes the result for programs, details included.
func (r Result) WriteJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// quantile is the value that the part q of the samples does not exceed.
func quantile(samples []time.Duration, q float64) time.Duration {
	return quantileOf(slices.Sorted(slices.Values(samples)), q)
}

// quantileOf is the same of samples in order.
func quantileOf(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}
