package webhook_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

const written = "019bef3c-8a40-7c11-9d2e-5b1f0c7a6e21"

func TestAnIDIsReadInItsCanonicalFormOnly(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		written:                                true,
		strings.ToUpper(written):               true,
		"00000000-0000-0000-0000-000000000000": true,
		"":                                     false,
		written[:35]:                           false,
		written + "1":                          false,
		strings.ReplaceAll(written, "-", ""):   false,
		"{" + written[:34] + "}":               false,
		"019bef3c-8a40-7c11-9d2e-5b1f0c7a6e2g": false,
		"019bef3c-8a40-7c11-9d2e-5b1f0c7a6e2 ": false,
		"019bef3c8-a40-7c11-9d2e-5b1f0c7a6e21": false,
		"019bef3c-8a407-c11-9d2e-5b1f0c7a6e21": false,
		"019bef3c-8a40-7c119-d2e-5b1f0c7a6e21": false,
		"019bef3c-8a40-7c11-9d2e5-b1f0c7a6e21": false,
		"019bef3c-8a40-7c11-9d2e_5b1f0c7a6e21": false,
	} {
		id, err := webhook.ParseUUID(text)
		switch {
		case good && (err != nil || id.String() != strings.ToLower(text)):
			t.Errorf("%q is read as %s, %v", text, id, err)
		case !good && (webhook.KindOf(err) != webhook.KindInvalid || !id.IsZero()):
			t.Errorf("%q is read as %s, %v; want Invalid", text, id, err)
		}
	}
}

func TestAnIDTellsWhenItWasMade(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{
		time.UnixMilli(0),
		time.UnixMilli(1),
		time.Date(2026, 1, 24, 10, 30, 0, 123_999_999, time.FixedZone("", 3600)),
		time.UnixMilli(1<<48 - 1),
	} {
		random := [10]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255}
		id := webhook.MakeUUID(at, random)
		if got, want := id.Time(), at.UTC().Truncate(time.Millisecond); !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("made at %s, tells %s", want, got)
		}
		if id[6]>>4 != 7 || id[8]>>6 != 2 {
			t.Errorf("%s is not of version 7", id)
		}
		floor := webhook.FloorUUID(at)
		lowest, before := webhook.MakeUUID(at, [10]byte{}), webhook.MakeUUID(at.Add(-time.Millisecond), random)
		if bytes.Compare(floor[:], lowest[:]) > 0 || at.UnixMilli() > 0 && bytes.Compare(floor[:], before[:]) <= 0 {
			t.Errorf("the floor %s does not lie between %s and %s", floor, before, lowest)
		}
		if !floor.Time().Equal(id.Time()) {
			t.Errorf("the floor tells %s", floor.Time())
		}
	}
}

func TestIDsSortByTheTimeTheyWereMade(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 24, 10, 30, 0, 0, time.UTC)
	last := webhook.UUID{}
	for _, after := range []time.Duration{0, time.Millisecond, time.Second, time.Hour, 24 * time.Hour, 1e4 * time.Hour} {
		id := webhook.MakeUUID(at.Add(after), [10]byte{byte(after % 251)})
		if bytes.Compare(last[:], id[:]) >= 0 || last.String() >= id.String() {
			t.Errorf("%s after %s", id, last)
		}
		last = id
	}
}

func TestOnlyTheZeroIDIsZero(t *testing.T) {
	t.Parallel()
	if !(webhook.EventID{}).IsZero() || (webhook.UUID{15: 1}).IsZero() || (webhook.UUID{1}).IsZero() {
		t.Error("the zero id is another")
	}
}
