package web

import (
	"mime"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/snippet"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// codeTab shows the code in the language of the address, else in the one that
// the visitor looked at last.
func (w *Web) codeTab(c *gin.Context, e webhook.Endpoint) (*endpoints.Code, error) {
	s, err := w.Manage.Code(c.Request.Context(), w.caller(c), e.ID, w.language(c))
	if err != nil {
		return nil, err
	}
	return presentCode(e, s), nil
}

func (w *Web) language(c *gin.Context) snippet.Language {
	ctx := c.Request.Context()
	remembered := w.sessions.GetString(ctx, keyLanguage)
	for _, l := range snippet.Languages() {
		if asked := c.Query("lang"); asked == string(l.Language) && asked != remembered {
			w.sessions.Put(ctx, keyLanguage, asked)
			return l.Language
		}
	}
	if remembered == "" {
		return snippet.Python
	}
	return snippet.Language(remembered)
}

// downloadCode answers the code as a file.
func (w *Web) downloadCode(c *gin.Context) error {
	e, err := w.endpoint(c)
	if err != nil {
		return err
	}
	s, err := w.Manage.Code(c.Request.Context(), w.caller(c), e.ID, snippet.Language(c.Param("language")))
	if webhook.KindOf(err) == webhook.KindInvalid {
		return webhook.NotFound("there is no code in this language")
	}
	if err != nil {
		return err
	}
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": s.File}))
	c.Data(http.StatusOK, "text/plain; charset=utf-8", []byte(s.Text))
	return nil
}

func presentCode(e webhook.Endpoint, s snippet.Snippet) *endpoints.Code {
	m := &endpoints.Code{
		Language: s.Label, Text: s.Text, Kind: string(s.Language), File: s.File, Run: s.Run, Sends: s.Language == snippet.Curl,
		Download: pathEndpoint(e, "code", string(s.Language)), Scheme: schemeRows(e), SecretURL: tabURL(e, tabSecret),
		Library: endpoints.CodeTip(s.Library),
	}
	for _, l := range snippet.Languages() {
		m.Languages = append(m.Languages, component.Chip{Label: l.Label, URL: tabURL(e, tabCode) + "&lang=" + string(l.Language), On: l.Language == s.Language})
	}
	for _, tip := range s.Frameworks {
		m.Frameworks = append(m.Frameworks, endpoints.CodeTip(tip))
	}
	return m
}

// signedWords say what an HMAC covers.
var signedWords = map[string]string{
	"body": "the raw body", "{t}.{body}": "time, a dot, the raw body", "{id}.{t}.{body}": "webhook-id, a dot, time, a dot, the raw body",
}

// schemeRows set out how the endpoint's format signs.
func schemeRows(e webhook.Endpoint) []endpoints.SettingRow {
	info, _ := wire.Describe(e.Format, e.Custom)
	rows := []endpoints.SettingRow{
		{Label: "Format", Values: []string{info.Title}},
		{Label: "Header", Values: []string{info.SignatureHeader + ": " + info.Value}, Mono: true},
		{Label: "Signed", Values: []string{signedWords[info.Signed]}, Note: "HMAC-SHA256, written in " + info.Encoding},
	}
	key := endpoints.SettingRow{Label: "Key", Values: []string{"the secret as text, whsec_ included"}}
	rotation := endpoints.SettingRow{Label: "While rotating", Values: []string{"the other secret signs " + info.SignatureHeader + "-Next, then \u2011Previous"}}
	if info.Name == webhook.FormatStandard {
		key.Values = []string{"the bytes behind whsec_, base64 decoded"}
		rotation.Values = []string{"the header lists both signatures"}
	}
	rows = append(rows, key)
	if info.Signed == "body" {
		rows = append(rows, endpoints.SettingRow{Label: "Replays", Values: []string{"the signature does not cover the time"},
			Note: "webhook-signature, which every request carries as well, does."})
	} else {
		rows = append(rows, endpoints.SettingRow{Label: "Replays", Values: []string{"refused after 5 minutes"}, Note: "Each attempt is signed anew, so a retry a day later passes."})
	}
	return append(rows, rotation, endpoints.SettingRow{Label: "Answer", Values: []string{"any 2xx"}, Note: "Anything else is tried again, with the same webhook-id."})
}
