package faultlab_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/faultlab"
)

// TestLab_a_short_run_keeps_every_promise_and_misses_nothing kills and stops
// one server on SQLite, and then spoils what was seen: each time the checker
// must notice.
func TestLab_a_short_run_keeps_every_promise_and_misses_nothing(t *testing.T) {
	binary, clean, err := faultlab.Build(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer clean()
	var log strings.Builder
	report, err := faultlab.Run(t.Context(), faultlab.Options{
		Binary: binary, Seed: 7, For: time.Second, Rate: 20, Faults: []string{"kill", "term"}, Dir: t.TempDir(), Log: &log,
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	if report.Err() != nil || report.Accepted < 20 || len(report.Timeline) < 2 {
		report.Print(&log)
		t.Fatal(log.String())
	}
	for rule, spoil := range map[string]func(*faultlab.Evidence){
		"wire/request": (*faultlab.Evidence).ForgetRequest,
		"wire/twice":   (*faultlab.Evidence).RepeatRequest,
		"wire/attempt": (*faultlab.Evidence).ForgetAttempt,
		"lost/event":   (*faultlab.Evidence).ForgetEvent,
		"lost/sending": (*faultlab.Evidence).LeaveSending,
	} {
		rule, what, _ := strings.Cut(rule, "/")
		if broken := report.Judged(spoil); !slices.Contains(broken, rule) {
			t.Errorf("spoiling the %s breaks %v, and not %q", what, broken, rule)
		}
	}
	if broken := report.Judged(func(*faultlab.Evidence) {}); len(broken) > 0 {
		t.Errorf("judged again, unspoiled, it breaks %v", broken)
	}
}

func TestVerify_takes_what_the_specification_signs_and_nothing_else(t *testing.T) {
	t.Parallel()
	key, now, body := []byte("a key of twenty-four bytes"), time.Unix(1769250601, 0), []byte(`{"a":1}`)
	secret, stamp := "whsec_"+base64.StdEncoding.EncodeToString(key), strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("msg_1." + stamp + `.{"a":1}`))
	header := http.Header{}
	header.Set("webhook-id", "msg_1")
	header.Set("webhook-timestamp", stamp)
	header.Set("webhook-signature", "v1,other v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	if wrong := faultlab.Verify(secret, header, body, now); wrong != "" {
		t.Errorf("a good signature: %s", wrong)
	}
	for name, wrong := range map[string]string{
		"another body":   faultlab.Verify(secret, header, []byte(`{"a":2}`), now),
		"another secret": faultlab.Verify("whsec_AAAA", header, body, now),
		"an old one":     faultlab.Verify(secret, header, body, now.Add(time.Minute)),
	} {
		if wrong == "" {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestBites_still_find_what_they_break: the code moves on, and a bite that
// breaks nothing proves nothing. `make faultlab-bites` runs them.
func TestBites_still_find_what_they_break(t *testing.T) {
	t.Parallel()
	for _, bite := range faultlab.Bites() {
		if err := bite.Lay(t.Context(), t.TempDir()); err != nil {
			t.Error(err)
		}
	}
}
