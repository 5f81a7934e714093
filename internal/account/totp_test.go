package account_test

import (
	"encoding/base32"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// The test vectors of RFC 6238, appendix B, for SHA-1, cut to six digits.
func TestCodesAreThoseOfTheStandard(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for at, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		step, ok := account.TOTPStep(secret, code, time.Unix(at, 0), 0)
		if !ok || step != at/30 {
			t.Errorf("at %d: %s is step %d, %v", at, code, step, ok)
		}
	}
}

func TestACodeCountsOnceAndOneStepToEitherSide(t *testing.T) {
	t.Parallel()
	secret := account.NewTOTP()
	now := time.Unix(1800000015, 0)
	code := func(at time.Time) string {
		c, err := totp.GenerateCode(account.TOTPText(secret), at)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	present := now.Unix() / 30
	for name, test := range map[string]struct {
		code string
		last int64
		want int64 // 0: refused
	}{
		"the present one":                   {code(now), 0, present},
		"the one before":                    {code(now.Add(-30 * time.Second)), 0, present - 1},
		"the next one":                      {code(now.Add(30 * time.Second)), 0, present + 1},
		"two before":                        {code(now.Add(-60 * time.Second)), 0, 0},
		"two ahead":                         {code(now.Add(60 * time.Second)), 0, 0},
		"the present one again":             {code(now), present, 0},
		"the one before, after the present": {code(now.Add(-30 * time.Second)), present, 0},
		"the next one, after the present":   {code(now.Add(30 * time.Second)), present, present + 1},
		"nothing":                           {"", 0, 0},
		"a code with a blank":               {code(now)[:3] + " " + code(now)[3:], 0, 0},
	} {
		if step, ok := account.TOTPStep(secret, test.code, now, test.last); step != test.want || ok != (test.want != 0) {
			t.Errorf("%s: step %d, %v; want %d", name, step, ok, test.want)
		}
	}
}

func TestTheQRCodeSaysWhatAppsRead(t *testing.T) {
	t.Parallel()
	secret := account.NewTOTP()
	link := account.TOTPURL(secret, "hooks.example.com", "ada+dev@example.com")
	key, err := otp.NewKeyFromURL(link)
	if err != nil {
		t.Fatal(err)
	}
	if key.Issuer() != "Bellwire hooks.example.com" || key.AccountName() != "ada+dev@example.com" || key.Secret() != account.TOTPText(secret) {
		t.Errorf("%s is read as %q, %q, %q", link, key.Issuer(), key.AccountName(), key.Secret())
	}
	if strings.Contains(link, "+") && !strings.Contains(link, "ada+dev") {
		t.Errorf("%s has a blank that old apps show as a plus", link)
	}
	if u, err := url.Parse(link); err != nil || u.Scheme != "otpauth" || u.Host != "totp" {
		t.Errorf("%s: %v", link, err)
	}
	if raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(account.TOTPGroups(secret), " ", "")); err != nil || string(raw) != string(secret) {
		t.Errorf("%q is not the secret: %v", account.TOTPGroups(secret), err)
	}
}

func TestRecoveryCodesAreTenAndReadHoweverTheyAreSpelt(t *testing.T) {
	t.Parallel()
	codes := account.NewRecoveryCodes()
	seen := map[string]bool{}
	ada, bob := webhook.UserID{UUID: webhook.UUID{1}}, webhook.UserID{UUID: webhook.UUID{2}}
	for _, code := range codes {
		seen[code] = true
		if len(code) != 19 || strings.ContainsAny(code, "il0o") || !account.IsRecoveryCode(account.PlainCode(code)) {
			t.Errorf("%q", code)
		}
		spelt := " " + strings.ToUpper(strings.ReplaceAll(code, "-", " ")) + "\n"
		if account.RecoveryHash(ada, spelt) != account.RecoveryHash(ada, code) {
			t.Errorf("%q is another code than %q", spelt, code)
		}
		if account.RecoveryHash(ada, code) == account.RecoveryHash(bob, code) {
			t.Error("a code of one person is good for another")
		}
	}
	if len(seen) != 10 {
		t.Errorf("%d codes: %v", len(seen), codes)
	}
	for _, not := range []string{"", "123456", "abcd-abcd-abcd", "abcd-abcd-abcd-abci", strings.Repeat("a", 1000)} {
		if account.IsRecoveryCode(account.PlainCode(not)) {
			t.Errorf("%q is taken for a recovery code", not)
		}
	}
}
