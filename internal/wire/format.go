package wire

import (
	"github.com/bellwire/bellwire/internal/webhook"
)

// The contents that an HMAC can cover.
const (
	signsBody       = "body"
	signsTimeBody   = "{t}.{body}"
	signsIDTimeBody = "{id}.{t}.{body}"
)

// The spellings of an HMAC.
const (
	inHex    = "hex"
	inBase64 = "base64"
)

// The standard header, which every format carries.
const standardHeader = "webhook-signature"

// format is one entry of the table: all that tells one format from another.
type format struct {
	name        webhook.FormatName
	title       string
	description string
	// header carries the signature; value is its template.
	header   string
	signed   string
	encoding string
	value    string
	// envelope appends the body.
	envelope func(dst []byte, ev webhook.Event) []byte
	// seal puts a signature into the body itself; nil for most.
	seal func(dst []byte, ev webhook.Event, secret string) []byte
	// agent replaces our User-Agent.
	agent string
	// eventID and topic name further headers that carry them.
	eventID []string
	topic   string
}

// formats in the order in which people see them. "custom" gets its header,
// signed content and envelope from the endpoint.
var formats = []format{
	{
		name: webhook.FormatStandard, title: "Standard Webhooks",
		description: "The open Standard Webhooks 1.0.0 layout; ready-made libraries verify it in most languages.",
		header:      standardHeader, signed: signsIDTimeBody, encoding: inBase64, value: "v1,{signature}",
		envelope: standardEnvelope,
	},
	{
		name: webhook.FormatAbba, title: "Abba Baba",
		description: "Commerce agents: the members of data lie flat beside eventId, eventType and timestamp.",
		header:      "X-Abba-Signature", signed: signsBody, encoding: inHex, value: "{signature}",
		envelope: flatEnvelope,
	},
	{
		name: webhook.FormatAbv, title: "ABV prompts",
		description: "Prompt versions: action and prompt, signed together with the time.",
		header:      "x-abv-signature", signed: signsTimeBody, encoding: inHex, value: "t={t},s={signature}",
		envelope: abvEnvelope, agent: "ABV/1.0",
	},
	{
		name: webhook.FormatAICommerce, title: "AI Commerce",
		description: "Stores: a body that survives JSON.parse and JSON.stringify unchanged, so receivers can verify the parsed body.",
		header:      "X-Webhook-Signature", signed: signsBody, encoding: inHex, value: "sha256={signature}",
		seal: aiCommerceEnvelope, eventID: []string{"X-Webhook-Id"},
	},
	{
		name: webhook.FormatPlain, title: "Plain",
		description: "id, type, timestamp and data, signed in plain hex.",
		header:      "X-Webhook-Signature", signed: signsBody, encoding: inHex, value: "{signature}",
		envelope: plainEnvelope, eventID: []string{"X-Webhook-Id"},
	},
	{
		name: webhook.FormatHub, title: "GitHub style",
		description: "As plain, signed and named the way GitHub does, for code that verifies GitHub's webhooks.",
		header:      "X-Hub-Signature-256", signed: signsBody, encoding: inHex, value: "sha256={signature}",
		envelope: plainEnvelope, eventID: []string{"X-Webhook-Id", "X-GitHub-Delivery"}, topic: "X-GitHub-Event",
	},
	{
		name: webhook.FormatCustom, title: "Custom",
		description: "A signature header, signed content and envelope of your own choice.",
	},
}

// envelopes that a custom format can choose.
var envelopes = map[string]func([]byte, webhook.Event) []byte{
	"plain": plainEnvelope,
	"flat":  flatEnvelope,
	"data":  func(dst []byte, ev webhook.Event) []byte { return append(dst, ev.Data...) },
}

// find is the table entry of a format, filled in for a custom one; false if
// there is none.
func find(name webhook.FormatName, custom *webhook.CustomFormat) (format, bool) {
	for _, f := range formats {
		if f.name != name {
			continue
		}
		if name != webhook.FormatCustom {
			return f, true
		}
		if custom == nil || envelopes[custom.Body] == nil {
			return f, false
		}
		f.header, f.signed, f.encoding, f.value = custom.Header, custom.Signed, custom.Encoding, custom.Value
		f.envelope = envelopes[custom.Body]
		return f, true
	}
	return format{}, false
}

// Info is what people are told about a format. The signature members are empty
// for "custom", whose endpoint says them.
type Info struct {
	Name            webhook.FormatName
	Title           string
	Description     string
	SignatureHeader string
	// Signed is what the HMAC covers: "body", "{t}.{body}" or
	// "{id}.{t}.{body}".
	Signed string
	// Encoding is "hex" or "base64".
	Encoding string
	// Value is the header's value with {t} and {signature} to fill in.
	Value string
}

// Formats lists every format in the order to show them.
func Formats() []Info {
	infos := make([]Info, len(formats))
	for i := range formats {
		infos[i] = formats[i].info()
	}
	return infos
}

// Describe tells how one endpoint's requests are signed, with what it chose
// itself filled in for "custom"; false if the format is not known.
func Describe(name webhook.FormatName, custom *webhook.CustomFormat) (Info, bool) {
	f, ok := find(name, custom)
	return f.info(), ok
}

func (f *format) info() Info {
	return Info{
		Name: f.name, Title: f.title, Description: f.description,
		SignatureHeader: f.header, Signed: f.signed, Encoding: f.encoding, Value: f.value,
	}
}

// SignatureHeader is the header that carries a format's main signature, empty
// if the format is not known.
func SignatureHeader(name webhook.FormatName, custom *webhook.CustomFormat) string {
	f, _ := find(name, custom)
	return f.header
}

// BodyDependsOnSecret reports whether a format writes a signature into the
// body, so that one body does not serve all endpoints.
func BodyDependsOnSecret(name webhook.FormatName) bool {
	f, _ := find(name, nil)
	return f.seal != nil
}
