package secret_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/secret"
	"github.com/bellwire/bellwire/internal/webhook"
)

func key(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func ring(t *testing.T, keys ...[]byte) *secret.Keyring {
	t.Helper()
	k, err := secret.NewKeyring(keys)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var row = webhook.UUID{1, 2, 3}

func TestWhatIsSealedOpensForItsRowAndFieldOnly(t *testing.T) {
	t.Parallel()
	k := ring(t, key(1))
	for _, plain := range []string{"", "whsec_abc", strings.Repeat("x", 5000)} {
		blob := k.Seal([]byte(plain), row, "secret")
		if got, err := k.Open(blob, row, "secret"); err != nil || string(got) != plain {
			t.Errorf("opened %q, %v", got, err)
		}
		if plain != "" && bytes.Contains(blob, []byte(plain)) {
			t.Error("the blob shows the value")
		}
		if _, err := k.Open(blob, webhook.UUID{9}, "secret"); !errors.Is(err, secret.ErrDamaged) {
			t.Errorf("another row: %v", err)
		}
		if _, err := k.Open(blob, row, "header"); !errors.Is(err, secret.ErrDamaged) {
			t.Errorf("another field: %v", err)
		}
	}
}

func TestSealingTwiceGivesTwoBlobs(t *testing.T) {
	t.Parallel()
	k := ring(t, key(1))
	if bytes.Equal(k.Seal([]byte("a"), row, "f"), k.Seal([]byte("a"), row, "f")) {
		t.Error("the nonce is used twice")
	}
}

func TestEveryChangedByteIsNoticed(t *testing.T) {
	t.Parallel()
	k := ring(t, key(1), key(2))
	blob := k.Seal([]byte("value"), row, "f")
	for i := range blob {
		changed := bytes.Clone(blob)
		changed[i] ^= 1
		_, err := k.Open(changed, row, "f")
		inKeyID := i >= 1 && i <= 8
		if inKeyID && !errors.Is(err, secret.ErrUnknownKey) || !inKeyID && !errors.Is(err, secret.ErrDamaged) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := k.Open(blob[:i], row, "f"); err == nil {
			t.Errorf("cut to %d bytes it opens", i)
		}
	}
}

func TestANewKeySealsAndTheOldOneStillOpens(t *testing.T) {
	t.Parallel()
	before := ring(t, key(1))
	old := before.Seal([]byte("value"), row, "f")
	after := ring(t, key(2), key(1))
	if got, err := after.Open(old, row, "f"); err != nil || string(got) != "value" {
		t.Errorf("opened %q, %v", got, err)
	}
	fresh := after.Seal([]byte("value"), row, "f")
	if after.Newest(old) || !after.Newest(fresh) || after.Newest(nil) {
		t.Error("the newest key is not told from the older one")
	}
	if _, err := before.Open(fresh, row, "f"); !errors.Is(err, secret.ErrUnknownKey) {
		t.Errorf("without the new key: %v", err)
	}
}

func TestWhatIsResealedOpensUnderTheNewKeyAlone(t *testing.T) {
	t.Parallel()
	old := ring(t, key(1)).Seal([]byte("value"), row, "f")
	both := ring(t, key(2), key(1))
	fresh, err := both.Reseal(old, row, "f")
	if err != nil || !both.Newest(fresh) {
		t.Fatalf("resealed: %v, newest %v", err, both.Newest(fresh))
	}
	if got, err := ring(t, key(2)).Open(fresh, row, "f"); err != nil || string(got) != "value" {
		t.Errorf("opened %q, %v", got, err)
	}
	if again, err := both.Reseal(fresh, row, "f"); err != nil || !bytes.Equal(again, fresh) {
		t.Errorf("the second time: changed %v, %v", !bytes.Equal(again, fresh), err)
	}
	if kept, err := both.Reseal(old, row, "other"); !errors.Is(err, secret.ErrDamaged) || !bytes.Equal(kept, old) {
		t.Errorf("of another field: %v", err)
	}
}

func TestAWrongMasterKeyIsNoticedAtStart(t *testing.T) {
	t.Parallel()
	check := ring(t, key(1)).CheckValue()
	if !ring(t, key(1)).Knows(check) || !ring(t, key(2), key(1)).Knows(check) {
		t.Error("the right key is not known")
	}
	if ring(t, key(2)).Knows(check) {
		t.Error("a wrong key is taken for the right one")
	}
	for _, junk := range [][]byte{nil, {1}, check[:len(check)-1], ring(t, key(1)).Seal([]byte("x"), webhook.UUID{}, "f")} {
		if ring(t, key(1)).Knows(junk) {
			t.Errorf("%x is taken for a check value", junk)
		}
	}
}

func TestKeyringsNeedDistinctKeysOf32Bytes(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][][]byte{
		"no key": nil, "a short key": {key(1)[:31]}, "a long key": {append(key(1), 0)}, "one key twice": {key(1), key(2), key(1)},
	} {
		if _, err := secret.NewKeyring(keys); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestKeysAreReadFromAListAndNeverQuotedInErrors(t *testing.T) {
	t.Parallel()
	one, two := base64.StdEncoding.EncodeToString(key(1)), base64.StdEncoding.EncodeToString(key(2))
	keys, err := secret.ParseKeys(" " + one + " , " + two + "\n")
	if err != nil || len(keys) != 2 || !bytes.Equal(keys[0], key(1)) || !bytes.Equal(keys[1], key(2)) {
		t.Fatalf("%x, %v", keys, err)
	}
	for in, says := range map[string]string{
		"":                      "master key 1 has 0 bytes",
		one + ",":               "master key 2 has 0 bytes",
		one + ",topsecret!!":    "master key 2 is not base64",
		"dG9wc2VjcmV0":          "master key 1 has 9 bytes",
		strings.Repeat("A", 43): "master key 1 is not base64",
	} {
		_, err := secret.ParseKeys(in)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if strings.Contains(err.Error(), "topsecret") || strings.Contains(err.Error(), "dG9w") {
			t.Errorf("the key is quoted: %v", err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	k, err := secret.NewKeyring([][]byte{key(1)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(k.Seal([]byte("a"), webhook.UUID{9}, "f"))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, blob []byte) {
		if _, err := k.Open(blob, row, "f"); err == nil {
			t.Error("foreign bytes were opened")
		}
	})
}

// FuzzParseKeys: what is taken makes a keyring, and no mistake repeats the text.
func FuzzParseKeys(f *testing.F) {
	one := base64.StdEncoding.EncodeToString(key(1))
	for _, seed := range []string{one, one + " , " + one, "topsecret", ",", one[:20]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := secret.ParseKeys(text)
		if err == nil {
			_, err = secret.NewKeyring(keys)
		}
		if err != nil && len(text) > 12 && strings.Contains(err.Error(), text) {
			t.Errorf("the key is quoted: %v", err)
		}
	})
}
