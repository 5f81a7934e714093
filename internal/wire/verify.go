package wire

import (
	"crypto/subtle"
	"strings"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Verify checks a received request as a format's documented receivers do: the
// main header by one secret. get answers a header's value, empty if it is
// missing. The age of the request is for the caller to judge.
func Verify(name webhook.FormatName, custom *webhook.CustomFormat, secret string, get func(string) string, body []byte) error {
	f, ok := find(name, custom)
	if !ok {
		return webhook.Invalid("format", "%q is not known", name)
	}
	received := get(f.header)
	if received == "" {
		return webhook.Unauthorized("the header %s is missing", f.header)
	}
	s, err := receivedStamp(&f, get)
	if err != nil {
		return err
	}
	if f.seal != nil {
		// The documented receiver verifies what it gets by writing the parsed
		// body again.
		if err := rawjson.CheckDocument(body); err != nil {
			return err
		}
		body = rawjson.JavaScript(body)
	}
	want := f.sign(secret, s, body)
	candidates := []string{received}
	if f.header == standardHeader {
		candidates = strings.Fields(received)
	}
	for _, candidate := range candidates {
		if subtle.ConstantTimeCompare([]byte(candidate), []byte(want)) == 1 {
			return nil
		}
	}
	return webhook.Unauthorized("the signature in %s does not fit the body and secret", f.header)
}

// receivedStamp takes id and time from the headers of a request, where the
// format signs or shows them.
func receivedStamp(f *format, get func(string) string) (stamp, error) {
	s := stamp{id: get("webhook-id"), t: get("webhook-timestamp")}
	needsTime := f.signed != signsBody || strings.Contains(f.value, "{t}")
	if needsTime && s.t == "" {
		return s, webhook.Unauthorized("the header webhook-timestamp is missing")
	}
	if f.signed == signsIDTimeBody && s.id == "" {
		return s, webhook.Unauthorized("the header webhook-id is missing")
	}
	s.head = []byte(s.id + "." + s.t + ".")
	s.tail = len(s.id) + 1
	return s, nil
}
