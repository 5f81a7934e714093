package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
	"github.com/bellwire/bellwire/views/endpoints"
)

// posted is a request with a form, as a handler gets it.
func posted(form url.Values) *gin.Context {
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form.Encode()))
	c.Request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c
}

func TestRotationOf_reads_time_and_grace(t *testing.T) {
	t.Parallel()
	r, err := rotationOf(posted(url.Values{"switchAt": {"2026-11-22T10:30"}, "graceHours": {"72"}}))
	if err != nil || !r.SwitchAt.Equal(time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)) || *r.Grace != 72*time.Hour {
		t.Errorf("got %+v, %v", r, err)
	}
	r, err = rotationOf(posted(nil))
	if err != nil || !r.SwitchAt.IsZero() || r.Grace != nil {
		t.Errorf("nothing chosen: %+v, %v", r, err)
	}
	r, err = rotationOf(posted(url.Values{"graceHours": {"0"}}))
	if err != nil || r.Grace == nil || *r.Grace != 0 {
		t.Errorf("no grace is a choice too: %+v, %v", r, err)
	}
	for name, form := range map[string]url.Values{"switchAt": {"switchAt": {"tomorrow"}}, "graceHours": {"graceHours": {"a day"}}} {
		_, err := rotationOf(posted(form))
		if wrong, ok := mistakes(err); !ok || wrong[name] == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPresentSecret_says_what_receivers_see_at_each_step(t *testing.T) {
	t.Parallel()
	at := func(active time.Time) *webhook.Secret { return &webhook.Secret{ActiveFrom: active} }
	current, next := at(noon.Add(-time.Hour)), at(noon.Add(time.Hour))
	previous := &webhook.Secret{ActiveFrom: noon.Add(-48 * time.Hour), ExpiresAt: noon.Add(23 * time.Hour)}
	steps := map[string]struct {
		signing      webhook.Signing
		step         endpoints.RotationStep
		suffix, list string
	}{
		"no rotation": {webhook.Signing{Current: current}, endpoints.NoRotation, "", "current secret"},
		"next made":   {webhook.Signing{Current: current, Next: next}, endpoints.NextMade, "-Next", "current and next secrets"},
		"in grace":    {webhook.Signing{Current: current, Previous: previous}, endpoints.Grace, "-Previous", "current and previous secrets"},
	}
	for name, c := range steps {
		for _, format := range wire.Formats() {
			e := webhook.Endpoint{Settings: webhook.Settings{Format: format.Name}}
			header := format.SignatureHeader
			if format.Name == webhook.FormatCustom {
				e.Custom, header = &webhook.CustomFormat{Header: "X-Sig", Signed: "body", Encoding: "hex", Value: "{signature}", Body: "plain"}, "X-Sig"
			}
			s := presentSecret(e, c.signing, noon)
			if (c.step == endpoints.NoRotation) != (s.OldEnds == "") {
				t.Errorf("%s, %s: the old secret ends %q", name, format.Name, s.OldEnds)
			}
			var lines []string
			for _, line := range s.Sent {
				lines = append(lines, line.Header+"="+line.Signer)
			}
			want := []string{header + "=current secret"}
			if c.suffix != "" {
				want = append(want, header+c.suffix+"="+strings.ToLower(c.suffix[1:])+" secret")
			}
			want = append(want, "webhook-signature="+c.list)
			if format.Name == webhook.FormatStandard {
				want = []string{"webhook-signature=" + c.list}
			}
			if s.Step != c.step || s.Header != header || strings.Join(lines, "; ") != strings.Join(want, "; ") {
				t.Errorf("%s, %s: step %d, header %s\ngot  %q\nwant %q", name, format.Name, s.Step, s.Header, lines, want)
			}
			if s.Since.Text != "1 h ago" || s.SwitchAt.Zero() != (c.step != endpoints.NextMade) || s.GraceEnds.Zero() != (c.step != endpoints.Grace) {
				t.Errorf("%s, %s: since %v, switch %v, grace %v", name, format.Name, s.Since, s.SwitchAt, s.GraceEnds)
			}
		}
	}
}

func TestPresentSecret_never_holds_a_value(t *testing.T) {
	t.Parallel()
	s := presentSecret(webhook.Endpoint{}, webhook.Signing{Current: &webhook.Secret{Value: "whsec_real"}, Next: &webhook.Secret{Value: "whsec_next"}}, noon)
	if s.Masked != maskedSecret || s.MaskedNext != maskedSecret || s.Revealed != "" || s.RevealedNext != "" {
		t.Errorf("got %+v", s)
	}
	if !s.SwitchAt.Zero() {
		t.Error("a next secret without a date has a time to switch")
	}
}

func TestOfferRotation_offers_what_can_be_done_at_each_step(t *testing.T) {
	t.Parallel()
	for step, want := range map[endpoints.RotationStep]string{
		endpoints.NoRotation: "reveal rotate compromised", endpoints.NextMade: "reveal switch undo compromised", endpoints.Grace: "reveal undo compromised",
	} {
		s := &endpoints.Secret{Step: step}
		offerRotation(s, webhook.Endpoint{}, 0)
		var acts []string
		for _, address := range []string{s.RevealURL, s.RotateURL, s.SwitchURL, s.UndoURL, s.Compromised.URL} {
			if address != "" {
				acts = append(acts, address[strings.LastIndex(address, "/")+1:])
			}
		}
		if got := strings.Join(acts, " "); got != want {
			t.Errorf("step %d: %s", step, got)
		}
	}
}

func TestReceivers_follow_from_which_secret_signs_which_header(t *testing.T) {
	t.Parallel()
	for format, want := range map[webhook.FormatName]string{
		webhook.FormatStandard: "✓✓✓✓ ✓✓✓✕ ✕✓✓✓", webhook.FormatAbba: "✓✓✓✓ ✓✓✕✕ ✓✓✓✕ ✕✕✓✓ ✕✓✓✓",
	} {
		var rows []string
		for _, r := range receivers(format, "X") {
			row := ""
			for _, yes := range r.Accepts {
				row += map[bool]string{true: "✓", false: "✕"}[yes]
			}
			rows = append(rows, row)
		}
		if got := strings.Join(rows, " "); got != want {
			t.Errorf("%s: %s, want %s", format, got, want)
		}
	}
}

func TestCompromisedWords_count_what_will_be_refused(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "it refuses what is sent; refused", 1: "the delivery that waits now too", 214: "the 214 that wait now too", 5000: "the 1,000+ that wait"} {
		if got := compromisedWords(endpoints.NoRotation, n); !strings.Contains(got, want) || !strings.Contains(got, "a new one is made") {
			t.Errorf("%d: %s", n, got)
		}
	}
	if got := compromisedWords(endpoints.NextMade, 0); !strings.Contains(got, "the next one signs from now on") {
		t.Errorf("with a next secret: %s", got)
	}
}
