package account

import (
	"crypto/sha256"

	"github.com/bellwire/bellwire/internal/mint"
)

// keyPrefix lets people and secret scanners tell our keys from other strings.
const keyPrefix = "bwsk_"

// KeyPrefixLen is how much of a secret is kept readable, to tell keys apart by.
const KeyPrefixLen = len(keyPrefix) + 4

// NewKeySecret is the secret of a new API key, shown once.
func NewKeySecret() string { return keyPrefix + mint.Token() }

// HashToken is what is kept of a token or key secret. They are 256 random bits,
// so one round of SHA-256 is enough.
func HashToken(token string) [32]byte { return sha256.Sum256([]byte(token)) }
