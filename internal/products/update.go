package products

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// The bounds of a product.
const (
	// MaxID and MaxName are in characters.
	MaxID   = 256
	MaxName = 1000
	// MaxNumber is how many characters a price or quantity may be spelled with.
	MaxNumber = 64
	// MaxCurrency is that of the topic's schema, in characters.
	MaxCurrency = 16
	// MaxMember is how long a member's name may be, in bytes.
	MaxMember = 256
	// MaxMembers and MaxState bound what is kept of one product; MaxState is in
	// bytes without white space.
	MaxMembers = 500
	MaxState   = 64 << 10
)

// The members that Bellwire knows. All others are kept and compared as they
// are.
const (
	nameMember     = "name"
	priceMember    = "price"
	currencyMember = "currency"
	quantityMember = "quantity"
	idMember       = "productId"
	changedMember  = "changed"
)

// Update is what a platform says about one product: members that it leaves out
// keep their value, a null clears one.
type Update struct {
	members []member
}

// member is one member of a state or an update; its value is as written,
// without white space between tokens.
type member struct {
	name  string
	value []byte
}

// cleared reports whether the member is to go.
func (m member) cleared() bool { return string(m.value) == "null" }

// CheckID refuses ids that topics' schemas and text columns don't take.
func CheckID(id, at string) error {
	switch n := utf8.RuneCountInString(id); {
	case id == "":
		return webhook.Invalid(at, "is missing: a product has an id")
	case n > MaxID:
		return webhook.Invalid(at, "has %d characters, at most %d are taken", n, MaxID)
	case id == ".", id == "..":
		return webhook.Invalid(at, "can't stand in an address")
	case !plain(id):
		return webhook.Invalid(at, "holds a NUL or bytes that are not UTF-8")
	}
	return nil
}

// plain reports whether text can stand in a text column.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] == 0 {
			return false
		}
	}
	return utf8.ValidString(text)
}

// Parse reads an update of the product with this id from an object. Faults are
// located by member: "price", and empty for the whole. The member productId may
// be there if it says the same id.
func Parse(id string, object []byte) (Update, error) {
	compact, err := rawjson.Check(object)
	if err != nil {
		return Update{}, within(err)
	}
	var u Update
	var faults []webhook.Field
	seen := map[string]bool{}
	for key, value := range rawjson.All(compact) {
		name, _ := rawjson.Text(key)
		fault := check(id, name, value)
		if seen[name] {
			fault = "is there twice" // names that differ in broken characters only
		}
		seen[name] = true
		switch {
		case fault != "":
			faults = append(faults, webhook.Field{Location: shown(name), Message: fault})
		case name != idMember:
			u.members = append(u.members, member{name, value})
		}
		if len(faults) == maxFaults {
			break
		}
	}
	return u, webhook.InvalidFields(faults)
}

// within takes the name that events' data has off the places of an error.
func within(err error) error {
	var told *webhook.Error
	if !errors.As(err, &told) || len(told.Fields) != 1 {
		return err
	}
	place := strings.TrimPrefix(strings.TrimPrefix(told.Fields[0].Location, "data"), ".")
	return webhook.Invalid(place, "%s", told.Fields[0].Message)
}

// maxFaults is how many wrong members of one product are named.
const maxFaults = 20

// shown keeps a stranger's text small enough to be quoted back.
func shown(name string) string {
	const most = 64
	if len(name) <= most {
		return name
	}
	return name[:most] + "…"
}

// check says what is wrong with a member, empty if nothing is.
func check(id, name string, value []byte) string {
	null := string(value) == "null"
	switch name {
	case idMember:
		if text, isText := rawjson.Text(value); !isText || text != id {
			return "must be the id in the address, or be left out"
		}
		return ""
	case changedMember:
		return "is what Bellwire itself adds to product.updated; call this member otherwise"
	}
	switch {
	case len(name) > MaxMember:
		return "has too long a name: a member's may have 256 bytes"
	case null:
		return ""
	case name == nameMember:
		return checkText(value, 0, MaxName)
	case name == currencyMember:
		return checkText(value, 1, MaxCurrency)
	case name == priceMember:
		return checkPrice(value)
	case name == quantityMember:
		return checkQuantity(value)
	}
	return ""
}
