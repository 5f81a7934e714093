package wire_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

// vector is one row of the specification's expected requests.
type vector struct {
	Name   string
	Format webhook.FormatName
	Custom *webhook.CustomFormat
	Secret string
	Next   string
	Prev   string `json:"previous"`
	SentAt int64
	Event  struct {
		ID, Topic, Data string
		OccurredAt      time.Time
	}
	Body    string
	Headers map[string]string
}

func vectors(t testing.TB) []vector {
	t.Helper()
	raw, err := os.ReadFile("testdata/wire-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d vectors were read", len(all))
	}
	return all
}

func (v vector) message(t testing.TB) wire.Message {
	t.Helper()
	id, err := webhook.ParseUUID(v.Event.ID)
	if err != nil {
		t.Fatal(err)
	}
	data, err := rawjson.Check([]byte(v.Event.Data))
	if err != nil {
		t.Fatal(err)
	}
	m := wire.Message{
		Event: webhook.Event{
			ID: webhook.EventID{UUID: id}, Topic: v.Event.Topic, Data: data, OccurredAt: v.Event.OccurredAt,
		},
		Format: v.Format, Custom: v.Custom, SentAt: time.Unix(v.SentAt, 999), Attempt: 1, Version: "1.2.3",
		Signing: webhook.Signing{Current: opened(1, v.Secret)},
	}
	if v.Next != "" {
		m.Signing.Next = opened(2, v.Next)
	}
	if v.Prev != "" {
		m.Signing.Previous = opened(3, v.Prev)
	}
	return m
}

func opened(id byte, value string) *webhook.Secret {
	return &webhook.Secret{ID: webhook.SecretID{UUID: webhook.UUID{id}}, Value: value}
}

// headerMap fails on a name that is there twice.
func headerMap(t testing.TB, lines []webhook.HeaderLine) map[string]string {
	t.Helper()
	m := make(map[string]string, len(lines))
	for _, line := range lines {
		if _, twice := m[line.Name]; twice {
			t.Errorf("header %s is there twice", line.Name)
		}
		m[line.Name] = line.Value
	}
	return m
}

func TestEveryVectorIsMetByteForByte(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			m := v.message(t)
			built, err := wire.Build(m)
			if err != nil {
				t.Fatal(err)
			}
			if string(built.Body) != v.Body {
				t.Errorf("body\n got %s\nwant %s", built.Body, v.Body)
			}
			if rebuilt := wire.Body(m.Format, m.Custom, m.Event, v.Secret); string(rebuilt) != v.Body {
				t.Errorf("rebuilt body\n got %s\nwant %s", rebuilt, v.Body)
			}
			got := headerMap(t, built.Headers)
			for name, want := range v.Headers {
				if got[name] != want {
					t.Errorf("%s\n got %q\nwant %q", name, got[name], want)
				}
				delete(got, name)
			}
			for name := range got {
				if name != "User-Agent" && !strings.HasPrefix(name, "X-Bellwire-") {
					t.Errorf("unexpected header %s: %s", name, got[name])
				}
			}
			if built.SecretID != m.Signing.Current.ID {
				t.Errorf("the secret's id is %s", built.SecretID)
			}
		})
	}
}

func TestReceiversAcceptEveryVectorAndNoChangedOne(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			verify := func(secret, body string) error {
				get := func(name string) string { return v.Headers[name] }
				return wire.Verify(v.Format, v.Custom, secret, get, []byte(body))
			}
			if err := verify(v.Secret, v.Body); err != nil {
				t.Errorf("refused: %v", err)
			}
			if err := verify(v.Secret+"x", v.Body); err == nil {
				t.Error("another secret was accepted")
			}
			if err := verify(v.Secret, strings.Replace(v.Body, "1", "2", 1)); err == nil {
				t.Error("a changed body was accepted")
			}
		})
	}
}

func TestSignIsTheMainHeaderOfEveryVector(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		m := v.message(t)
		want := v.Headers[wire.SignatureHeader(v.Format, v.Custom)]
		if v.Format == webhook.FormatStandard {
			want = strings.Fields(want)[0]
		}
		if got := wire.Sign(v.Format, v.Custom, v.Secret, m.Event.ID, m.SentAt, []byte(v.Body)); got != want {
			t.Errorf("%s: got %q, want %q", v.Name, got, want)
		}
	}
}
