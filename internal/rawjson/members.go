package rawjson

import (
	"bytes"
	"encoding/json"
	"iter"
	"strconv"
)

// Member is one member of an object. Name is unescaped; Key (with its quotes)
// and Value are as written and share memory with the object.
type Member struct {
	Name  string
	Key   []byte
	Value []byte
}

// Members lists an object's members in the order written. It checks the
// object first.
func Members(object []byte) ([]Member, error) {
	if _, err := Check(object); err != nil {
		return nil, err
	}
	var members []Member
	for key, value := range All(object) {
		name, _ := Text(key)
		members = append(members, Member{Name: name, Key: key, Value: value})
	}
	return members, nil
}

// All goes through the members of a checked object as written: key with its
// quotes, value. It yields nothing for any other value, and stops where the
// bytes are no JSON.
func All(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		i := skipSpace(object, 0)
		if i >= len(object) || object[i] != '{' {
			return
		}
		for i = next(object, i); i >= 0 && object[i] == '"'; i = next(object, i) {
			keyEnd := skip(object, i)
			colon := skipSpace(object, keyEnd)
			if keyEnd < 0 || colon >= len(object) || object[colon] != ':' {
				return
			}
			start := skipSpace(object, colon+1)
			end := skip(object, start)
			if end < 0 || !yield(object[i:keyEnd], object[start:end]) {
				return
			}
			if i = skipSpace(object, end); i >= len(object) || object[i] != ',' {
				return
			}
		}
	}
}

// Elements goes through the elements of a checked array as written.
func Elements(array []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		i := skipSpace(array, 0)
		if i >= len(array) || array[i] != '[' {
			return
		}
		for n := 0; ; n++ {
			start := next(array, i)
			if start < 0 || array[start] == ']' {
				return
			}
			end := skip(array, start)
			if end < 0 || !yield(n, array[start:end]) {
				return
			}
			if i = skipSpace(array, end); i >= len(array) || array[i] != ',' {
				return
			}
		}
	}
}

// Lookup finds the value at a path of member names in a checked object; a step
// into an array is an index counted from 0.
func Lookup(object []byte, path ...string) (value []byte, ok bool) {
	value = object
	for _, step := range path {
		if value, ok = child(value, step); !ok {
			return nil, false
		}
	}
	return value, true
}

func child(value []byte, step string) ([]byte, bool) {
	i := skipSpace(value, 0)
	if i < len(value) && value[i] == '[' {
		want, err := strconv.Atoi(step)
		if err != nil {
			return nil, false
		}
		for n, element := range Elements(value) {
			if n == want {
				return element, true
			}
		}
		return nil, false
	}
	for key, v := range All(value) {
		if NameIs(key, step) {
			return v, true
		}
	}
	return nil, false
}

// NameIs reports whether a key as written, with its quotes, spells a name.
func NameIs(key []byte, name string) bool {
	inside := key[1 : len(key)-1]
	if bytes.IndexByte(inside, '\\') < 0 {
		return string(inside) == name
	}
	return string(unescape(nil, inside, replaceLone)) == name
}

// AppendText writes a string as JSON; bytes that are not UTF-8 become U+FFFD.
func AppendText(dst []byte, text string) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(text) != nil { // a string always encodes
		return append(dst, `""`...)
	}
	return append(dst, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}

// Text is the string that a value as written stands for; false if it is no
// string. A surrogate without partner becomes U+FFFD.
func Text(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return "", false
	}
	inside := value[1 : len(value)-1]
	if bytes.IndexByte(inside, '\\') < 0 {
		return string(inside), true
	}
	return string(unescape(make([]byte, 0, len(inside)), inside, replaceLone)), true
}

func skipSpace(in []byte, i int) int {
	for 0 <= i && i < len(in) && isSpace(in[i]) {
		i++
	}
	return i
}

// next is where the token after the one-byte token at i begins, -1 at the end.
func next(in []byte, i int) int {
	if i = skipSpace(in, i+1); i < len(in) {
		return i
	}
	return -1
}

// skip is the end of the value that begins at i, -1 if the bytes end before.
func skip(in []byte, i int) int {
	if i < 0 || i >= len(in) {
		return -1
	}
	switch in[i] {
	case '"':
		return skipText(in, i)
	case '{', '[':
		return skipContainer(in, i)
	case ',', ':', '}', ']':
		return -1
	}
	for i < len(in) && in[i] != ',' && in[i] != '}' && in[i] != ']' && !isSpace(in[i]) {
		i++
	}
	return i
}

func skipText(in []byte, i int) int {
	for {
		n := bytes.IndexByte(in[i+1:], '"')
		if n < 0 {
			return -1
		}
		i += 1 + n
		slashes := 0
		for in[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i + 1
		}
	}
}

// shapes marks the bytes that matter when a container is skipped.
var shapes = [256]bool{'"': true, '{': true, '[': true, '}': true, ']': true}

func skipContainer(in []byte, i int) int {
	for depth := 0; i >= 0 && i < len(in); {
		if !shapes[in[i]] {
			i++
			continue
		}
		switch in[i] {
		case '"':
			i = skipText(in, i)
			continue
		case '{', '[':
			depth++
		default:
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return -1
}
