package snippet

import (
	"embed"
	"strings"
	"text/template"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

//go:embed code/*.tmpl
var files embed.FS

var templates = template.Must(template.ParseFS(files, "code/*.tmpl"))

// Endpoint is what the code depends on.
type Endpoint struct {
	Format webhook.FormatName
	// Custom is needed for format "custom" only.
	Custom *webhook.CustomFormat
	// Topic and Example make the sample that the shell script sends; without
	// an example its data is empty.
	Topic   string
	Example []byte
}

// Snippet is code for one endpoint in one language.
type Snippet struct {
	Info
	Text string
}

// Write writes the code. It is Invalid for a language or format that is not
// known.
func Write(l Language, e Endpoint) (Snippet, error) {
	info, ok := find(l)
	if !ok {
		return Snippet{}, webhook.Invalid("language", "must be one of %s, not %q", names(), l)
	}
	scheme, ok := wire.Describe(e.Format, e.Custom)
	if !ok {
		return Snippet{}, webhook.Invalid("format", "%q is not known", e.Format)
	}
	var text strings.Builder
	err := templates.ExecuteTemplate(&text, string(l)+".tmpl", view{scheme: scheme, endpoint: e})
	return Snippet{Info: info, Text: text.String()}, err
}

func names() string {
	var all []string
	for _, l := range languages {
		all = append(all, string(l.Language))
	}
	return strings.Join(all, ", ")
}

// view is what the templates ask.
type view struct {
	scheme   wire.Info
	endpoint Endpoint
}

// Standard is for the scheme whose header lists signatures and whose key is
// decoded.
func (v view) Standard() bool {
	return strings.EqualFold(v.scheme.SignatureHeader, "webhook-signature")
}

// SignsTime is when the signature covers the time, so that an old request can
// be told.
func (v view) SignsTime() bool { return strings.Contains(v.scheme.Signed, "{t}") }

// SignsID is when it covers the event's id too.
func (v view) SignsID() bool { return strings.Contains(v.scheme.Signed, "{id}") }

// NeedsTime is when the header's value cannot be known without the time.
func (v view) NeedsTime() bool { return v.SignsTime() || strings.Contains(v.scheme.Value, "{t}") }

// Encoding is "hex" or "base64".
func (v view) Encoding() string { return v.scheme.Encoding }
