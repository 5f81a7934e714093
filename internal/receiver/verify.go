package receiver

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Verify checks a request's signature with the rule that the format's document
// gives its readers.
func Verify(format webhook.FormatName, custom *webhook.CustomFormat, secret string, headers http.Header, body []byte) error {
	switch format {
	case webhook.FormatAbba:
		return compare(headers, "X-Abba-Signature", hexMAC(secret, body))
	case webhook.FormatPlain:
		return compare(headers, "X-Webhook-Signature", hexMAC(secret, body))
	case webhook.FormatHub:
		return compare(headers, "X-Hub-Signature-256", "sha256="+hexMAC(secret, body))
	case webhook.FormatAbv:
		return verifyAbv(secret, headers, body)
	case webhook.FormatAICommerce:
		return verifyAICommerce(secret, headers, body)
	case webhook.FormatCustom:
		return verifyCustom(custom, secret, headers, body)
	default:
		return VerifyStandard(secret, headers, body)
	}
}

var errSignature = errors.New("invalid signature")

func compare(headers http.Header, name, expected string) error {
	received := headers.Get(name)
	if received == "" {
		return errors.New("signature header " + name + " is missing")
	}
	if !hmac.Equal([]byte(received), []byte(expected)) {
		return errSignature
	}
	return nil
}

// verifyAbv splits "t=timestamp,s=signature" as the document's Python does.
func verifyAbv(secret string, headers http.Header, body []byte) error {
	timePair, signaturePair, ok := strings.Cut(headers.Get("x-abv-signature"), ",")
	if !ok {
		return errors.New("signature header x-abv-signature is missing or malformed")
	}
	_, timestamp, _ := strings.Cut(timePair, "=")
	_, received, _ := strings.Cut(signaturePair, "=")
	expected := hexMAC(secret, []byte(timestamp+"."), body)
	if !hmac.Equal([]byte(received), []byte(expected)) {
		return errSignature
	}
	return nil
}

// verifyAICommerce verifies JSON.stringify(req.body), as the document's code
// does: what is signed must be what JavaScript would write again.
func verifyAICommerce(secret string, headers http.Header, body []byte) error {
	again := rawjson.JavaScript(body)
	if !bytes.Equal(again, body) {
		return errors.New("JSON.stringify(req.body) is not the body that was sent")
	}
	return compare(headers, "X-Webhook-Signature", "sha256="+hexMAC(secret, again))
}

func verifyCustom(custom *webhook.CustomFormat, secret string, headers http.Header, body []byte) error {
	if custom == nil {
		return errors.New("a custom format needs its description")
	}
	id, timestamp := headers.Get("webhook-id"), headers.Get("webhook-timestamp")
	signed := map[string][]byte{
		"body":            body,
		"{t}.{body}":      append([]byte(timestamp+"."), body...),
		"{id}.{t}.{body}": append([]byte(id+"."+timestamp+"."), body...),
	}[custom.Signed]
	signature := hexMAC(secret, signed)
	if custom.Encoding == "base64" {
		signature = base64.StdEncoding.EncodeToString(mac([]byte(secret), signed))
	}
	expected := strings.NewReplacer("{t}", timestamp, "{signature}", signature).Replace(custom.Value)
	return compare(headers, custom.Header, expected)
}

// VerifyStandard checks webhook-signature as Standard Webhooks 1.0.0 says: any
// signature of the list may fit. Every format carries it.
func VerifyStandard(secret string, headers http.Header, body []byte) error {
	key := []byte(secret)
	if encoded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		decoded, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return errors.New("the secret is not base64 after whsec_")
		}
		key = decoded
	}
	prefix := headers.Get("webhook-id") + "." + headers.Get("webhook-timestamp") + "."
	expected := "v1," + base64.StdEncoding.EncodeToString(mac(key, []byte(prefix), body))
	for candidate := range strings.FieldsSeq(headers.Get("webhook-signature")) {
		if hmac.Equal([]byte(candidate), []byte(expected)) {
			return nil
		}
	}
	return errSignature
}

func hexMAC(secret string, parts ...[]byte) string {
	return hex.EncodeToString(mac([]byte(secret), parts...))
}

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}
