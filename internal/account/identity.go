package account

import "time"

// Identity is somebody as an identity provider vouches for them (OpenID Connect
// Core 1.0).
type Identity struct {
	// Issuer and Subject name the person for good; an email address may change
	// hands.
	Issuer, Subject string
	Email           string
	// EmailVerified says that the provider knows the address to be theirs.
	EmailVerified bool
	// ProvenAt is when the person proved themselves to the provider; zero if it
	// does not say.
	ProvenAt time.Time
}

// Challenge is what one sign-in at a provider is known by on its way back:
// against planted answers, replayed ones, and stolen codes (RFC 9700 §2.1).
type Challenge struct {
	State, Nonce, Verifier string
}

// provenWithin is how long ago a sign-in at the provider counts as fresh.
const provenWithin = 5 * time.Minute

// Fresh reports whether the person proved themselves just now, not by a session
// that the provider still had.
func (i Identity) Fresh(now time.Time) bool {
	ago := now.Sub(i.ProvenAt)
	return !i.ProvenAt.IsZero() && ago < provenWithin && ago > -provenWithin
}
