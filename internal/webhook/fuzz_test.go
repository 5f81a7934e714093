package webhook_test

import (
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/webhook"
)

// FuzzIDs: an id that is read is the one that is written, and a shortened one
// fits the id that it was made of.
func FuzzIDs(f *testing.F) {
	for _, seed := range []string{"019bef3c-8a40-7c11-9d2e-5b1f0c7a6e21", "019bef3c…7a6e21", "019B...6e21", "0-1-9bef…7a-6e21", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := webhook.ParseUUID(text); err == nil {
			if id.String() != strings.ToLower(text) {
				t.Errorf("%q is written %s", text, id)
			}
			if short, ok := webhook.ParseShortID(text[:8] + "…" + text[30:]); !ok || !short.Fits(id) {
				t.Errorf("%q does not fit its shortened form", text)
			}
		}
		if short, ok := webhook.ParseShortID(text); ok {
			if from, to := short.Range(); strings.Compare(from.String(), to.String()) > 0 {
				t.Errorf("%q ranges from %s to %s", text, from, to)
			}
		}
	})
}
