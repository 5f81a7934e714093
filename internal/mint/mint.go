// Package mint makes new ids and tokens. It knows randomness and nothing of
// what it names.
package mint

import (
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// UUID makes a version 7 id for a moment: mint.UUID(now) inside
// webhook.EventID{…}.
func UUID(at time.Time) webhook.UUID {
	var random [10]byte
	rand.Read(random[:]) // crypto/rand.Read never fails
	return webhook.MakeUUID(at, random)
}

// Token is 32 random bytes in URL-safe base64: 43 characters.
func Token() string {
	var random [32]byte
	rand.Read(random[:])
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// SigningSecret is a new Standard Webhooks secret: "whsec_" and base64 of 32
// random bytes.
func SigningSecret() string {
	var random [32]byte
	rand.Read(random[:])
	return "whsec_" + base64.StdEncoding.EncodeToString(random[:])
}
