package webhook_test

import (
	"errors"
	"testing"

	"github.com/bellwire/bellwire/internal/webhook"
)

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
