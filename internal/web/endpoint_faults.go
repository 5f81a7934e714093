package web

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// faults are what is wrong with an endpoint form: beside which field, in which
// row, and all of it in the summary above.
type faults struct {
	fields   map[string]string
	payload  map[int]string
	headers  map[int]string
	mistakes []component.Mistake
}

// endpointPlaces are where an error's location stands in the form: the id to
// jump to and what people call it. The first that leads to a location has it.
var endpointPlaces = []struct{ location, field, label string }{
	{"name", "name", "Name"},
	{"url", "url", "URL"},
	{"channel", "channel", "Channel"},
	{"secret", "secret", "Signing secret"},
	{"format", "format", "Format"},
	{"custom.header", "customHeader", "Signature header"},
	{"custom.value", "customValue", "Header value"},
	{"custom.signed", "customSigned", "What is signed"},
	{"custom.encoding", "customEncoding", "Encoding"},
	{"custom.body", "customBody", "Body"},
	{"custom", "format", "Your own format"},
	{"template", "template", "Body"},
	{"topics", "topics", "Topics"},
	{"promptFilter.names", "promptNames", "Prompt names"},
	{"promptFilter.tags", "promptTags", "Prompt tags"},
	{"promptFilter.labels", "promptLabels", "Prompt labels"},
	{"payloadFilter.expression", "expression", "Expression"},
	{"payloadFilter", "payload", "Condition"},
	{"retry.delaysSeconds", "delays", "Waits"},
	{"retry", "retry", "Retries"},
	{"headers", "headers", "Header"},
	{"timeoutSeconds", "timeout", "Timeout"},
	{"maxInFlight", "maxInFlight", "At once"},
	{"ratePerSecond", "rate", "Rate"},
}

// topicPatterns is the place of topics that were typed and not ticked.
const topicPatterns = "patterns"

// endpointFaults puts the wrong places of a refused endpoint, by location,
// where the form has them. ticked is how many topics were ticked: those come
// first.
func endpointFaults(wrong map[string]string, ticked int) faults {
	f := faults{fields: map[string]string{}, payload: map[int]string{}, headers: map[int]string{}}
	left := maps.Clone(wrong)
	for _, place := range endpointPlaces {
		for _, location := range slices.Sorted(maps.Keys(left)) {
			rest, ok := strings.CutPrefix(location, place.location)
			if !ok || rest != "" && rest[0] != '.' && rest[0] != '[' {
				continue
			}
			f.put(place.field, place.label, rowOf(rest), left[location], ticked)
			delete(left, location)
		}
	}
	for _, location := range slices.Sorted(maps.Keys(left)) {
		f.mistakes = append(f.mistakes, component.Mistake{Text: strings.TrimSpace(location + " " + left[location])})
	}
	return f
}

func (f *faults) put(field, label string, row int, text string, ticked int) {
	switch {
	case row < 0:
		f.beside(field, text)
	case field == "payload":
		f.payload[row] = joinNotes(f.payload[row], text)
		field = endpoints.RowID(field, row)
	case field == "headers":
		f.headers[row] = joinNotes(f.headers[row], text)
		field = endpoints.RowID(field, row)
	case field == "topics" && row >= ticked:
		field, label = topicPatterns, "Pattern"
		row -= ticked
		f.beside(field, "entry "+strconv.Itoa(row+1)+" "+text)
	case field == "topics":
		f.beside(field, text)
	default:
		f.beside(field, "entry "+strconv.Itoa(row+1)+" "+text)
	}
	name := label
	if row >= 0 {
		name += " " + strconv.Itoa(row+1)
	}
	f.mistakes = append(f.mistakes, component.Mistake{Field: field, Text: name + ": " + text})
}

func (f *faults) beside(field, text string) { f.fields[field] = joinNotes(f.fields[field], text) }

// rowOf is the position in "[2].path"; -1 for none.
func rowOf(rest string) int {
	inner, found := strings.CutPrefix(rest, "[")
	digits, _, closed := strings.Cut(inner, "]")
	row, err := strconv.Atoi(digits)
	if !found || !closed || err != nil {
		return -1
	}
	return row
}
