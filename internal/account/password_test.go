package account_test

import (
	"context"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestAPasswordFitsItsHashAndNoOther(t *testing.T) {
	t.Parallel()
	hash, err := account.HashPassword(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %q has other costs", hash)
	}
	for password, want := range map[string]bool{"correct horse": true, "correct horsf": false, "": false, "correct horse ": false} {
		got, err := account.CheckPassword(t.Context(), hash, password)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", password, got, err, want)
		}
	}
	again, err := account.HashPassword(t.Context(), "correct horse")
	if err != nil || again == hash {
		t.Errorf("two hashes of one password are equal (%v)", err)
	}
}

func TestNoPasswordFitsWhereNoneIsSet(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"", "anything"} {
		if ok, err := account.CheckPassword(t.Context(), "", password); ok || err != nil {
			t.Errorf("%q: %v, %v", password, ok, err)
		}
	}
}

func TestABrokenHashIsAnErrorNotARefusal(t *testing.T) {
	t.Parallel()
	for _, hash := range []string{
		"plain",
		"$2a$10$abcdefghijklmnopqrstuv",
		"$argon2id$v=18$m=19456,t=2,p=1$AAAA$AAAA",
		"$argon2id$v=19$m=19456,t=0,p=1$AAAA$AAAA",
		"$argon2id$v=19$m=19456,t=2,p=1$!$AAAA",
		"$argon2id$v=19$m=19456,t=2,p=1$AAAA$!",
	} {
		if ok, err := account.CheckPassword(t.Context(), hash, "x"); ok || err == nil {
			t.Errorf("%q: %v, %v; want an error", hash, ok, err)
		}
	}
}

func TestHashingGivesUpWithItsCaller(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// Both slots may be free, and then the hash is made: one refusal among many
	// tries shows that a caller who left does not wait.
	for range 200 {
		if _, err := account.HashPassword(ctx, "correct horse"); err != nil {
			return
		}
	}
	t.Error("a caller who left was never let go")
}

func TestWeakPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"correct horse":          true,
		"пароль-пароль":          true,
		"short":                  false,
		"пароль":                 false,
		"password":               false,
		"PassWord":               false,
		"ada@example.com":        false,
		"bad\xffutf8":            false,
		strings.Repeat("a", 256): true,
		strings.Repeat("a", 257): false,
	}
	for password, want := range tests {
		err := account.CheckNewPassword(password, "Ada@example.com")
		if (err == nil) != want {
			t.Errorf("%.20q: %v", password, err)
		}
		if err != nil && webhook.KindOf(err) != webhook.KindInvalid {
			t.Errorf("%.20q: kind %v", password, webhook.KindOf(err))
		}
	}
}

func TestAPasswordLongerThanAnyIsNotHashed(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 257)
	hash, err := account.HashPassword(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := account.CheckPassword(t.Context(), hash, long); ok || err != nil {
		t.Errorf("%v, %v; want it refused without a look", ok, err)
	}
}

func TestACrowdAtTheDoorIsSentAwayNotQueuedForEver(t *testing.T) {
	// Not parallel: it fills the queue that other tests hash in.
	ctx, cancel := context.WithCancel(t.Context())
	const crowd = 400
	refused := make(chan error, crowd)
	for range crowd {
		go func() {
			_, err := account.CheckPassword(ctx, "", "guess")
			refused <- err
		}()
	}
	limited := 0
	for range crowd {
		if webhook.KindOf(<-refused) == webhook.KindLimited {
			limited++
			cancel() // those in the queue go home: the test has seen enough
		}
	}
	cancel()
	if limited == 0 {
		t.Error("four hundred waited for two places")
	}
}
