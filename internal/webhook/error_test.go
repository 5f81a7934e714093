package webhook_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/bellwire/bellwire/internal/webhook"
)

func TestEveryErrorHasTheKindOfItsMaker(t *testing.T) {
	t.Parallel()
	cause := errors.New("dial db.internal: refused")
	for name, c := range map[string]struct {
		err  error
		kind webhook.Kind
		text string
	}{
		"none":         {nil, webhook.KindInternal, ""},
		"a plain one":  {cause, webhook.KindInternal, "dial db.internal: refused"},
		"invalid":      {webhook.Invalid("body.url", "must have %d slashes", 2), webhook.KindInvalid, "body.url must have 2 slashes"},
		"unauthorized": {webhook.Unauthorized("sign in, %s", "Ada"), webhook.KindUnauthorized, "sign in, Ada"},
		"forbidden":    {webhook.Forbidden("not %s", "you"), webhook.KindForbidden, "not you"},
		"not found":    {webhook.NotFound("no %s", "such thing"), webhook.KindNotFound, "no such thing"},
		"conflict":     {webhook.Conflict("it is %s", "paused"), webhook.KindConflict, "it is paused"},
		"limited":      {webhook.Limited("wait %d s", 5), webhook.KindLimited, "wait 5 s"},
		"too large":    {webhook.TooLarge("over %d", 7), webhook.KindTooLarge, "over 7"},
		"unavailable": {webhook.Unavailable(cause), webhook.KindUnavailable,
			"the database is not reachable at the moment; nothing was stored, try again: dial db.internal: refused"},
		"in doubt": {webhook.InDoubt(cause), webhook.KindUnavailable,
			"the database did not answer in time and may have stored this; try again, an event with the same idempotencyKey so that it is not published twice: dial db.internal: refused"},
	} {
		if got := webhook.KindOf(c.err); got != c.kind {
			t.Errorf("%s: kind %d, want %d", name, got, c.kind)
		}
		if c.err == nil {
			continue
		}
		if c.err.Error() != c.text {
			t.Errorf("%s: %q, want %q", name, c.err, c.text)
		}
		if wrapped := fmt.Errorf("publish: %w", fmt.Errorf("store: %w", c.err)); webhook.KindOf(wrapped) != c.kind {
			t.Errorf("%s, wrapped: kind %d, want %d", name, webhook.KindOf(wrapped), c.kind)
		}
	}
	if !errors.Is(webhook.Unavailable(cause), cause) {
		t.Error("the cause is lost to the log")
	}
}

func TestSeveralWrongPlacesMakeOneError(t *testing.T) {
	t.Parallel()
	if err := webhook.InvalidFields(nil); err != nil {
		t.Errorf("no wrong place is an error: %v", err)
	}
	one, two := webhook.Field{Location: "url", Message: "is missing"}, webhook.Field{Location: "topics[1]", Message: "is unknown"}
	for message, fields := range map[string][]webhook.Field{
		"url is missing":              {one},
		"url is missing (and 1 more)": {one, two},
		"url is missing (and 2 more)": {one, two, two},
	} {
		var told *webhook.Error
		if err := webhook.InvalidFields(fields); !errors.As(err, &told) || told.Kind != webhook.KindInvalid || told.Message != message || len(told.Fields) != len(fields) {
			t.Errorf("%d places: %+v, want %q", len(fields), told, message)
		}
	}
	if got := webhook.Invalid("url", "is missing"); len(got.Fields) != 1 || got.Fields[0] != one {
		t.Errorf("the place is told as %+v", got.Fields)
	}
}

func TestAnErrorTellsEachPlaceOnce(t *testing.T) {
	t.Parallel()
	forbidden := webhook.Forbidden("only an instance key may")
	forbidden.Fields = []webhook.Field{{Location: "audience", Message: "is not yours"}}
	for want, err := range map[string]error{
		"password must be longer": webhook.Invalid("password", "must be longer"),
		"a is missing":            webhook.InvalidFields([]webhook.Field{{Location: "a", Message: "is missing"}}),
		"a is missing (and 2 more); b is missing; c is missing": webhook.InvalidFields([]webhook.Field{
			{Location: "a", Message: "is missing"}, {Location: "b", Message: "is missing"}, {Location: "c", Message: "is missing"}}),
		"only an instance key may; audience is not yours": forbidden,
		"there is no such key":                            webhook.NotFound("there is no such key"),
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err.Error(), want)
		}
	}
	if got := webhook.Unavailable(errors.New("refused")).Error(); got != "the database is not reachable at the moment; nothing was stored, try again: refused" {
		t.Errorf("%q", got)
	}
}
