package snippet

import (
	"regexp"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

// maxSample is the longest example that a script carries, bytes.
const maxSample = 4 << 10

// sample is the body that the shell script signs, as shell words that put in
// the event's id and time.
type sample struct {
	Head string
	// Tail is set where the body carries a signature of itself between the two.
	Tail string
	// Timed is when the time of the event is in it.
	Timed bool
}

var (
	sampleID   = webhook.EventID{UUID: webhook.UUID{0xbe, 0x11}}
	sampleTime = time.Date(2026, 1, 24, 10, 30, 0, 0, time.UTC)
	innerSum   = regexp.MustCompile(`,"signature":"sha256=[0-9a-f]{64}"`)
)

// Sample is the body of an event of the endpoint's topic.
func (v view) Sample() sample {
	data := v.endpoint.Example
	if len(data) == 0 || len(data) > maxSample {
		data = []byte("{}")
	}
	event := webhook.Event{ID: sampleID, Topic: v.endpoint.Topic, Data: data, OccurredAt: sampleTime}
	body := string(wire.Body(v.endpoint.Format, v.endpoint.Custom, event, "none"))
	s := sample{Timed: strings.Contains(body, sampleTime.Format("2006-01-02T15:04:05.000Z"))}
	if wire.BodyDependsOnSecret(v.endpoint.Format) {
		at := innerSum.FindStringIndex(body)
		s.Head, s.Tail = word(body[:at[0]]), word(body[at[1]:])
		return s
	}
	s.Head = word(body)
	return s
}

// word quotes a piece of the body with the script's variables in place of the
// sample's id and time.
func word(body string) string {
	return strings.NewReplacer(
		sampleID.String(), `'"$id"'`, sampleTime.Format("2006-01-02T15:04:05.000Z"), `'"$at"'`,
	).Replace(shell(body))
}
