package webhook

import (
	"encoding/base64"
	"strings"
	"time"
)

// Secret is a signing secret of an endpoint. Which one is current is a
// function of the stored times; no job flips it.
type Secret struct {
	ID         SecretID
	EndpointID EndpointID
	// Value is the opened secret; empty wherever it has not been opened.
	Value string
	// Sealed is the secret at rest; nil once wiped.
	Sealed    []byte
	CreatedAt time.Time
	// ActiveFrom is when it signs the main header; zero while it is the next
	// secret with no date set.
	ActiveFrom time.Time
	// ExpiresAt ends the grace in which it is still sent along; zero while it
	// has no successor.
	ExpiresAt time.Time
	// Grace is how long its predecessor is still sent along after the switch.
	Grace time.Duration
}

// Signing is which secret does what at one moment. Next and Previous are nil
// when there is none.
type Signing struct {
	Current  *Secret
	Next     *Secret
	Previous *Secret
}

// SigningAt picks the secrets that sign at a moment. Current is nil if none
// is active.
func SigningAt(secrets []Secret, now time.Time) Signing {
	var s Signing
	for i := range secrets {
		c := &secrets[i]
		switch {
		case c.ActiveFrom.IsZero() || c.ActiveFrom.After(now):
			if s.Next == nil || c.CreatedAt.After(s.Next.CreatedAt) {
				s.Next = c
			}
		case s.Current == nil || c.ActiveFrom.After(s.Current.ActiveFrom):
			s.Current = c
		}
	}
	for i := range secrets {
		c := &secrets[i]
		if c == s.Current || c == s.Next || c.ExpiresAt.IsZero() || !c.ExpiresAt.After(now) || c.ActiveFrom.IsZero() {
			continue
		}
		if s.Previous == nil || c.ActiveFrom.After(s.Previous.ActiveFrom) {
			s.Previous = c
		}
	}
	return s
}

// CheckSecret refuses a secret that a developer brought and that no receiver
// could use: 16 to 256 printable ASCII characters; after "whsec_" base64 of 24
// to 64 bytes (Standard Webhooks 1.0.0).
func CheckSecret(value string) error {
	if len(value) < 16 || len(value) > 256 {
		return Invalid("secret", "must have 16 to 256 characters, this one has %d", len(value))
	}
	for i := range len(value) {
		if value[i] < 0x21 || value[i] > 0x7e {
			return Invalid("secret", "must be printable ASCII without spaces; character %d is not", i+1)
		}
	}
	encoded, prefixed := strings.CutPrefix(value, "whsec_")
	if !prefixed {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) < 24 || len(raw) > 64 {
		return Invalid("secret", "starts with whsec_, so the rest must be base64 of 24 to 64 bytes")
	}
	return nil
}

// SecretField names a signing secret's value where it is sealed; the row is
// the secret's id.
const SecretField = "value"

// HeaderField names a secret header's value where it is sealed; the row is the
// endpoint's id.
func HeaderField(name string) string { return "header:" + strings.ToLower(name) }

// Reseal seals a value anew under the newest master key; it answers the same
// bytes for one that is. The error says that the value can't be opened.
type Reseal func(sealed []byte, row UUID, field string) ([]byte, error)

// Rewrapped is what a pass over all sealed values did.
type Rewrapped struct {
	// Values were opened, Renewed of them sealed anew.
	Values, Renewed int
	// Missed rows were changed by somebody else meanwhile.
	Missed int
	// Unreadable names each value that can't be opened, and why.
	Unreadable []string
}
