package manage_test

import (
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestOtherSpellingsOfAnAddressAreNoNewGuesses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var err error
	for i := range 11 {
		email := strings.Repeat(" ", i) + "ada@example.com" + strings.Repeat("\t", i)
		_, err = b.Authenticate(t.Context(), email, "guess", "198.51.100.1")
	}
	wantKind(t, "the eleventh guess", err, webhook.KindLimited)
}

func TestPayloadFiltersAreNotTriedOnWhatTheCallerMayNotOpen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	set := webhook.Settings{Topics: []string{"*"}, Payload: webhook.PayloadFilter{Rows: []webhook.PayloadRow{{Path: "email", Operator: webhook.Operator("equals"), Value: "ada@example.com"}}}}
	prompt := webhook.Settings{Topics: []string{"*"}, Prompt: webhook.PromptFilter{Names: []string{"greeting"}}}
	for _, c := range []account.Caller{b.person(account.Support, ""), b.person(account.Admin, "")} {
		for _, asked := range []webhook.Settings{set, prompt} {
			_, err := b.PreviewMatches(t.Context(), c, manage.PreviewWish{ProjectID: b.project.ID, Settings: asked})
			wantKind(t, string(c.User.Role)+" from outside the project", err, webhook.KindInvalid)
		}
		if _, err := b.PreviewMatches(t.Context(), c, manage.PreviewWish{ProjectID: b.project.ID, Settings: webhook.Settings{Topics: []string{"*"}}}); err != nil {
			t.Errorf("%s by topic: %v", c.User.Role, err)
		}
	}
	if _, err := b.PreviewMatches(t.Context(), b.developer(), manage.PreviewWish{ProjectID: b.project.ID, Settings: prompt}); err != nil {
		t.Errorf("a developer of the project: %v", err)
	}
}

func TestAMembersNameIsOneLine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, name := range []string{"Ada\nroot", strings.Repeat("a", 201), "a\x00b"} {
		_, err := b.SetMember(t.Context(), b.wide(account.ScopeManage), b.project.ID, manage.NewMember{Email: "ada@example.com", Name: name, Role: account.Viewer})
		wantPlaces(t, "a name of several lines or pages", err, "name")
	}
}
