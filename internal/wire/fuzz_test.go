package wire_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

// FuzzFormats: whatever an event says and however an endpoint signs, what is
// built is a request of one JSON document and whole header lines that its
// receiver's check takes, by that secret only.
func FuzzFormats(f *testing.F) {
	f.Add(`{"id":1,"name":"a"}`, "product.updated", firstSecret, "X-Sign", "v={t},{signature}", "flat", uint8(0))
	f.Add(`{"eventId":1,"eventType":2,"\u0074imestamp":3,"n":1e21}`, "prompt.created", "sixteen characters", "X-A", "{signature}", "data", uint8(1))
	f.Add(`{"prompt":{"name":"\ud800"},"10":1,"9":[]}`, "", "whsec_", "X-A\r\n", "{signature}{signature}", "", uint8(7))
	signed, encodings := []string{"body", "{t}.{body}", "{id}.{t}.{body}"}, []string{"hex", "base64"}
	f.Fuzz(func(t *testing.T, data, topic, secret, header, value, body string, choice uint8) {
		checked, err := rawjson.Check([]byte(data))
		if err != nil || checked[0] != '{' || !webhook.ValidTopicName(topic) || webhook.CheckSecret(secret) != nil {
			return
		}
		custom := &webhook.CustomFormat{Header: header, Value: value, Body: body, Signed: signed[int(choice)%3], Encoding: encodings[int(choice/3)%2]}
		for _, format := range wire.Formats() {
			m := message(format.Name)
			m.Event.Topic, m.Event.Data, m.Signing.Current = topic, checked, opened(1, secret)
			if format.Name == webhook.FormatCustom {
				if wire.CheckCustom(custom) != nil {
					continue
				}
				m.Custom = custom
			}
			sendable(t, m, secret)
		}
	})
}

func sendable(t *testing.T, m wire.Message, secret string) {
	t.Helper()
	built, err := wire.Build(m)
	if err != nil || !json.Valid(built.Body) {
		t.Fatalf("%s: %v, %s", m.Format, err, built.Body)
	}
	got := map[string]string{}
	for _, line := range built.Headers {
		if strings.ContainsAny(line.Name+line.Value, "\r\n\x00") {
			t.Errorf("%s: the header line %q", m.Format, line)
		}
		got[line.Name] = line.Value
	}
	get := func(name string) string { return got[name] }
	if err := wire.Verify(m.Format, m.Custom, secret, get, built.Body); err != nil {
		t.Errorf("%s: its own check refuses it: %v\n%s", m.Format, err, built.Body)
	}
	if wire.Verify(m.Format, m.Custom, secret+"x", get, built.Body) == nil {
		t.Errorf("%s: another secret's check takes it", m.Format)
	}
}

// FuzzVerify: no request that nobody signed is taken, and none is too odd to
// be judged.
func FuzzVerify(f *testing.F) {
	f.Add("v1,abc v1,def", "1", "2", []byte(`{}`), uint8(0))
	f.Add("sha256=00", "", "", []byte("\xff"), uint8(3))
	formats := wire.Formats()
	f.Fuzz(func(t *testing.T, signature, id, at string, body []byte, which uint8) {
		name := formats[int(which)%len(formats)].Name
		get := func(header string) string {
			return map[string]string{"webhook-id": id, "webhook-timestamp": at, wire.SignatureHeader(name, nil): signature}[header]
		}
		if wire.Verify(name, nil, firstSecret, get, body) == nil {
			t.Errorf("%s takes %q", name, body)
		}
	})
}
