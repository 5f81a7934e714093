package webhook

import (
	"encoding/hex"
	"time"
)

// UUID is a UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then randomness,
// so ids sort by the time they were made.
type UUID [16]byte

// One defined type per kind of id, so that none is passed for another. Build
// one with EventID{u}; the zero value means "none".
type (
	ProjectID  struct{ UUID }
	EventID    struct{ UUID }
	EndpointID struct{ UUID }
	DeliveryID struct{ UUID }
	AttemptID  struct{ UUID }
	SecretID   struct{ UUID }
	UserID     struct{ UUID }
	KeyID      struct{ UUID }
	AuditID    struct{ UUID }
	LinkID     struct{ UUID }
	NodeID     struct{ UUID }
	StreamID   struct{ UUID }

	PromptID        struct{ UUID }
	PromptVersionID struct{ UUID }
)

// MakeUUID lays out a version 7 UUID from a time and ten random bytes.
func MakeUUID(at time.Time, random [10]byte) UUID {
	ms := at.UnixMilli()
	var u UUID
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	copy(u[6:], random[:])
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	return u
}

// FloorUUID is the smallest UUIDv7 of a millisecond: a lower bound for
// range scans by time.
func FloorUUID(at time.Time) UUID {
	u := MakeUUID(at, [10]byte{})
	u[6], u[8] = 0, 0
	return u
}

// ParseUUID reads the canonical 36-character form and nothing else.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return u, Invalid("id", "is not an id: a UUID like 019bef3c-8a40-7c11-9d2e-5b1f0c7a6e21 is expected")
	}
	compact := s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	if _, err := hex.Decode(u[:], []byte(compact)); err != nil {
		return UUID{}, Invalid("id", "is not an id: a UUID like 019bef3c-8a40-7c11-9d2e-5b1f0c7a6e21 is expected")
	}
	return u, nil
}

// String is the canonical lower-case form.
func (u UUID) String() string {
	var out [36]byte
	hex.Encode(out[:8], u[:4])
	hex.Encode(out[9:13], u[4:6])
	hex.Encode(out[14:18], u[6:8])
	hex.Encode(out[19:23], u[8:10])
	hex.Encode(out[24:], u[10:])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

// IsZero reports whether the id names nothing.
func (u UUID) IsZero() bool { return u == UUID{} }

// Time is the millisecond at which the id was made.
func (u UUID) Time() time.Time {
	var ms int64
	for i := range 6 {
		ms = ms<<8 | int64(u[i])
	}
	return time.UnixMilli(ms).UTC()
}
