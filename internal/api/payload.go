package api

import (
	"encoding/json"
	"reflect"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bellwire/bellwire/internal/webhook"
)

// PayloadRow is one condition on a member of data.
type PayloadRow struct {
	Path     string `json:"path" doc:"Dotted: customer.address.country"`
	Operator string `json:"operator" enum:"equals,notEquals,oneOf,contains,startsWith,glob,lt,lte,gt,gte,exists"`
	Value    string `json:"value,omitempty" doc:"The text to compare with; for oneOf separated by commas"`
}

// PayloadExpression is one condition in CEL.
type PayloadExpression struct {
	Expression string `json:"expression" maxLength:"2000" minLength:"1" doc:"CEL over data, topic and occurredAt that answers true or false, such as data.price < 10 && data.currency == 'EUR'. A missing member or a fault is no match" example:"data.price < 10"`
}

// PayloadFilter is a list of rows, all of which must hold, or an object with
// one expression.
type PayloadFilter struct {
	rows       []PayloadRow
	expression string
	// sent is what came in, for the check that names the place.
	sent any
}

const payloadWords = "Conditions on data: a list of rows, all of which must hold, or {\"expression\": \"…\"} with one condition in CEL"

// payloadKinds are the two shapes in a registry of their own, for the check.
var payloadKinds = sync.OnceValue(func() (kinds struct {
	registry         huma.Registry
	rows, expression *huma.Schema
}) {
	kinds.registry = huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	kinds.rows = kinds.registry.Schema(reflect.TypeFor[[]PayloadRow](), true, "")
	kinds.expression = kinds.registry.Schema(reflect.TypeFor[PayloadExpression](), true, "")
	return kinds
})

// Schema documents both shapes. They stand beside what huma checks, because it
// would say of neither what is wrong with it; Resolve does.
func (PayloadFilter) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{Title: "list of object, or object with expression", Description: payloadWords, Extensions: map[string]any{"oneOf": []*huma.Schema{
		r.Schema(reflect.TypeFor[[]PayloadRow](), true, ""), r.Schema(reflect.TypeFor[PayloadExpression](), true, ""),
	}}}
}

// Resolve checks what was sent against the shape that it has.
func (f *PayloadFilter) Resolve(_ huma.Context, at *huma.PathBuffer) []error {
	kinds := payloadKinds()
	var found huma.ValidateResult
	switch f.sent.(type) {
	case []any:
		huma.Validate(kinds.registry, kinds.rows, at, huma.ModeWriteToServer, f.sent, &found)
	case map[string]any:
		huma.Validate(kinds.registry, kinds.expression, at, huma.ModeWriteToServer, f.sent, &found)
	case nil:
		return nil
	default:
		return []error{&huma.ErrorDetail{Location: at.String(), Message: "must be a list of rows or an object with an expression"}}
	}
	return found.Errors
}

// UnmarshalJSON takes either shape; Resolve judges it.
func (f *PayloadFilter) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &f.sent); err != nil {
		return err
	}
	switch f.sent.(type) {
	case []any:
		_ = json.Unmarshal(text, &f.rows) // Resolve refuses what does not fit
	case map[string]any:
		var one PayloadExpression
		_ = json.Unmarshal(text, &one)
		f.expression = one.Expression
	}
	return nil
}

// MarshalJSON answers the shape that was chosen; no filter is an empty list.
func (f PayloadFilter) MarshalJSON() ([]byte, error) {
	if f.expression != "" {
		return json.Marshal(PayloadExpression{f.expression})
	}
	return json.Marshal(present(f.rows))
}

func payloadShape(f webhook.PayloadFilter) PayloadFilter {
	return PayloadFilter{expression: f.Expression,
		rows: each(f.Rows, func(r webhook.PayloadRow) PayloadRow { return PayloadRow{r.Path, string(r.Operator), r.Value} })}
}

func (f PayloadFilter) filter() webhook.PayloadFilter {
	return webhook.PayloadFilter{Expression: f.expression, Rows: each(f.rows, func(r PayloadRow) webhook.PayloadRow {
		return webhook.PayloadRow{Path: r.Path, Operator: webhook.Operator(r.Operator), Value: r.Value}
	})}
}
