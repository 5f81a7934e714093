package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

const secretPrefix = "whsec_"

// standardKey is the HMAC key of webhook-signature: the bytes that the base64
// behind whsec_ stands for, or the whole secret where there is no such prefix.
func standardKey(secret string) []byte {
	if encoded, ok := strings.CutPrefix(secret, secretPrefix); ok {
		if raw, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			return raw
		}
	}
	return []byte(secret)
}

// keyFor is the HMAC key of a signature header: only the standard one decodes
// the secret, all others use it as text.
func keyFor(header, secret string) []byte {
	if header == standardHeader {
		return standardKey(secret)
	}
	return []byte(secret)
}

// sumOf is the HMAC-SHA256 of the pieces, one after the other.
func sumOf(key []byte, pieces ...[]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, piece := range pieces {
		mac.Write(piece)
	}
	return mac.Sum(make([]byte, 0, sha256.Size))
}

func appendEncoded(dst []byte, encoding string, sum []byte) []byte {
	if encoding == inBase64 {
		return base64.StdEncoding.AppendEncode(dst, sum)
	}
	return hex.AppendEncode(dst, sum)
}

// stamp is what a signature can cover beside the body.
type stamp struct {
	id, t string
	// head is "id.t.", its end from tail on "t.".
	head []byte
	tail int
}

func newStamp(id webhook.EventID, sentAt time.Time) stamp {
	s := stamp{id: id.String(), t: strconv.FormatInt(sentAt.Unix(), 10)}
	s.head = append(append(append(append(make([]byte, 0, 64), s.id...), '.'), s.t...), '.')
	s.tail = len(s.id) + 1
	return s
}

// sign fills a format's signature value for one secret.
func (f *format) sign(secret string, s stamp, body []byte) string {
	key := keyFor(f.header, secret)
	var sum []byte
	switch f.signed {
	case signsTimeBody:
		sum = sumOf(key, s.head[s.tail:], body)
	case signsIDTimeBody:
		sum = sumOf(key, s.head, body)
	default:
		sum = sumOf(key, body)
	}
	return fill(f.value, f.encoding, s.t, sum)
}

// fill puts time and signature into a value template.
func fill(template, encoding, t string, sum []byte) string {
	out := make([]byte, 0, 128)
	for template != "" {
		if rest, ok := strings.CutPrefix(template, "{t}"); ok {
			out, template = append(out, t...), rest
		} else if rest, ok := strings.CutPrefix(template, "{signature}"); ok {
			out, template = appendEncoded(out, encoding, sum), rest
		} else {
			out, template = append(out, template[0]), template[1:]
		}
	}
	return string(out)
}

// standardSign is one entry of the webhook-signature list.
func standardSign(secret string, s stamp, body []byte) string {
	return fill("v1,{signature}", inBase64, s.t, sumOf(standardKey(secret), s.head, body))
}

// Sign is the value of a format's signature header for one secret; empty for
// an unknown format.
func Sign(name webhook.FormatName, custom *webhook.CustomFormat, secret string, id webhook.EventID, sentAt time.Time, body []byte) string {
	f, ok := find(name, custom)
	if !ok {
		return ""
	}
	return f.sign(secret, newStamp(id, sentAt), body)
}
