package products

import (
	"bytes"

	"github.com/bellwire/bellwire/internal/rawjson"
)

// sameMember reports whether two values of one member mean the same.
func sameMember(name string, a, b []byte) bool {
	if name == priceMember || name == quantityMember {
		return compare(a, b) == 0
	}
	return same(a, b)
}

// same reports whether two JSON values mean the same: numbers are compared as
// decimals, objects whatever their order, strings by their characters. A number
// is never the same as text: "1.10" may be a version.
func same(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	switch {
	case a[0] == '{' && b[0] == '{':
		return sameObjects(a, b)
	case a[0] == '[' && b[0] == '[':
		return sameLists(a, b)
	case a[0] == '"' && b[0] == '"':
		x, _ := rawjson.Text(a)
		y, _ := rawjson.Text(b)
		return x == y
	}
	return rawjson.IsNumber(a) && rawjson.IsNumber(b) && rawjson.Compare(a, b) == 0
}

func sameObjects(a, b []byte) bool {
	left, right := membersOf(a), membersOf(b)
	if len(left) != len(right) {
		return false
	}
	for name, value := range left {
		other, there := right[name]
		if !there || !same(value, other) {
			return false
		}
	}
	return true
}

func membersOf(object []byte) map[string][]byte {
	members := map[string][]byte{}
	for key, value := range rawjson.All(object) {
		name, _ := rawjson.Text(key)
		members[name] = value
	}
	return members
}

func sameLists(a, b []byte) bool {
	left, right := elementsOf(a), elementsOf(b)
	if len(left) != len(right) {
		return false
	}
	for i := range left {
		if !same(left[i], right[i]) {
			return false
		}
	}
	return true
}

func elementsOf(list []byte) (elements [][]byte) {
	for _, value := range rawjson.Elements(list) {
		elements = append(elements, value)
	}
	return elements
}
