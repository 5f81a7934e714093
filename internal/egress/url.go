package egress

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/webhook"
)

// MaxURL is the longest URL that is accepted, in bytes.
const MaxURL = 2048

// CheckURL judges a URL by its shape, without a look-up, and returns it in the
// one spelling that is stored, shown and requested: lower-case punycode host,
// no default port, a path of at least "/". The error is Invalid at "url".
func (e *Egress) CheckURL(raw string) (string, error) {
	normalised, err := e.rules.url(raw)
	if err != nil {
		return "", webhook.Invalid("url", "%s", err)
	}
	return normalised, nil
}

// url checks by hand what parsers disagree about, and only then asks the
// parser that requests will be made with.
func (r *rules) url(raw string) (string, error) {
	if err := checkCharacters(raw); err != nil {
		return "", err
	}
	scheme, rest, ok := cutScheme(raw)
	if !ok {
		return "", errors.New("must start with https:// and a host" + r.orHTTP())
	}
	if scheme == "http" && !r.allowHTTP {
		return "", errors.New("must start with https://: plain http is not open on this server")
	}
	authority, path := rest, "/"
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if path[0] == '?' {
		path = "/" + path
	}
	h, port, err := splitAuthority(authority, scheme)
	if err != nil {
		return "", err
	}
	if reason := r.judge(h, port); reason != "" {
		return "", errors.New(reason)
	}
	normalised := scheme + "://" + joinAuthority(h, port, scheme) + escapePath(path)
	if parsed, err := url.Parse(normalised); err != nil || parsed.Host == "" {
		return "", errors.New("is not a URL: its path or query has a broken % escape")
	}
	return normalised, nil
}

func (r *rules) orHTTP() string {
	if r.allowHTTP {
		return " (or http://)"
	}
	return ""
}

func checkCharacters(raw string) error {
	switch {
	case raw == "":
		return errors.New("is missing")
	case len(raw) > MaxURL:
		return errors.New("is longer than 2048 bytes")
	case !utf8.ValidString(raw):
		return errors.New("is not valid UTF-8")
	case strings.Contains(raw, "#"):
		return errors.New("has a fragment (#…), which is never sent")
	case strings.Contains(raw, `\`):
		return errors.New("has a back slash, which programs read in different ways")
	}
	for _, c := range raw {
		if c == ' ' || unicode.IsControl(c) || unicode.IsSpace(c) {
			return errors.New("has a space or control character")
		}
	}
	return nil
}

func cutScheme(raw string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(raw, "://")
	scheme = strings.ToLower(scheme)
	return scheme, rest, ok && (scheme == "https" || scheme == "http")
}

// splitAuthority reads host and port; the scheme's own port stands in for
// none.
func splitAuthority(authority, scheme string) (host, uint16, error) {
	switch {
	case strings.Contains(authority, "@"):
		return host{}, 0, errors.New("has a user name or password; put credentials in a secret header instead")
	case strings.Contains(authority, "%"):
		return host{}, 0, errors.New("has a % in its host")
	}
	name, digits, hasPort := authority, "", false
	if end := strings.LastIndexByte(authority, ']'); end >= 0 {
		name, digits = authority[:end+1], authority[end+1:]
		digits, hasPort = strings.CutPrefix(digits, ":")
		if !hasPort && digits != "" {
			return host{}, 0, errors.New("has something other than a port after its host")
		}
	} else if i := strings.IndexByte(authority, ':'); i >= 0 {
		name, digits, hasPort = authority[:i], authority[i+1:], true
	}
	h, err := parseHost(name)
	if err != nil {
		return host{}, 0, err
	}
	if !hasPort {
		return h, defaultPort(scheme), nil
	}
	port, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || port == 0 || digits[0] == '+' {
		return host{}, 0, errors.New("has a port that is not a number from 1 to 65535")
	}
	return h, uint16(port), nil
}

func defaultPort(scheme string) uint16 {
	if scheme == "http" {
		return 80
	}
	return 443
}

func joinAuthority(h host, port uint16, scheme string) string {
	authority := h.String()
	if h.addr.Is6() {
		authority = "[" + authority + "]"
	}
	if port != defaultPort(scheme) {
		authority += ":" + strconv.Itoa(int(port))
	}
	return authority
}

// escapePath percent-encodes what is not ASCII and keeps everything else, so
// that tokens in a path arrive as they were typed.
func escapePath(path string) string {
	var out strings.Builder
	for i := range len(path) {
		if path[i] < utf8.RuneSelf {
			out.WriteByte(path[i])
			continue
		}
		const hex = "0123456789ABCDEF"
		out.Write([]byte{'%', hex[path[i]>>4], hex[path[i]&15]})
	}
	return out.String()
}
