package wire

import (
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// envelopeRoom is how many bytes an envelope takes beside data, about.
const envelopeRoom = 320

// Body is what a format sends for an event, byte for byte; secret matters only
// where BodyDependsOnSecret. It is nil for an unknown format and for an event
// whose data is expunged.
func Body(name webhook.FormatName, custom *webhook.CustomFormat, ev webhook.Event, secret string) []byte {
	f, ok := find(name, custom)
	if !ok || ev.Data == nil {
		return nil
	}
	return f.body(ev, secret)
}

func (f *format) body(ev webhook.Event, secret string) []byte {
	dst := make([]byte, 0, len(ev.Data)+envelopeRoom)
	if f.seal != nil {
		return f.seal(dst, ev, secret)
	}
	return f.envelope(dst, ev)
}

// appendText appends a quoted string after a literal piece.
func appendText(dst []byte, piece, text string) []byte {
	return rawjson.AppendQuote(append(dst, piece...), text)
}

// appendTime appends when the event occurred after a literal piece.
func appendTime(dst []byte, piece string, at time.Time) []byte {
	dst = append(append(dst, piece...), '"')
	dst = at.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
	return append(dst, '"')
}

// appendID appends the event's id after a literal piece.
func appendID(dst []byte, piece string, id webhook.EventID) []byte {
	dst = append(append(dst, piece...), '"')
	dst = append(dst, id.String()...)
	return append(dst, '"')
}

func standardEnvelope(dst []byte, ev webhook.Event) []byte {
	dst = appendText(dst, `{"type":`, ev.Topic)
	dst = appendTime(dst, `,"timestamp":`, ev.OccurredAt)
	return closeWith(dst, `,"data":`, ev.Data)
}

func plainEnvelope(dst []byte, ev webhook.Event) []byte {
	dst = appendID(dst, `{"id":`, ev.ID)
	dst = appendText(dst, `,"type":`, ev.Topic)
	dst = appendTime(dst, `,"timestamp":`, ev.OccurredAt)
	return closeWith(dst, `,"data":`, ev.Data)
}

func closeWith(dst []byte, piece string, data []byte) []byte {
	return append(append(append(dst, piece...), data...), '}')
}

// flatEnvelope lays the members of data beside its own; a member named like
// one of these is left out.
func flatEnvelope(dst []byte, ev webhook.Event) []byte {
	dst = appendID(dst, `{"eventId":`, ev.ID)
	dst = appendText(dst, `,"eventType":`, ev.Topic)
	dst = appendTime(dst, `,"timestamp":`, ev.OccurredAt)
	for key, value := range rawjson.All(ev.Data) {
		if inFlatEnvelope(key) {
			continue
		}
		dst = appendMember(dst, key, value)
	}
	return append(dst, '}')
}

func inFlatEnvelope(key []byte) bool {
	return rawjson.NameIs(key, "eventId") || rawjson.NameIs(key, "eventType") || rawjson.NameIs(key, "timestamp")
}

// LeftOut lists the members of an event's data that the format's envelope
// hides, for previews to name.
func LeftOut(name webhook.FormatName, custom *webhook.CustomFormat, data []byte) []string {
	if name != webhook.FormatAbba && (name != webhook.FormatCustom || custom == nil || custom.Body != "flat") {
		return nil
	}
	var hidden []string
	for key := range rawjson.All(data) {
		if inFlatEnvelope(key) {
			text, _ := rawjson.Text(key)
			hidden = append(hidden, text)
		}
	}
	return hidden
}

func appendMember(dst, key, value []byte) []byte {
	dst = append(append(dst, ','), key...)
	return append(append(dst, ':'), value...)
}

// lifted are the members of a prompt's data that format abv writes before the
// prompt instead of in it.
var lifted = [...]string{"changeId", "previous", "actor"}

func abvEnvelope(dst []byte, ev webhook.Event) []byte {
	kind := ev.Topic
	if webhook.IsPromptTopic(ev.Topic) {
		kind = "prompt-version"
	}
	dst = appendID(dst, `{"id":`, ev.ID)
	dst = appendTime(dst, `,"timestamp":`, ev.OccurredAt)
	dst = appendText(dst, `,"type":`, kind)
	dst = appendText(dst, `,"apiVersion":"v1","action":`, ev.Topic[strings.LastIndexByte(ev.Topic, '.')+1:])
	if !webhook.IsPromptTopic(ev.Topic) {
		return closeWith(dst, `,"data":`, ev.Data)
	}
	return appendPrompt(dst, ev.Data)
}

func appendPrompt(dst, data []byte) []byte {
	for _, name := range lifted {
		for key, value := range rawjson.All(data) {
			if rawjson.NameIs(key, name) {
				dst = appendMember(dst, key, value)
			}
		}
	}
	dst = append(dst, `,"prompt":{`...)
	open := len(dst)
	for key, value := range rawjson.All(data) {
		if rawjson.NameIs(key, lifted[0]) || rawjson.NameIs(key, lifted[1]) || rawjson.NameIs(key, lifted[2]) {
			continue
		}
		if len(dst) == open {
			dst = append(append(append(dst, key...), ':'), value...)
			continue
		}
		dst = appendMember(dst, key, value)
	}
	return append(dst, "}}"...)
}

// aiCommerceEnvelope is a fixed point of JavaScript's JSON, and carries the
// signature of itself without that member.
func aiCommerceEnvelope(dst []byte, ev webhook.Event, secret string) []byte {
	dst = appendText(dst, `{"event":`, ev.Topic)
	dst = appendTime(dst, `,"timestamp":`, ev.OccurredAt)
	head := len(dst)
	dst = append(dst, `,"data":`...)
	dst = append(rawjson.AppendJavaScript(dst, ev.Data), '}')
	sum := sumOf([]byte(secret), dst)
	member := appendEncoded(append(make([]byte, 0, 96), `,"signature":"sha256=`...), inHex, sum)
	member = append(member, '"')
	dst = append(dst, member...) // room for the shift
	copy(dst[head+len(member):], dst[head:])
	copy(dst[head:], member)
	return dst
}
