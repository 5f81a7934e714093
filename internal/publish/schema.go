package publish

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Schema is a topic's JSON Schema, ready to check data with. Nil takes
// everything.
type Schema struct {
	compiled *jsonschema.Schema
}

// schemaURL names the schema to its compiler; nothing is ever fetched.
const schemaURL = "bellwire:topic"

// noLoader refuses references to other documents.
type noLoader struct{}

func (noLoader) Load(string) (any, error) {
	return nil, errors.New("a schema can't refer to other documents")
}

// CompileSchema reads a JSON Schema (2020-12 unless it says otherwise); an
// empty one makes nil.
func CompileSchema(schema []byte) (*Schema, error) {
	if len(schema) == 0 {
		return nil, nil
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, misspelt(schema, err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource(schemaURL, doc); err != nil {
		return nil, webhook.Invalid("schema", "is not a JSON Schema: %s", oneLine(err))
	}
	compiled, err := c.Compile(schemaURL)
	if err != nil {
		return nil, unusable(err)
	}
	return &Schema{compiled}, nil
}

// misspelt says where a schema stops being JSON: "schema.properties", and the
// byte.
func misspelt(schema []byte, err error) error {
	var told *webhook.Error
	if !errors.As(rawjson.CheckDocument(schema), &told) || len(told.Fields) == 0 {
		return webhook.Invalid("schema", "is not JSON: %s", oneLine(err))
	}
	f := told.Fields[0]
	return webhook.Invalid("schema"+strings.TrimPrefix(f.Location, "body"), "%s", f.Message)
}

// unusable names the places where a schema breaks the rules of schemas.
func unusable(err error) error {
	var wrong *jsonschema.SchemaValidationError
	var broken *jsonschema.ValidationError
	if !errors.As(err, &wrong) || !errors.As(wrong.Err, &broken) {
		return webhook.Invalid("schema", "is not a usable JSON Schema: %s", oneLine(err))
	}
	fields := leaves(nil, broken, "schema")
	for i := range fields {
		fields[i].Message = strings.ReplaceAll(fields[i].Message, "the topic's schema", "JSON Schema")
	}
	slices.SortStableFunc(fields, func(a, b webhook.Field) int { return strings.Compare(a.Location, b.Location) })
	return webhook.InvalidFields(slices.Compact(fields[:min(len(fields), maxFaults)]))
}

// oneLine makes a library's error fit for a form.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// Check names the places where data, which must be JSON, breaks the schema:
// "data.price", "data.items[2].id".
func (s *Schema) Check(data []byte) error { return webhook.InvalidFields(s.faults(data, "data")) }

func (s *Schema) faults(data []byte, at string) []webhook.Field {
	if s == nil {
		return nil
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return []webhook.Field{{Location: at, Message: "is not JSON"}}
	}
	err = s.compiled.Validate(tame(value))
	if err == nil {
		return nil
	}
	var broken *jsonschema.ValidationError
	if !errors.As(err, &broken) {
		return []webhook.Field{{Location: at, Message: "can't be checked against the topic's schema"}}
	}
	fields := leaves(nil, broken, at)
	slices.SortStableFunc(fields, func(a, b webhook.Field) int { return strings.Compare(a.Location, b.Location) })
	return fields[:min(len(fields), maxFaults)]
}

// tame shortens the spelling of numbers that would take long to compare
// exactly, such as 1e-999999 or thousands of digits.
func tame(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			v[name] = tame(member)
		}
	case []any:
		for i := range v {
			v[i] = tame(v[i])
		}
	case json.Number:
		if !costly(string(v)) {
			return v
		}
		f, _ := strconv.ParseFloat(string(v), 64)
		return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
	}
	return value
}

func costly(number string) bool {
	e := strings.IndexAny(number, "eE")
	if e < 0 {
		return len(number) > 400
	}
	power, err := strconv.Atoi(number[e+1:])
	return len(number) > 400 || err != nil || power < -400 || power > 400
}

// leaves collects the innermost faults, which say what is wrong where.
func leaves(fields []webhook.Field, v *jsonschema.ValidationError, at string) []webhook.Field {
	here := at + path(v.InstanceLocation)
	switch k := v.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf, *kind.Not, *kind.Contains:
		return append(fields, webhook.Field{Location: here, Message: "fits none of the shapes that the topic's schema allows"})
	case *kind.Required:
		for _, name := range k.Missing {
			fields = append(fields, webhook.Field{Location: here + path([]string{name}), Message: "is missing"})
		}
		return fields
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			fields = append(fields, webhook.Field{Location: here + path([]string{name}), Message: "is not a member that the topic's schema allows"})
		}
		return fields
	}
	if len(v.Causes) == 0 {
		return append(fields, webhook.Field{Location: here, Message: words(v.ErrorKind)})
	}
	for _, cause := range v.Causes {
		fields = leaves(fields, cause, at)
	}
	return fields
}

// path spells a place the way people write it: .items[2].id.
func path(tokens []string) string {
	var b strings.Builder
	for _, token := range tokens {
		if _, err := strconv.ParseUint(token, 10, 31); err == nil {
			b.WriteString("[" + token + "]")
			continue
		}
		b.WriteString("." + shorten(token))
	}
	return b.String()
}

// words says what a schema asks for where data breaks it.
func words(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return fmt.Sprintf("must be %s, not %s", strings.Join(k.Want, " or "), k.Got)
	case *kind.Enum:
		return "must be one of " + values(k.Want)
	case *kind.Const:
		return "must be " + values([]any{k.Want})
	case *kind.Format:
		return "must be a valid " + k.Want
	case *kind.Pattern:
		return "must match the pattern " + k.Want
	case *kind.MinLength:
		return fmt.Sprintf("must have at least %d characters", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters", k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("must have at least %d items", k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("must have at most %d items", k.Want)
	case *kind.Minimum:
		return "must be at least " + decimal(k.Want)
	case *kind.Maximum:
		return "must be at most " + decimal(k.Want)
	case *kind.ExclusiveMinimum:
		return "must be more than " + decimal(k.Want)
	case *kind.ExclusiveMaximum:
		return "must be less than " + decimal(k.Want)
	}
	return "breaks the rule " + strings.Join(k.KeywordPath(), "/") + " of the topic's schema"
}

func values(allowed []any) string {
	words := make([]string, len(allowed))
	for i, v := range allowed {
		var text strings.Builder
		out := json.NewEncoder(&text)
		out.SetEscapeHTML(false)
		if out.Encode(v) != nil {
			return "the values that the topic's schema lists"
		}
		words[i] = strings.TrimSpace(text.String())
	}
	return strings.Join(words, ",")
}

func decimal(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	f, _ := r.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
}
