package filter

import (
	"slices"
	"strconv"
	"unicode"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// prompt is a prompt filter made ready: each list is "any of", and every list
// that is not empty must hold.
type prompt struct {
	names  []glob
	tags   []string
	labels []string
}

func (p *prompt) match(data []byte) bool {
	return p.nameHolds(data) && listHolds(data, "tags", p.tags) && listHolds(data, "labels", p.labels)
}

func (p *prompt) nameHolds(data []byte) bool {
	if len(p.names) == 0 {
		return true
	}
	value, _ := rawjson.Lookup(data, "name")
	name, ok := rawjson.Text(value)
	return ok && slices.ContainsFunc(p.names, func(g glob) bool { return g.match(name) })
}

// listHolds reports whether one of the wanted strings is in an array member.
func listHolds(data []byte, member string, wanted []string) bool {
	if len(wanted) == 0 {
		return true
	}
	list, _ := rawjson.Lookup(data, member)
	for _, element := range rawjson.Elements(list) {
		if element[0] == '"' && slices.ContainsFunc(wanted, func(w string) bool { return rawjson.NameIs(element, w) }) {
			return true
		}
	}
	return false
}

// The bounds of prompt filters.
const (
	maxEntries = 50
	maxEntry   = 200
)

// CheckPrompt refuses a prompt filter with entries that can match nothing; it
// names all of them.
func CheckPrompt(f webhook.PromptFilter) error {
	var fields []webhook.Field
	fields = append(fields, entryFaults("promptFilter.names", f.Names)...)
	fields = append(fields, entryFaults("promptFilter.tags", f.Tags)...)
	fields = append(fields, entryFaults("promptFilter.labels", f.Labels)...)
	return webhook.InvalidFields(fields)
}

func entryFaults(location string, entries []string) []webhook.Field {
	if len(entries) > maxEntries {
		return []webhook.Field{{Location: location, Message: "may have " + strconv.Itoa(maxEntries) + " entries at most"}}
	}
	var fields []webhook.Field
	for i, entry := range entries {
		at := location + "[" + strconv.Itoa(i) + "]"
		switch {
		case entry == "" || len(entry) > maxEntry:
			fields = append(fields, webhook.Field{Location: at, Message: "must have 1 to " + strconv.Itoa(maxEntry) + " bytes"})
		case slices.ContainsFunc([]rune(entry), unicode.IsControl):
			fields = append(fields, webhook.Field{Location: at, Message: "has a control character"})
		}
	}
	return fields
}
