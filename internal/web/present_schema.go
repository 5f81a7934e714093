package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bellwire/bellwire/views/topics"
)

// The bounds of the table that is made of a schema; its text has the rest.
const (
	schemaDepth      = 4
	schemaMembersMax = 200
)

// schemaNode is what a table can say of a JSON Schema.
type schemaNode struct {
	Type        any
	Description string
	Required    []string
	Properties  map[string]schemaNode
	Items       *schemaNode
	Enum        []any
	Const       any
	Format      string
	Pattern     string
	Minimum     *json.Number
	Maximum     *json.Number
	AnyOf       []schemaNode
	OneOf       []schemaNode
}

// schemaMembers lists the members that a JSON Schema describes, those inside
// others too, required ones first and then by name. A schema of another shape
// has its text alone.
func schemaMembers(schema []byte) []topics.Member {
	var root schemaNode
	if len(schema) == 0 || json.Unmarshal(schema, &root) != nil {
		return nil
	}
	list := membersOf(root, "", schemaDepth)
	return list[:min(len(list), schemaMembersMax)]
}

func membersOf(node schemaNode, path string, depth int) []topics.Member {
	if depth == 0 {
		return nil
	}
	names := slices.SortedFunc(maps.Keys(node.Properties), func(a, b string) int {
		if x, y := slices.Contains(node.Required, a), slices.Contains(node.Required, b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	var list []topics.Member
	for _, name := range names {
		property := node.Properties[name]
		member := topics.Member{Name: path + name, Type: typeWords(property), Note: schemaNote(property), Required: slices.Contains(node.Required, name)}
		list = append(list, member)
		inner, at := property, member.Name
		for inner.Items != nil {
			inner, at = *inner.Items, at+"[]"
		}
		list = append(list, membersOf(inner, at+".", depth-1)...)
	}
	return list
}

func typeWords(node schemaNode) string {
	switch v := node.Type.(type) {
	case string:
		if v == "array" && node.Items != nil {
			return "list of " + typeWords(*node.Items)
		}
		return v
	case []any:
		var words []string
		for _, one := range v {
			if word, ok := one.(string); ok {
				words = append(words, word)
			}
		}
		return strings.Join(words, " or ")
	}
	var words []string
	for _, one := range slices.Concat(node.AnyOf, node.OneOf) {
		if word := typeWords(one); !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	if len(words) > 0 {
		return strings.Join(words, " or ")
	}
	return "any"
}

// schemaNote is the description with the bounds that fit on a line.
func schemaNote(node schemaNode) string {
	var parts []string
	if node.Description != "" {
		parts = append(parts, node.Description)
	}
	if len(node.Enum) > 0 {
		parts = append(parts, "One of "+jsonWords(node.Enum))
	}
	if node.Const != nil {
		parts = append(parts, "Always "+jsonWords([]any{node.Const}))
	}
	if node.Format != "" {
		parts = append(parts, "Format "+node.Format)
	}
	if node.Pattern != "" {
		parts = append(parts, "Pattern "+node.Pattern)
	}
	if node.Minimum != nil {
		parts = append(parts, fmt.Sprintf("At least %s", *node.Minimum))
	}
	if node.Maximum != nil {
		parts = append(parts, fmt.Sprintf("At most %s", *node.Maximum))
	}
	return strings.Join(parts, " · ")
}

func jsonWords(values []any) string {
	words := make([]string, len(values))
	for i, v := range values {
		var text strings.Builder
		out := json.NewEncoder(&text)
		out.SetEscapeHTML(false)
		_ = out.Encode(v) // it came out of JSON
		words[i] = strings.TrimSpace(text.String())
	}
	return strings.Join(words, ", ")
}
