package web

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
)

func portOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Port() == "" {
		return strconv.Itoa(localPort)
	}
	return u.Port()
}

func listenCommand(port, secret string, format webhook.FormatName) string {
	command := "bellwire listen --port " + port + " --secret " + quoted(secret)
	if format != "" && format != webhook.FormatStandard {
		command += " --format " + string(format)
	}
	return command
}

func (w *Web) forwardCommand(to, key string) string {
	command := "bellwire listen --forward " + quoted(to) + " --key " + key
	if w.BaseURL != nil {
		command += " --url " + quoted(w.BaseURL.String())
	}
	return command
}

// quoted is a word as a shell takes it, bare if it can be.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-+/=.:@", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return quote(word)
}

// quote is any text as one word of a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
