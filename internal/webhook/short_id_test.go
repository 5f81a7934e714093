package webhook_test

import (
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/webhook"
)

func TestAShortenedIDIsReadAsPagesShowIt(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"019bef3c…7a6e21":                 true,
		"019BEF3C…7A6E21":                 true,
		"019bef3c...7a6e21":               true,
		"019b…6e21":                       true,
		"019bef3c-8a40-7c…5b1f0c7a6e21":   true,
		"":                                false,
		"…":                               false,
		written:                           false,
		"019bef3c":                        false,
		"019…7a6e21":                      false,
		"019bef3c…e21":                    false,
		"019bef3g…7a6e21":                 false,
		"019bef3c…7a6é21":                 false,
		"019bef3c…8a40…7a6e21":            false,
		written[:20] + "…" + written[16:]: false,
	} {
		short, ok := webhook.ParseShortID(text)
		if ok != good {
			t.Errorf("%q is read: %t", text, ok)
		}
		id, err := webhook.ParseUUID(written)
		if err != nil || good && !short.Fits(id) {
			t.Errorf("%q does not fit %s", text, written)
		}
	}
}

func TestAShortenedIDBoundsTheIDsThatItFits(t *testing.T) {
	t.Parallel()
	short, _ := webhook.ParseShortID("019bef3c…7a6e21")
	from, to := short.Range()
	if from.String() != "019bef3c-0000-0000-0000-000000000000" || to.String() != "019bef3c-ffff-ffff-ffff-ffffffffffff" {
		t.Errorf("from %s to %s", from, to)
	}
	for _, other := range []string{strings.Replace(written, "3c", "3d", 1), strings.TrimSuffix(written, "1") + "2"} {
		if id, err := webhook.ParseUUID(other); err != nil || short.Fits(id) {
			t.Errorf("it fits %s", other)
		}
	}
}
