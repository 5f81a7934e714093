package filter

import (
	"reflect"
	"strconv"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/bellwire/bellwire/internal/rawjson"
)

// valueOf is a JSON value as expressions see it. Objects and arrays are read
// when somebody looks into them, one level at a time, so that a condition on
// one member of a large payload costs a search for it and no more.
func valueOf(raw []byte) ref.Val {
	if len(raw) == 0 {
		return types.NullValue
	}
	switch raw[0] {
	case '{':
		return &object{raw: raw}
	case '[':
		return &array{raw: raw}
	case '"':
		text, _ := rawjson.Text(raw)
		return types.String(text)
	case 't':
		return types.True
	case 'f':
		return types.False
	case 'n':
		return types.NullValue
	}
	return numberOf(string(raw))
}

// numberOf keeps integers exact as far as 64 bits go; all others are doubles.
func numberOf(text string) ref.Val {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return types.Int(n)
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return types.Uint(n)
	}
	n, _ := strconv.ParseFloat(text, 64)
	return types.Double(n)
}

// object is a JSON object. One evaluation uses it, in one goroutine.
type object struct {
	raw   []byte
	whole traits.Mapper
}

func (o *object) all() traits.Mapper {
	if o.whole == nil {
		members := map[ref.Val]ref.Val{}
		for key, value := range rawjson.All(o.raw) {
			name, _ := rawjson.Text(key)
			members[types.String(name)] = valueOf(value)
		}
		o.whole = types.NewRefValMap(types.DefaultTypeAdapter, members)
	}
	return o.whole
}

// Find looks one member up.
func (o *object) Find(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		return nil, false
	}
	if o.whole != nil {
		return o.whole.Find(key)
	}
	raw, ok := rawjson.Lookup(o.raw, string(name))
	if !ok {
		return nil, false
	}
	return valueOf(raw), true
}

// Get is Find with an error for what is missing.
func (o *object) Get(key ref.Val) ref.Val {
	value, ok := o.Find(key)
	if !ok {
		return types.ValOrErr(key, "no such key: %v", key)
	}
	return value
}

// Contains says whether there is a member.
func (o *object) Contains(key ref.Val) ref.Val {
	_, ok := o.Find(key)
	return types.Bool(ok)
}

// Iterator goes through the names.
func (o *object) Iterator() traits.Iterator { return o.all().Iterator() }

// Size counts the members.
func (o *object) Size() ref.Val { return o.all().Size() }

// Equal compares with another map.
func (o *object) Equal(other ref.Val) ref.Val { return o.all().Equal(other) }

// ConvertToNative serves Go types.
func (o *object) ConvertToNative(t reflect.Type) (any, error) { return o.all().ConvertToNative(t) }

// ConvertToType serves conversions in expressions.
func (o *object) ConvertToType(t ref.Type) ref.Val { return o.all().ConvertToType(t) }

// Type is that of maps.
func (*object) Type() ref.Type { return types.MapType }

// Value is the Go value behind.
func (o *object) Value() any { return o.all().Value() }

// array is a JSON array. One evaluation uses it, in one goroutine.
type array struct {
	raw   []byte
	whole traits.Lister
}

func (a *array) all() traits.Lister {
	if a.whole == nil {
		elements := []ref.Val{}
		for _, raw := range rawjson.Elements(a.raw) {
			elements = append(elements, valueOf(raw))
		}
		a.whole = types.NewRefValList(types.DefaultTypeAdapter, elements)
	}
	return a.whole
}

// Add joins two lists.
func (a *array) Add(other ref.Val) ref.Val { return a.all().Add(other) }

// Contains looks for an equal element.
func (a *array) Contains(value ref.Val) ref.Val { return a.all().Contains(value) }

// Get answers an element by its index.
func (a *array) Get(index ref.Val) ref.Val { return a.all().Get(index) }

// Iterator goes through the elements.
func (a *array) Iterator() traits.Iterator { return a.all().Iterator() }

// Size counts the elements.
func (a *array) Size() ref.Val { return a.all().Size() }

// Equal compares with another list.
func (a *array) Equal(other ref.Val) ref.Val { return a.all().Equal(other) }

// ConvertToNative serves Go types.
func (a *array) ConvertToNative(t reflect.Type) (any, error) { return a.all().ConvertToNative(t) }

// ConvertToType serves conversions in expressions.
func (a *array) ConvertToType(t ref.Type) ref.Val { return a.all().ConvertToType(t) }

// Type is that of lists.
func (*array) Type() ref.Type { return types.ListType }

// Value is the Go value behind.
func (a *array) Value() any { return a.all().Value() }
