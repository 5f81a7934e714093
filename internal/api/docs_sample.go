package api

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// The values that samples are made of, by format and by the word that a
// member's name ends in.
const (
	sampleID   = "01a1fede-82d3-7246-929e-056402a538df"
	sampleTime = "2026-01-24T10:30:00Z"
	sampleURL  = "https://example.com/hooks"
)

// sample is JSON of a schema's shape, indented, its members in the order of the
// page's table. If least is set only the required ones and those that have an
// example of their own are taken: what a first call needs.
func (a *API) sample(s *huma.Schema, least bool) string {
	var out strings.Builder
	a.write(&out, s, "", least, "", 0)
	return out.String()
}

func (a *API) write(out *strings.Builder, s *huma.Schema, name string, least bool, indent string, depth int) {
	s = a.resolve(s)
	if either, ok := s.Extensions["oneOf"].([]*huma.Schema); ok {
		s = a.resolve(either[0])
	}
	switch {
	case len(s.Examples) > 0:
		out.WriteString(encoded(s.Examples[0]))
	case s.Type == huma.TypeArray && depth <= maxNesting:
		out.WriteString("[")
		a.write(out, s.Items, name, least, indent, depth+1)
		out.WriteString("]")
	case s.Type == huma.TypeObject && len(s.Properties) > 0 && depth <= maxNesting:
		a.writeMembers(out, s, least, indent+"  ", depth)
		out.WriteString(indent + "}")
	default:
		out.WriteString(encoded(plainSample(s, name)))
	}
}

func (a *API) writeMembers(out *strings.Builder, s *huma.Schema, least bool, indent string, depth int) {
	out.WriteString("{\n")
	names := slices.DeleteFunc(orderOf(s), func(name string) bool {
		return least && !slices.Contains(s.Required, name) && len(s.Properties[name].Examples) == 0
	})
	for i, name := range names {
		out.WriteString(indent + encoded(name) + ": ")
		a.write(out, s.Properties[name], name, least, indent, depth+1)
		if i < len(names)-1 {
			out.WriteString(",")
		}
		out.WriteString("\n")
	}
}

// plainSample is a value for a member without members of its own.
func plainSample(s *huma.Schema, name string) any {
	low := strings.ToLower(name)
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Format == "uuid":
		return sampleID
	case s.Format == "date-time":
		return sampleTime
	case strings.HasSuffix(low, "url"):
		return sampleURL
	case strings.HasSuffix(low, "topic"), strings.HasSuffix(low, "topics"), low == "events":
		return "product.viewed"
	case strings.HasSuffix(low, "email"):
		return "dev@example.com"
	case low == "status":
		return 200
	case s.Type == huma.TypeBoolean:
		return false
	case s.Type == huma.TypeInteger, s.Type == huma.TypeNumber:
		return 1
	case s.Type == huma.TypeString:
		return "…"
	case s.Type == huma.TypeArray:
		return []any{}
	case low == "data" || low == "example":
		return map[string]any{"productId": "prod_123"}
	}
	return map[string]any{}
}

func encoded(value any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // samples are made here of plain values
	return strings.TrimSuffix(text.String(), "\n")
}
