package wire

import (
	"strconv"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// Message is one attempt to be put on the wire.
type Message struct {
	Event  webhook.Event
	Format webhook.FormatName
	// Custom is needed for format "custom" only.
	Custom *webhook.CustomFormat
	// Signing holds opened secrets; without a current one nothing is built.
	Signing webhook.Signing
	// SentAt is the time in the signatures, fresh for every attempt.
	SentAt     time.Time
	DeliveryID webhook.DeliveryID
	AttemptID  webhook.AttemptID
	// Attempt counts from 1.
	Attempt int
	// Headers are the endpoint's own, secret ones opened.
	Headers []webhook.Header
	Version string
	// UseNext signs a test as if the next secret were current already, and
	// with no other, so that a 2xx proves that the receiver knows it.
	UseNext bool
	// Body, if set, is what Body answered for this event, format and signing
	// secret before; it is sent instead of being built again.
	Body []byte
}

// Built is a request but for its URL. Headers stand in the order to send,
// without Content-Length.
type Built struct {
	Headers []webhook.HeaderLine
	Body    []byte
	// SecretID is the secret of the main signature.
	SecretID webhook.SecretID
}

// Build makes the request of one attempt. It fails rather than leave a request
// unsigned.
func Build(m Message) (Built, error) {
	f, ok := find(m.Format, m.Custom)
	if !ok {
		return Built{}, webhook.Invalid("format", "%q is not known", m.Format)
	}
	if m.Event.Data == nil {
		return Built{}, webhook.Conflict("the event's payload was expunged")
	}
	keys, err := m.secrets()
	if err != nil {
		return Built{}, err
	}
	body := m.Body
	if body == nil {
		body = f.body(m.Event, keys.Current.Value)
	}
	return Built{Headers: m.headers(&f, keys, body), Body: body, SecretID: keys.Current.ID}, nil
}

// secrets are those that sign this message, each of them readable.
func (m *Message) secrets() (webhook.Signing, error) {
	keys := m.Signing
	if m.UseNext {
		if keys.Next == nil {
			return keys, webhook.Conflict("no next secret is prepared")
		}
		keys = webhook.Signing{Current: keys.Next}
	}
	if keys.Current == nil || keys.Current.Value == "" {
		return keys, webhook.Conflict("the signing secret can't be read; nothing is sent unsigned")
	}
	if keys.Next != nil && keys.Next.Value == "" {
		return keys, webhook.Conflict("the next signing secret can't be read")
	}
	if keys.Previous != nil && keys.Previous.Value == "" {
		return keys, webhook.Conflict("the previous signing secret can't be read")
	}
	return keys, nil
}

func (m *Message) headers(f *format, keys webhook.Signing, body []byte) []webhook.HeaderLine {
	s := newStamp(m.Event.ID, m.SentAt)
	lines := make([]webhook.HeaderLine, 0, 16+len(m.Headers))
	add := func(name, value string) { lines = append(lines, webhook.HeaderLine{Name: name, Value: value}) }
	add("Content-Type", "application/json")
	agent := f.agent
	if agent == "" {
		agent = "Bellwire/" + m.Version
	}
	add("User-Agent", agent)
	if f.header != standardHeader {
		add(f.header, f.sign(keys.Current.Value, s, body))
		if keys.Next != nil {
			add(f.header+"-Next", f.sign(keys.Next.Value, s, body))
		}
		if keys.Previous != nil {
			add(f.header+"-Previous", f.sign(keys.Previous.Value, s, body))
		}
	}
	for _, name := range f.eventID {
		add(name, s.id)
	}
	if f.topic != "" {
		add(f.topic, m.Event.Topic)
	}
	add("webhook-id", s.id)
	add("webhook-timestamp", s.t)
	add(standardHeader, standardList(keys, s, body))
	add("X-Bellwire-Delivery-Id", m.DeliveryID.String())
	add("X-Bellwire-Attempt-Id", m.AttemptID.String())
	add("X-Bellwire-Attempt", strconv.Itoa(m.Attempt))
	// A receiver that passes this on when it publishes tells us how often the
	// event has come round, hence one more than the event had.
	add("X-Bellwire-Hop", strconv.Itoa(m.Event.Hop+1))
	for _, h := range m.Headers {
		add(h.Name, h.Value)
	}
	return lines
}

// standardList signs with every secret that a receiver may hold, the current
// one first.
func standardList(keys webhook.Signing, s stamp, body []byte) string {
	list := standardSign(keys.Current.Value, s, body)
	if keys.Next != nil {
		list += " " + standardSign(keys.Next.Value, s, body)
	}
	if keys.Previous != nil {
		list += " " + standardSign(keys.Previous.Value, s, body)
	}
	return list
}
