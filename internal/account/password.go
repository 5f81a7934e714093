package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/bellwire/bellwire/internal/webhook"
)

// The cost of argon2id: OWASP's second choice for 2 cores. Memory is in KiB.
const (
	argonMemory = 19 * 1024
	argonTime   = 2
	argonLanes  = 1
	saltBytes   = 16
	sumBytes    = 32
)

// hashing keeps a burst of sign-ins from taking all memory and both cores;
// queue bounds those who wait their turn, some three seconds' worth.
var (
	hashing = make(chan struct{}, 2)
	queue   = make(chan struct{}, 128)
)

// dummy stands in for the hash of somebody unknown, so that the answer takes
// as long as for somebody known.
var dummy = encode(make([]byte, saltBytes), make([]byte, sumBytes))

// HashPassword makes the text that is stored: parameters, salt and argon2id
// sum in the usual $-separated form. It waits its turn, or for ctx.
func HashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails
	sum, err := stretch(ctx, password, salt, argonTime, argonMemory)
	if err != nil {
		return "", err
	}
	return encode(salt, sum), nil
}

// CheckPassword reports whether a password is the one behind a stored hash. An
// empty hash and a password longer than any never fit, and take as long.
func CheckPassword(ctx context.Context, hash, password string) (bool, error) {
	known := hash != "" && len(password) <= maxPassword
	if !known {
		hash, password = dummy, ""
	}
	salt, want, time, memory, err := decode(hash)
	if err != nil {
		return false, err
	}
	sum, err := stretch(ctx, password, salt, time, memory)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(sum, want) == 1 && known, nil
}

func stretch(ctx context.Context, password string, salt []byte, time, memory uint32) ([]byte, error) {
	select {
	case queue <- struct{}{}:
		defer func() { <-queue }()
	default:
		return nil, webhook.Limited("too many people are signing in at this moment; try again in a few seconds")
	}
	select {
	case hashing <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
	defer func() { <-hashing }()
	return argon2.IDKey([]byte(password), salt, time, memory, argonLanes, sumBytes), nil
}

func encode(salt, sum []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemory, argonTime, argonLanes, b64.EncodeToString(salt), b64.EncodeToString(sum))
}

func decode(hash string) (salt, sum []byte, time, memory uint32, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, nil, 0, 0, fmt.Errorf("a stored password hash is not argon2id version %d", argon2.Version)
	}
	var lanes int
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &lanes); err != nil || lanes != argonLanes || time == 0 {
		return nil, nil, 0, 0, fmt.Errorf("a stored password hash has parameters %q", parts[3])
	}
	salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return nil, nil, 0, 0, fmt.Errorf("read the salt of a stored password hash: %w", err)
	}
	sum, err = base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return nil, nil, 0, 0, fmt.Errorf("read the sum of a stored password hash: %w", err)
	}
	return salt, sum, time, memory, nil
}

// The length of passwords: characters at least, bytes at most (so that nobody
// has us hash megabytes).
const (
	minPassword = 8
	maxPassword = 256
)

// common are the passwords of eight characters and more that lists of stolen
// ones begin with.
var common = map[string]bool{
	"password": true, "password1": true, "password123": true, "12345678": true, "123456789": true,
	"1234567890": true, "qwertyuiop": true, "iloveyou": true, "11111111": true, "00000000": true,
	"abcd1234": true, "qwerty123": true, "changeme": true, "letmein1": true, "bellwire": true,
}

// CheckNewPassword refuses a password that is too short, too long, well known
// or the email itself.
func CheckNewPassword(password, email string) error {
	lower := strings.ToLower(password)
	switch {
	case !utf8.ValidString(password):
		return webhook.Invalid("password", "must be text")
	case utf8.RuneCountInString(password) < minPassword:
		return webhook.Invalid("password", "must have at least %d characters", minPassword)
	case len(password) > maxPassword:
		return webhook.Invalid("password", "must have at most %d bytes", maxPassword)
	case common[lower]:
		return webhook.Invalid("password", "is among the first that anybody would try")
	case lower == strings.ToLower(email):
		return webhook.Invalid("password", "must not be the email address")
	}
	return nil
}
