package webhook

import (
	"encoding/hex"
	"strings"
)

// ShortID is an id with its middle left out, as pages show it: its first and
// its last hexadecimal digits.
type ShortID struct{ head, tail string }

// shortest is how many digits each side of a ShortID has at least.
const shortest = 4

// ParseShortID reads "019bef3c…7a6e21", also with three dots in the gap.
func ParseShortID(text string) (ShortID, bool) {
	text = strings.ReplaceAll(strings.ToLower(text), "...", "…")
	head, tail, gap := strings.Cut(strings.ReplaceAll(text, "-", ""), "…")
	if !gap || len(head) < shortest || len(tail) < shortest || len(head)+len(tail) >= 2*len(UUID{}) {
		return ShortID{}, false
	}
	return ShortID{head, tail}, strings.Trim(head+tail, "0123456789abcdef") == ""
}

// Range is the smallest and the greatest id with the digits in front. They are
// the time, so what lies between was made within a minute or so.
func (s ShortID) Range() (from, to UUID) {
	const digits = 2 * len(UUID{})
	_, _ = hex.Decode(from[:], []byte(s.head+strings.Repeat("0", digits-len(s.head)))) // checked by ParseShortID
	_, _ = hex.Decode(to[:], []byte(s.head+strings.Repeat("f", digits-len(s.head))))
	return from, to
}

// Fits reports whether an id looks like this when its middle is left out.
func (s ShortID) Fits(id UUID) bool {
	digits := hex.EncodeToString(id[:])
	return strings.HasPrefix(digits, s.head) && strings.HasSuffix(digits, s.tail)
}

// Shortened is what a ShortID means in a project, the newest of each kind; zero
// for none.
type Shortened struct {
	Endpoint EndpointID
	Event    EventID
	Delivery DeliveryID
}
