package filter

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Value is a compiled expression that answers any value, for the bodies that
// are made from events. It is safe for concurrent use.
type Value struct{ program *program }

// Scene is what such an expression is evaluated for.
type Scene struct {
	Event webhook.Event
	// Secrets are named values that only the request itself may hold.
	Secrets map[string]string
}

// CompileValue answers an *ExpressionError for a mistake in the text. Besides
// what filters can name there are id, secret, cut(text, n) and json(value).
func CompileValue(text string) (*Value, error) {
	env, err := valueEnvironment()
	if err != nil {
		return nil, err
	}
	p, err := compileIn(env, text, false)
	if err != nil {
		return nil, err
	}
	return &Value{p}, nil
}

// Text answers the value as it reads inside of a sentence: a text bare, null as
// nothing, any other value as JSON.
func (v *Value) Text(s Scene) (string, error) {
	out, err := v.run(s)
	if err != nil {
		return "", err
	}
	switch out := out.(type) {
	case types.String:
		return string(out), nil
	case types.Null:
		return "", nil
	case types.Timestamp:
		return stampOf(out), nil
	}
	text, err := appendJSON(nil, out)
	return string(text), err
}

// JSON answers the value as JSON.
func (v *Value) JSON(s Scene) ([]byte, error) {
	out, err := v.run(s)
	if err != nil {
		return nil, err
	}
	return appendJSON(nil, out)
}

func (v *Value) run(s Scene) (ref.Val, error) {
	out, err := v.program.run(&sceneVariables{variables{s.Event}, s.Secrets})
	if err != nil {
		return nil, errors.New(runtimeWords(err))
	}
	return out, nil
}

// sceneVariables are those of filters and two more.
type sceneVariables struct {
	variables
	secrets map[string]string
}

// ResolveName answers a variable's value.
func (v *sceneVariables) ResolveName(name string) (any, bool) {
	switch name {
	case "id":
		return types.String(v.ID.String()), true
	case "secret":
		return types.NewStringStringMap(types.DefaultTypeAdapter, v.secrets), true
	}
	return v.variables.ResolveName(name)
}

var valueEnvironment = sync.OnceValues(func() (*cel.Env, error) {
	env, err := environment()
	if err != nil {
		return nil, err
	}
	env, err = env.Extend(
		cel.Variable("id", cel.StringType),
		cel.Variable("secret", cel.MapType(cel.StringType, cel.StringType)),
		cel.Function("cut", cel.Overload("cut_dyn_int", []*cel.Type{cel.DynType, cel.IntType}, cel.StringType, cel.BinaryBinding(cutText))),
		cel.Function("json", cel.Overload("json_dyn", []*cel.Type{cel.DynType}, cel.StringType, cel.UnaryBinding(jsonText))),
	)
	if err != nil {
		return nil, err
	}
	env.Compile("unknown") // as for the other one
	return env, nil
})

// cutText keeps at most so many characters of a text.
func cutText(text, limit ref.Val) ref.Val {
	s, ok := text.(types.String)
	n, isInt := limit.(types.Int)
	switch {
	case !ok:
		return types.NewErr("cut takes a text")
	case !isInt || n < 1:
		return types.NewErr("cut keeps at least 1 character")
	case int64(utf8.RuneCountInString(string(s))) <= int64(n):
		return s
	}
	return types.String([]rune(string(s))[:n-1]) + "…"
}

func jsonText(value ref.Val) ref.Val {
	text, err := appendJSON(nil, value)
	if err != nil {
		return types.NewErr("%s", err.Error())
	}
	return types.String(text)
}

var errNoJSON = errors.New("the value can't be written as JSON")

// appendJSON writes a value. Objects and arrays of the event stay as they were
// spelled.
func appendJSON(to []byte, value ref.Val) ([]byte, error) {
	switch v := value.(type) {
	case *object:
		return append(to, v.raw...), nil
	case *array:
		return append(to, v.raw...), nil
	case types.Null:
		return append(to, "null"...), nil
	case types.Bool:
		return strconv.AppendBool(to, bool(v)), nil
	case types.Int:
		return strconv.AppendInt(to, int64(v), 10), nil
	case types.Uint:
		return strconv.AppendUint(to, uint64(v), 10), nil
	case types.Double:
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, errNoJSON
		}
		return strconv.AppendFloat(to, float64(v), 'g', -1, 64), nil
	case types.String:
		return rawjson.AppendText(to, string(v)), nil
	case types.Timestamp:
		return rawjson.AppendText(to, stampOf(v)), nil
	case traits.Mapper:
		return appendMap(to, v)
	case traits.Lister:
		return appendList(to, v)
	}
	return nil, errNoJSON
}

func appendList(to []byte, list traits.Lister) ([]byte, error) {
	to = append(to, '[')
	var err error
	for it, first := list.Iterator(), true; it.HasNext() == types.True; first = false {
		if !first {
			to = append(to, ',')
		}
		if to, err = appendJSON(to, it.Next()); err != nil {
			return nil, err
		}
	}
	return append(to, ']'), nil
}

// appendMap writes members in order of their names: CEL keeps none.
func appendMap(to []byte, m traits.Mapper) ([]byte, error) {
	var names []string
	for it := m.Iterator(); it.HasNext() == types.True; {
		name, ok := it.Next().(types.String)
		if !ok {
			return nil, errNoJSON
		}
		names = append(names, string(name))
	}
	slices.Sort(names)
	to = append(to, '{')
	var err error
	for i, name := range names {
		if i > 0 {
			to = append(to, ',')
		}
		to = append(rawjson.AppendText(to, name), ':')
		if to, err = appendJSON(to, m.Get(types.String(name))); err != nil {
			return nil, err
		}
	}
	return append(to, '}'), nil
}

func stampOf(t types.Timestamp) string { return t.UTC().Format(time.RFC3339Nano) }
