package wire_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

const (
	firstSecret  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	secondSecret = "whsec_9sZ0Yp1mQv7dJ3kX5tB2hL8cRw4eUoNa"
)

func message(format webhook.FormatName) wire.Message {
	return wire.Message{
		Event: webhook.Event{
			ID: webhook.EventID{UUID: webhook.UUID{1}}, Topic: "product.updated", Data: []byte(`{"id":1}`),
			OccurredAt: time.Date(2026, 1, 24, 10, 30, 0, 123_999_999, time.FixedZone("", 3600)), Hop: 2,
		},
		Format: format, SentAt: time.Unix(1769250601, 0), Version: "9",
		DeliveryID: webhook.DeliveryID{UUID: webhook.UUID{2}}, AttemptID: webhook.AttemptID{UUID: webhook.UUID{3}}, Attempt: 4,
		Signing: webhook.Signing{Current: opened(1, firstSecret)},
	}
}

func build(t *testing.T, m wire.Message) (wire.Built, map[string]string) {
	t.Helper()
	built, err := wire.Build(m)
	if err != nil {
		t.Fatal(err)
	}
	return built, headerMap(t, built.Headers)
}

func TestHeadersStandInTheOrderOfTheSpecificationWithTheEndpointsLast(t *testing.T) {
	t.Parallel()
	m := message(webhook.FormatHub)
	m.Signing.Next, m.Signing.Previous = opened(2, secondSecret), opened(3, "an-older-secret-of-mine")
	m.Headers = []webhook.Header{{Name: "X-Token", Value: "a"}, {Name: "X-Other", Value: "b", Secret: true}}
	built, values := build(t, m)
	var names []string
	for _, line := range built.Headers {
		names = append(names, line.Name)
	}
	want := "Content-Type User-Agent X-Hub-Signature-256 X-Hub-Signature-256-Next X-Hub-Signature-256-Previous " +
		"X-Webhook-Id X-GitHub-Delivery X-GitHub-Event webhook-id webhook-timestamp webhook-signature " +
		"X-Bellwire-Delivery-Id X-Bellwire-Attempt-Id X-Bellwire-Attempt X-Bellwire-Hop X-Token X-Other"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("order\n got %s\nwant %s", got, want)
	}
	for name, want := range map[string]string{
		"User-Agent": "Bellwire/9", "X-GitHub-Event": "product.updated", "X-Bellwire-Attempt": "4",
		"X-Bellwire-Delivery-Id": "02000000-0000-0000-0000-000000000000",
		"X-Bellwire-Attempt-Id":  "03000000-0000-0000-0000-000000000000",
		"X-Bellwire-Hop":         "3", "X-Token": "a", "X-Other": "b",
	} {
		if values[name] != want {
			t.Errorf("%s is %q, want %q", name, values[name], want)
		}
	}
	if list := strings.Fields(values["webhook-signature"]); len(list) != 3 {
		t.Errorf("webhook-signature lists %d signatures", len(list))
	}
}

func TestTheBodysTimeIsUTCWithMilliseconds(t *testing.T) {
	t.Parallel()
	built, _ := build(t, message(webhook.FormatStandard))
	if !strings.Contains(string(built.Body), `"timestamp":"2026-01-24T09:30:00.123Z"`) {
		t.Errorf("body %s", built.Body)
	}
}

func TestNothingIsBuiltUnsigned(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*wire.Message){
		"no secret":                      func(m *wire.Message) { m.Signing.Current = nil },
		"a current secret not opened":    func(m *wire.Message) { m.Signing.Current = opened(1, "") },
		"a next secret not opened":       func(m *wire.Message) { m.Signing.Next = opened(2, "") },
		"a previous secret not opened":   func(m *wire.Message) { m.Signing.Previous = opened(2, "") },
		"a test with next but none made": func(m *wire.Message) { m.UseNext = true },
		"an expunged payload":            func(m *wire.Message) { m.Event.Data = nil },
		"an unknown format":              func(m *wire.Message) { m.Format = "mystery" },
		"a custom format not described":  func(m *wire.Message) { m.Format = webhook.FormatCustom },
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := message(webhook.FormatAbba)
			spoil(&m)
			if built, err := wire.Build(m); err == nil || built.Body != nil || built.Headers != nil {
				t.Errorf("built %v, error %v", built, err)
			}
		})
	}
}

func TestATestWithTheNextSecretProvesThatSecretAlone(t *testing.T) {
	t.Parallel()
	for _, info := range wire.Formats() {
		if info.Name == webhook.FormatCustom {
			continue
		}
		m := message(info.Name)
		m.Signing.Next = opened(2, secondSecret)
		m.UseNext = true
		built, values := build(t, m)
		get := func(name string) string { return values[name] }
		if err := wire.Verify(info.Name, nil, secondSecret, get, built.Body); err != nil {
			t.Errorf("%s: the next secret is refused: %v", info.Name, err)
		}
		if err := wire.Verify(info.Name, nil, firstSecret, get, built.Body); err == nil {
			t.Errorf("%s: the current secret is accepted too", info.Name)
		}
		if built.SecretID != m.Signing.Next.ID {
			t.Errorf("%s: the secret's id is the current one's", info.Name)
		}
		if values[info.SignatureHeader+"-Next"] != "" {
			t.Errorf("%s: a -Next header is sent", info.Name)
		}
	}
}

func TestABodyMadeBeforeIsSentAsItIs(t *testing.T) {
	t.Parallel()
	m := message(webhook.FormatAbba)
	m.Body = []byte(`{"made":"before"}`)
	built, values := build(t, m)
	if &built.Body[0] != &m.Body[0] {
		t.Error("the body was copied or rebuilt")
	}
	get := func(name string) string { return values[name] }
	if err := wire.Verify(m.Format, nil, firstSecret, get, m.Body); err != nil {
		t.Error(err)
	}
}

func TestOnlyAICommercesBodyDependsOnTheSecret(t *testing.T) {
	t.Parallel()
	for _, info := range wire.Formats() {
		custom := &webhook.CustomFormat{Header: "X-S", Signed: "body", Encoding: "hex", Value: "{signature}", Body: "flat"}
		ev := message(info.Name).Event
		differs := string(wire.Body(info.Name, custom, ev, firstSecret)) != string(wire.Body(info.Name, custom, ev, secondSecret))
		if differs != wire.BodyDependsOnSecret(info.Name) || differs != (info.Name == webhook.FormatAICommerce) {
			t.Errorf("%s: differs %v, told %v", info.Name, differs, wire.BodyDependsOnSecret(info.Name))
		}
	}
}

func TestAICommercesBodyIsAFixedPointOfJavaScript(t *testing.T) {
	t.Parallel()
	ev := message(webhook.FormatAICommerce).Event
	ev.Data = []byte(`{"b":1.0,"7":[1e400,-0.0],"a":"\/\u00E9"}`)
	body := wire.Body(webhook.FormatAICommerce, nil, ev, firstSecret)
	if again := rawjson.JavaScript(body); string(again) != string(body) {
		t.Errorf("body  %s\nagain %s", body, again)
	}
}

func TestBodiesOfUnusualData(t *testing.T) {
	t.Parallel()
	flat := &webhook.CustomFormat{Header: "X-S", Signed: "body", Encoding: "hex", Value: "{signature}", Body: "flat"}
	const id = "01000000-0000-0000-0000-000000000000"
	const at = "2026-01-24T09:30:00.123Z"
	cases := []struct {
		name   string
		format webhook.FormatName
		custom *webhook.CustomFormat
		topic  string
		data   string
		want   string
	}{
		{
			"flat with empty data", webhook.FormatAbba, nil, "a.b", `{}`,
			`{"eventId":"` + id + `","eventType":"a.b","timestamp":"` + at + `"}`,
		},
		{
			"flat leaves out members that hide behind the envelope, however spelt", webhook.FormatCustom, flat, "a.b",
			`{"eventId":1,"x":{"eventId":2},"event\u0054ype":"\"","timestamp":[]}`,
			`{"eventId":"` + id + `","eventType":"a.b","timestamp":"` + at + `","x":{"eventId":2}}`,
		},
		{
			"abv with nothing but lifted members", webhook.FormatAbv, nil, "prompt.deleted",
			`{"actor":null,"change\u0049d":"c"}`,
			`{"id":"` + id + `","timestamp":"` + at + `","type":"prompt-version","apiVersion":"v1","action":"deleted",` +
				`"change\u0049d":"c","actor":null,"prompt":{}}`,
		},
		{
			"abv for a topic without a dot", webhook.FormatAbv, nil, "ping", `{"actor":1}`,
			`{"id":"` + id + `","timestamp":"` + at + `","type":"ping","apiVersion":"v1","action":"ping","data":{"actor":1}}`,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ev := message(c.format).Event
			ev.Topic, ev.Data = c.topic, []byte(c.data)
			if got := wire.Body(c.format, c.custom, ev, ""); string(got) != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAnExpungedOrUnknownBodyIsNil(t *testing.T) {
	t.Parallel()
	ev := message(webhook.FormatAbba).Event
	if wire.Body("mystery", nil, ev, "") != nil {
		t.Error("an unknown format has a body")
	}
	ev.Data = nil
	if wire.Body(webhook.FormatAbba, nil, ev, "") != nil {
		t.Error("an expunged event has a body")
	}
}

func TestHiddenMembersAreNamed(t *testing.T) {
	t.Parallel()
	data := []byte(`{"timestamp":1,"a":2,"eventId":3}`)
	if got := wire.LeftOut(webhook.FormatAbba, nil, data); strings.Join(got, ",") != "timestamp,eventId" {
		t.Errorf("abba hides %v", got)
	}
	if got := wire.LeftOut(webhook.FormatPlain, nil, data); got != nil {
		t.Errorf("plain hides %v", got)
	}
}

func TestFormatsAreToldWithTheirSignature(t *testing.T) {
	t.Parallel()
	names := make(map[webhook.FormatName]wire.Info)
	for _, info := range wire.Formats() {
		if info.Title == "" || info.Description == "" {
			t.Errorf("%s has no title or description", info.Name)
		}
		names[info.Name] = info
	}
	for _, name := range []webhook.FormatName{
		webhook.FormatAbba, webhook.FormatAbv, webhook.FormatAICommerce, webhook.FormatStandard,
		webhook.FormatPlain, webhook.FormatHub, webhook.FormatCustom,
	} {
		if _, ok := names[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if abv := names[webhook.FormatAbv]; abv.Value != "t={t},s={signature}" || abv.Signed != "{t}.{body}" {
		t.Errorf("abv is told as %+v", abv)
	}
}
