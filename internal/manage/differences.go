package manage

import "strings"

// differences are what a change of settings did, for the audit log: a line for
// each setting, "topics: product.* → product.viewed". The log is kept for good
// and shown to others than those who made the change: nothing that can be a
// secret is put in, neither values of headers nor more of a URL than its host.
type differences []string

// maxShown is how much of a value a line shows, in characters.
const maxShown = 200

// add compares two values in words; equal ones make no line.
func (d *differences) add(name, before, after string) {
	if before == after {
		return
	}
	before, after = around(oneLine(before), oneLine(after))
	if before == after {
		d.say(name, "other spaces")
		return
	}
	d.say(name, orNone(before)+" → "+orNone(after))
}

// say adds a line about a value that is not shown.
func (d *differences) say(name, words string) { *d = append(*d, name+": "+words) }

// list compares lists: short ones whole, of long ones what came and went.
func (d *differences) list(name string, before, after []string) {
	whole, now := strings.Join(before, ", "), strings.Join(after, ", ")
	if len([]rune(whole)) <= maxShown && len([]rune(now)) <= maxShown {
		d.add(name, whole, now)
		return
	}
	added, gone := without(after, before), without(before, after)
	switch {
	case len(added)+len(gone) > 0:
		d.came(name, added, gone)
	case whole != now:
		d.say(name, "in another order")
	}
}

func (d *differences) came(name string, added, gone []string) {
	var parts []string
	if len(added) > 0 {
		parts = append(parts, "added "+short(oneLine(strings.Join(added, ", "))))
	}
	if len(gone) > 0 {
		parts = append(parts, "removed "+short(oneLine(strings.Join(gone, ", "))))
	}
	d.say(name, strings.Join(parts, "; "))
}

func (d differences) String() string { return strings.Join(d, "\n") }

// without are the items of a list that another one lacks.
func without(list, other []string) []string {
	known := map[string]bool{}
	for _, item := range other {
		known[item] = true
	}
	var rest []string
	for _, item := range list {
		if !known[item] {
			rest = append(rest, item)
		}
	}
	return rest
}

// lead is how much of two long values stands before their first difference.
const lead = 40

// around cuts two different texts to where they differ first.
func around(a, b string) (before, after string) {
	x, y := []rune(a), []rune(b)
	if len(x) <= maxShown && len(y) <= maxShown {
		return a, b
	}
	same := 0
	for same < min(len(x), len(y)) && x[same] == y[same] {
		same++
	}
	if same > lead {
		skip := same - lead
		return short("…" + string(x[skip:])), short("…" + string(y[skip:]))
	}
	return short(a), short(b)
}

func short(text string) string {
	if runes := []rune(text); len(runes) > maxShown {
		return string(runes[:maxShown]) + "…"
	}
	return text
}

// oneLine has no line break: a line of the log is one setting.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func orNone(words string) string {
	if words == "" {
		return "none"
	}
	return words
}

func yesNo(on bool) string {
	if on {
		return "yes"
	}
	return "no"
}
