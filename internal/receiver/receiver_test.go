package receiver_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/receiver"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// signed is a request as Bellwire sends it, made by package wire, which shares
// no signing code with the receiver.
func signed(t *testing.T, format webhook.FormatName, custom *webhook.CustomFormat) *http.Request {
	t.Helper()
	current := webhook.Secret{Value: secret}
	built, err := wire.Build(wire.Message{
		Event:  webhook.Event{ID: webhook.EventID{UUID: webhook.UUID{1}}, Topic: "product.viewed", Data: []byte(`{"b":1.50,"10":"<é>"}`), OccurredAt: time.Unix(1769250600, 0)},
		Format: format, Custom: custom, Signing: webhook.Signing{Current: &current}, SentAt: time.Unix(1769250601, 0), Attempt: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest("POST", "/hook", bytes.NewReader(built.Body))
	for _, h := range built.Headers {
		request.Header.Set(h.Name, h.Value)
	}
	return request
}

func TestReceiver_takes_every_format_and_refuses_what_was_tampered_with(t *testing.T) {
	t.Parallel()
	stripe := &webhook.CustomFormat{Header: "X-Acme-Signature", Signed: "{t}.{body}", Encoding: "base64", Value: "t={t},v1={signature}", Body: "flat"}
	for _, f := range wire.Formats() {
		var custom *webhook.CustomFormat
		if f.Name == webhook.FormatCustom {
			custom = stripe
		}
		var seen receiver.Seen
		handler := receiver.New(receiver.Options{
			Format: f.Name, Custom: custom, Secret: func() string { return secret }, Saw: func(s receiver.Seen) { seen = s },
		})
		good := httptest.NewRecorder()
		handler.ServeHTTP(good, signed(t, f.Name, custom))
		if good.Code != http.StatusOK || seen.Fault != nil || seen.Attempt != "1" || seen.EventID == "" {
			t.Errorf("%s: a good request was answered %d: %v", f.Name, good.Code, seen.Fault)
		}
		request := signed(t, f.Name, custom)
		if err := receiver.VerifyStandard(secret, request.Header, seen.Body); err != nil {
			t.Errorf("%s: webhook-signature: %v", f.Name, err)
		}
		request.Body = http.NoBody
		bad := httptest.NewRecorder()
		handler.ServeHTTP(bad, request)
		if bad.Code != http.StatusForbidden || seen.Fault == nil {
			t.Errorf("%s: a request without its body was answered %d", f.Name, bad.Code)
		}
		if receiver.Verify(f.Name, custom, secret+"x", signed(t, f.Name, custom).Header, seen.Body) == nil {
			t.Errorf("%s: another secret fits as well", f.Name)
		}
	}
}

func TestSequence_goes_through_the_statuses_and_stays_at_the_last(t *testing.T) {
	t.Parallel()
	answer := receiver.Sequence([]int{500, 503, 200})
	for n, want := range map[int64]int{1: 500, 2: 503, 3: 200, 4: 200, 99: 200} {
		if got, _ := answer(n); got != want {
			t.Errorf("request %d: got %d, want %d", n, got, want)
		}
	}
	if got, _ := receiver.Sequence(nil)(1); got != http.StatusOK {
		t.Errorf("without a list: got %d", got)
	}
}
