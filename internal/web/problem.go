package web

import (
	"errors"
	"strconv"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

func statusText(err error) string { return strconv.Itoa(statusOf(err)) }

// problemWords say what happened and what to do; an internal error's own words
// are for the log only.
func problemWords(err error) (title, text string) {
	words := ""
	if known := (*webhook.Error)(nil); errors.As(err, &known) {
		words = sentence(known.Message)
	}
	switch webhook.KindOf(err) {
	case webhook.KindInvalid:
		return "Something in the request is wrong", words
	case webhook.KindUnauthorized:
		return "Sign in first", words
	case webhook.KindForbidden:
		if account.LacksRole(err) {
			words += " Ask an owner of the project for a role that may."
		}
		return "You may not do this", words
	case webhook.KindNotFound:
		return "Not found", words + " It may have been deleted, or it belongs to a project that you are not a member of."
	case webhook.KindConflict:
		return "That is not possible now", words
	case webhook.KindLimited:
		return "Too many tries", words
	case webhook.KindTooLarge:
		return "Too large", words
	case webhook.KindUnavailable:
		return "The database is not reachable", "Nothing was changed. Deliveries go on as soon as it is back; try again in a moment."
	case webhook.KindInternal:
	}
	return "Something went wrong on our side", "Nothing that was accepted is lost. Try again; if it happens again, give the request id to support."
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	if first := s[0]; first >= 'a' && first <= 'z' {
		s = string(first-'a'+'A') + s[1:]
	}
	if last := s[len(s)-1]; last != '.' && last != '?' {
		s += "."
	}
	return s
}
