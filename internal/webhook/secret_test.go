package webhook_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// noon is the moment that the tables below look from.
var noon = time.Date(2026, 1, 24, 12, 0, 0, 0, time.UTC)

// signer is a secret; times are hours from noon, unset ones stay zero.
func signer(name byte, created float64, times ...float64) webhook.Secret {
	at := func(hours float64) time.Time { return noon.Add(time.Duration(hours * float64(time.Hour))) }
	s := webhook.Secret{ID: webhook.SecretID{UUID: webhook.UUID{name}}, CreatedAt: at(created)}
	if len(times) > 0 {
		s.ActiveFrom = at(times[0])
	}
	if len(times) > 1 {
		s.ExpiresAt = at(times[1])
	}
	return s
}

func TestWhichSecretSignsFollowsFromTheTimes(t *testing.T) {
	t.Parallel()
	for state, c := range map[string]struct {
		secrets []webhook.Secret
		// want names current, next and previous; "-" for none.
		want string
	}{
		"no secret":                            {nil, "---"},
		"one secret":                           {[]webhook.Secret{signer('a', -9, -9)}, "a--"},
		"one secret from this moment on":       {[]webhook.Secret{signer('a', 0, 0)}, "a--"},
		"nothing active yet":                   {[]webhook.Secret{signer('a', -1, 1)}, "-a-"},
		"rotated, no date set":                 {[]webhook.Secret{signer('a', -9, -9), signer('b', -1)}, "ab-"},
		"rotated, to be switched":              {[]webhook.Secret{signer('a', -9, -9, 2), signer('b', -1, 1)}, "ab-"},
		"switched at this moment":              {[]webhook.Secret{signer('a', -9, -9, 1), signer('b', -1, 0)}, "b-a"},
		"switched, in grace":                   {[]webhook.Secret{signer('a', -9, -9, 1), signer('b', -5, -1)}, "b-a"},
		"switched, stored the other way round": {[]webhook.Secret{signer('b', -5, -1), signer('a', -9, -9, 1)}, "b-a"},
		"grace ends at this moment":            {[]webhook.Secret{signer('a', -9, -9, 0), signer('b', -5, -1)}, "b--"},
		"grace is over":                        {[]webhook.Secret{signer('a', -9, -9, -0.5), signer('b', -5, -1)}, "b--"},
		"undone":                               {[]webhook.Secret{signer('a', -9, -9), signer('b', -1)}, "ab-"},
		"compromised":                          {[]webhook.Secret{signer('a', -9, -9, 0), signer('b', 0, 0)}, "b--"},
		"rotated again in grace":               {[]webhook.Secret{signer('a', -9, -9, 1), signer('b', -5, -1), signer('c', 0)}, "bca"},
		"two in grace, the younger is told":    {[]webhook.Secret{signer('a', -9, -9, 2), signer('b', -5, -5, 1), signer('c', -1, -1)}, "c-b"},
		"two to come, the younger is next":     {[]webhook.Secret{signer('a', -9, -9), signer('b', -2), signer('c', -1, 5)}, "ac-"},
		"two to come, in the other order":      {[]webhook.Secret{signer('c', -1, 5), signer('b', -2), signer('a', -9, -9)}, "ac-"},
		"expired without a successor":          {[]webhook.Secret{signer('a', -9, -9, -1)}, "a--"},
	} {
		s := webhook.SigningAt(c.secrets, noon)
		got := ""
		for _, one := range []*webhook.Secret{s.Current, s.Next, s.Previous} {
			if one == nil {
				got += "-"
			} else {
				got += string(one.ID.UUID[:1])
			}
		}
		if got != c.want {
			t.Errorf("%s: %s signs, want %s", state, got, c.want)
		}
	}
}

func TestOnlySecretsThatReceiversCanUseAreTaken(t *testing.T) {
	t.Parallel()
	whsec := func(size int) string { return "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, size)) }
	for value, good := range map[string]bool{
		"your-webhook-secret":                   true,
		strings.Repeat("s", 16):                 true,
		strings.Repeat("s", 256):                true,
		`!"#$%&'()*+,-./:;<=>?@[\]^_` + "`{|}~": true,
		strings.Repeat("s", 15):                 false,
		strings.Repeat("s", 257):                false,
		"":                                      false,
		"a secret with spaces":                  false,
		"a-secret-with-tab\t":                   false,
		"a-secret-with-é-in-it":                 false,
		"a-secret-with-DEL\x7f":                 false,
		"a-secret-with-NUL\x00":                 false,
		whsec(24):                               true,
		whsec(64):                               true,
		whsec(23):                               false,
		whsec(65):                               false,
		"whsec_not-base64-at-all-but-long":      false,
		"whsec_" + base64.RawStdEncoding.EncodeToString(make([]byte, 25)): false,
		"WHSEC_not-base64-at-all": true,
	} {
		err := webhook.CheckSecret(value)
		if good && err != nil || !good && webhook.KindOf(err) != webhook.KindInvalid {
			t.Errorf("%q: %v, want good %v", value, err, good)
		}
		if err != nil && value != "" && strings.Contains(err.Error(), value) {
			t.Errorf("the refusal quotes the secret: %v", err)
		}
	}
}

func TestASealedHeaderIsNamedWithoutRegardToCase(t *testing.T) {
	t.Parallel()
	if got := webhook.HeaderField("X-Api-Key"); got != "header:x-api-key" || got != webhook.HeaderField("x-API-key") || got == webhook.SecretField {
		t.Errorf("got %q", got)
	}
}
