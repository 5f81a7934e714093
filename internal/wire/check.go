package wire

import (
	"strconv"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
)

// The bounds of names and values that developers choose.
const (
	maxHeaderName  = 100
	maxHeaderValue = 4 << 10
	maxTemplate    = 256
)

// reserved are header names that an endpoint can't set, in lower case, each
// with the reason.
var reserved = map[string]string{
	"content-type":      "is always application/json",
	"user-agent":        "says that the request comes from Bellwire",
	"host":              "follows from the URL",
	"content-length":    "follows from the body",
	"transfer-encoding": "belongs to the connection, not to the endpoint",
	"connection":        "belongs to the connection, not to the endpoint",
	"keep-alive":        "belongs to the connection, not to the endpoint",
	"te":                "belongs to the connection, not to the endpoint",
	"trailer":           "belongs to the connection, not to the endpoint",
	"upgrade":           "belongs to the connection, not to the endpoint",
	"expect":            "would make the request wait for an interim answer",
	"cookie":            "carries a browser's session; a webhook has none",
	"accept-encoding":   "is left out so that responses are logged as sent",
	"traceparent":       "is kept for tracing",
	"idempotency-key":   "makes the HTTP client resend a request unseen, so the log would lie; use webhook-id",
	"x-idempotency-key": "makes the HTTP client resend a request unseen, so the log would lie; use webhook-id",
}

// reservedPrefixes likewise.
var reservedPrefixes = [...]struct{ prefix, reason string }{
	{"webhook-", "belongs to the Standard Webhooks headers that every request carries"},
	{"x-bellwire-", "belongs to Bellwire"},
	{"proxy-", "speaks to proxies, not to the endpoint"},
}

// refusal is why a header name can't be chosen, empty if it can.
func refusal(name string) string {
	lower := strings.ToLower(name)
	if reason, ok := reserved[lower]; ok {
		return reason
	}
	for _, r := range reservedPrefixes {
		if strings.HasPrefix(lower, r.prefix) {
			return r.reason
		}
	}
	return ""
}

// CheckHeaders refuses custom headers that can't be sent or that the format
// needs itself; it names all of them with the reason.
func CheckHeaders(headers []webhook.Header, name webhook.FormatName, custom *webhook.CustomFormat) error {
	if len(headers) > webhook.MaxHeaders {
		return webhook.Invalid("headers", "may be %d at most, not %d", webhook.MaxHeaders, len(headers))
	}
	f, _ := find(name, custom)
	own := f.ownNames()
	seen := make(map[string]bool, len(headers))
	var fields []webhook.Field
	refuse := func(i int, member, message string) {
		fields = append(fields, webhook.Field{Location: "headers[" + strconv.Itoa(i) + "]." + member, Message: message})
	}
	for i, h := range headers {
		lower := strings.ToLower(h.Name)
		switch {
		case !headerToken(h.Name):
			refuse(i, "name", "must have 1 to "+strconv.Itoa(maxHeaderName)+` letters, digits or characters like "-" and "_"`)
		case refusal(h.Name) != "":
			refuse(i, "name", h.Name+" "+refusal(h.Name))
		case own[lower]:
			refuse(i, "name", h.Name+" is a header of the format "+string(name))
		case seen[lower]:
			refuse(i, "name", h.Name+" is there twice")
		}
		seen[lower] = true
		if fault := valueFault(h.Value); fault != "" {
			refuse(i, "value", fault)
		}
	}
	return webhook.InvalidFields(fields)
}

// ownNames are the headers that a format sends, in lower case.
func (f *format) ownNames() map[string]bool {
	own := make(map[string]bool)
	for _, name := range append([]string{f.header, f.header + "-next", f.header + "-previous", f.topic}, f.eventID...) {
		own[strings.ToLower(name)] = true
	}
	return own
}

// headerToken reports whether a name is a token of RFC 9110 §5.6.2.
func headerToken(name string) bool {
	if name == "" || len(name) > maxHeaderName {
		return false
	}
	for i := range len(name) {
		b := name[i]
		letter := 'a' <= b|0x20 && b|0x20 <= 'z' || '0' <= b && b <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", b) < 0 {
			return false
		}
	}
	return true
}

func valueFault(value string) string {
	if len(value) > maxHeaderValue {
		return "is longer than 4 KiB"
	}
	for i := range len(value) {
		if b := value[i]; b < 0x20 && b != '\t' || b == 0x7f {
			return "has a line break, NUL or other control character"
		}
	}
	return ""
}

// CheckCustom refuses a custom format that no receiver could verify or no
// client could send.
func CheckCustom(c *webhook.CustomFormat) error {
	if c == nil {
		return webhook.Invalid("custom", "must describe the signature for the format custom")
	}
	var fields []webhook.Field
	refuse := func(member, message string) {
		fields = append(fields, webhook.Field{Location: "custom." + member, Message: message})
	}
	if !headerToken(c.Header) {
		refuse("header", `must be a header name of letters, digits or characters like "-" and "_"`)
	} else if reason := refusal(c.Header); reason != "" {
		refuse("header", c.Header+" "+reason)
	}
	if c.Signed != signsBody && c.Signed != signsTimeBody && c.Signed != signsIDTimeBody {
		refuse("signed", "must be body, {t}.{body} or {id}.{t}.{body}")
	}
	if c.Encoding != inHex && c.Encoding != inBase64 {
		refuse("encoding", "must be hex or base64")
	}
	if fault := templateFault(c.Value); fault != "" {
		refuse("value", fault)
	}
	if envelopes[c.Body] == nil {
		refuse("body", "must be plain, flat or data")
	}
	return webhook.InvalidFields(fields)
}

func templateFault(template string) string {
	if strings.Count(template, "{signature}") != 1 {
		return "must have {signature} in it once"
	}
	if len(template) > maxTemplate {
		return "is longer than " + strconv.Itoa(maxTemplate) + " bytes"
	}
	rest := strings.NewReplacer("{signature}", "", "{t}", "").Replace(template)
	for i := range len(rest) {
		if b := rest[i]; b < 0x20 || b > 0x7e || b == '{' || b == '}' {
			return "may have {t}, {signature} and printable ASCII only"
		}
	}
	return ""
}
