package account

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/bellwire/bellwire/internal/webhook"
)

// SecondFactor is a person's second proof beside the password: an app that
// makes codes of the time, and recovery codes for when it is lost.
type SecondFactor struct {
	// Sealed is the app's secret; empty if none was begun.
	Sealed []byte
	// Since is when the person confirmed it; zero while it is not on.
	Since time.Time
	// Step is the last one whose code was taken: each counts once.
	Step int64
	// RecoveryLeft counts the recovery codes that were not used.
	RecoveryLeft int
}

// On reports whether a code is asked for at sign-in.
func (f SecondFactor) On() bool { return !f.Since.IsZero() }

// Codes change every 30 seconds, and one step to either side is taken too:
// clocks differ and people type slowly (RFC 6238, 5.2).
const (
	totpPeriod = 30
	totpSlack  = 1
	totpBytes  = 20
)

var totpOptions = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// TOTPField names an app's secret where it is sealed; the row is the user's id.
const TOTPField = "totp"

// NewTOTP is a new secret for an app.
func NewTOTP() []byte {
	secret := make([]byte, totpBytes)
	rand.Read(secret) // never fails
	return secret
}

// TOTPText is a secret as people type it into an app.
func TOTPText(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// TOTPURL is what the QR code says: whose secret it is, and for which
// installation.
func TOTPURL(secret []byte, host, email string) string {
	issuer := strings.ReplaceAll("Bellwire "+host, ":", " ")
	query := url.Values{"secret": {TOTPText(secret)}, "issuer": {issuer}}
	// Apps of long standing read %20 and not +.
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(email) + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}

// TOTPStep answers the step that a code belongs to, if it is the present one or
// beside it and later than the last that was taken.
func TOTPStep(secret []byte, code string, now time.Time, last int64) (int64, bool) {
	text, present := TOTPText(secret), now.Unix()/totpPeriod
	found := int64(0)
	for step := present - totpSlack; step <= present+totpSlack; step++ {
		want, err := hotp.GenerateCodeCustom(text, uint64(step), totpOptions)
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > last {
			found = step
		}
	}
	return found, found != 0
}

// A recovery code has 80 random bits, so that one round of SHA-256 keeps it.
const (
	recoveryCodes = 10
	recoveryBytes = 10
)

var recoveryAlphabet = base32.NewEncoding("abcdefghjkmnpqrstuvwxyz123456789").WithPadding(base32.NoPadding)

// NewRecoveryCodes are ten codes, each good for one sign-in without the app.
func NewRecoveryCodes() []string {
	codes := make([]string, recoveryCodes)
	for i := range codes {
		raw := make([]byte, recoveryBytes)
		rand.Read(raw) // never fails
		codes[i] = grouped(recoveryAlphabet.EncodeToString(raw), "-")
	}
	return codes
}

// RecoveryHash is what is kept of somebody's recovery code, however it is
// spelt.
func RecoveryHash(user webhook.UserID, code string) [32]byte {
	return sha256.Sum256(append(user.UUID[:], PlainCode(code)...))
}

// PlainCode drops what people add to a code: blanks, dashes, capitals.
func PlainCode(code string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(strings.TrimSpace(code)))
}

// IsRecoveryCode reports whether a plain code can be a recovery code.
func IsRecoveryCode(plain string) bool {
	raw, err := recoveryAlphabet.DecodeString(plain)
	return err == nil && len(raw) == recoveryBytes
}

// TOTPGroups is TOTPText in groups of four.
func TOTPGroups(secret []byte) string { return grouped(TOTPText(secret), " ") }

func grouped(text, between string) string {
	var parts []string
	for ; len(text) > 4; text = text[4:] {
		parts = append(parts, text[:4])
	}
	return strings.Join(append(parts, text), between)
}
