package manage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// signs answers the values that sign at the bench's moment, as a sender would
// pick them: the current one, then next and previous if any.
func (b *bench) signs(id webhook.EndpointID) (current, next, previous string) {
	b.t.Helper()
	at := webhook.SigningAt(b.db.secrets[id], b.at)
	value := func(s *webhook.Secret) string {
		if s == nil {
			return ""
		}
		if s.Sealed == nil {
			return "wiped"
		}
		return string(must[[]byte](b.t)(b.keys.Open(s.Sealed, s.ID.UUID, webhook.SecretField)))
	}
	return value(at.Current), value(at.Next), value(at.Previous)
}

func (b *bench) wantSigns(when string, id webhook.EndpointID, current, next, previous string) {
	b.t.Helper()
	c, n, p := b.signs(id)
	if c != current || n != next || p != previous {
		b.t.Errorf("%s: signs with %q, next %q, previous %q; want %q, %q, %q", when, c, n, p, current, next, previous)
	}
}

func TestARotationGoesNextSwitchGraceEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, e := b.developer(), b.endpoint()
	rotated := must[manage.RotatedSecret](t)(b.RotateSecret(t.Context(), c, e.ID, manage.Rotation{}))
	b.wantSigns("rotated", e.ID, e.Secret, rotated.Value, "")
	b.at = b.at.Add(time.Hour)
	must[webhook.Signing](t)(b.SwitchSecret(t.Context(), c, e.ID))
	b.wantSigns("switched", e.ID, rotated.Value, "", e.Secret)
	_, err := b.RotateSecret(t.Context(), c, e.ID, manage.Rotation{})
	wantKind(t, "rotating within the grace", err, webhook.KindConflict)
	b.at = b.at.Add(24*time.Hour - time.Millisecond)
	b.wantSigns("at the end of the grace", e.ID, rotated.Value, "", e.Secret)
	b.at = b.at.Add(time.Millisecond)
	b.wantSigns("after the grace", e.ID, rotated.Value, "", "")
	_, err = b.UndoRotation(t.Context(), c, e.ID)
	wantKind(t, "undoing after the grace", err, webhook.KindConflict)
	must[manage.RotatedSecret](t)(b.RotateSecret(t.Context(), c, e.ID, manage.Rotation{}))
	if got := strings.Join(b.actions(), " "); got != "endpoint.created endpoint.secret.rotated endpoint.secret.switched endpoint.secret.rotated" {
		t.Errorf("audit %s", got)
	}
}

func TestASwitchAtADateNeedsNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, e := b.developer(), b.endpoint()
	grace := 2 * time.Hour
	rotated := must[manage.RotatedSecret](t)(b.RotateSecret(t.Context(), c, e.ID, manage.Rotation{SwitchAt: start.Add(time.Hour), Grace: &grace}))
	b.wantSigns("before", e.ID, e.Secret, rotated.Value, "")
	b.at = start.Add(time.Hour)
	b.wantSigns("at the date", e.ID, rotated.Value, "", e.Secret)
	b.at = start.Add(3 * time.Hour)
	b.wantSigns("after the grace", e.ID, rotated.Value, "", "")
}

func TestASwitchBeforeItsDateEndsTheGraceEarlier(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, e := b.developer(), b.endpoint()
	grace := time.Duration(0)
	rotated := must[manage.RotatedSecret](t)(b.RotateSecret(t.Context(), c, e.ID, manage.Rotation{SwitchAt: start.Add(time.Hour), Grace: &grace, Secret: "a-secret-that-i-bring"}))
	if rotated.Value != "a-secret-that-i-bring" {
		t.Errorf("value %q", rotated.Value)
	}
	must[webhook.Signing](t)(b.SwitchSecret(t.Context(), c, e.ID))
	b.wantSigns("without a grace", e.ID, rotated.Value, "", "")
	if old := b.db.secrets[e.ID][0]; old.Sealed != nil || old.ExpiresAt.IsZero() {
		t.Errorf("the old one is kept: %+v", old)
	}
}

func TestUndoTakesOneStepBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, e := b.developer(), b.endpoint()
	_, err := b.UndoRotation(t.Context(), c, e.ID)
	wantKind(t, "nothing to undo", err, webhook.KindConflict)
	_, err = b.SwitchSecret(t.Context(), c, e.ID)
	wantKind(t, "nothing to switch to", err, webhook.KindConflict)
	rotated := must[manage.RotatedSecret](t)(b.RotateSecret(t.Context(), c, e.ID, manage.Rotation{}))
	_, err = b.RotateSecret(t.Context(), c, e.ID, manage.Rotation{})
	wantKind(t, "rotating twice", err, webhook.KindConflict)
	must[webhook.Signing](t)(b.SwitchSecret(t.Context(), c, e.ID))
	b.at = b.at.Add(time.Hour)
	must[webhook.Signing](t)(b.UndoRotation(t.Context(), c, e.ID))
	b.wantSigns("undone within the grace", e.ID, e.Secret, rotated.Value, "")
	b.at = b.at.Add(48 * time.Hour)
	b.wantSigns("two days later", e.ID, e.Secret, rotated.Value, "")
	must[webhook.Signing](t)(b.UndoRotation(t.Context(), c, e.ID))
	b.wantSigns("undone again", e.ID, e.Secret, "", "")
	must[manage.RotatedSecret](t)(b.RotateSecret(t.Context(), c, e.ID, manage.Rotation{SwitchAt: b.at.Add(time.Hour)}))
	must[webhook.Signing](t)(b.UndoRotation(t.Context(), c, e.ID))
	b.at = b.at.Add(48 * time.Hour)
	b.wantSigns("a date undone", e.ID, e.Secret, "", "")
}

func TestCompromisedSwitchesAndWipesAtOnce(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*bench, account.Caller, webhook.EndpointID) string{
		"with no next": func(*bench, account.Caller, webhook.EndpointID) string { return "" },
		"with a next": func(b *bench, c account.Caller, id webhook.EndpointID) string {
			return must[manage.RotatedSecret](b.t)(b.RotateSecret(b.t.Context(), c, id, manage.Rotation{})).Value
		},
		"within a grace": func(b *bench, c account.Caller, id webhook.EndpointID) string {
			must[manage.RotatedSecret](b.t)(b.RotateSecret(b.t.Context(), c, id, manage.Rotation{}))
			must[webhook.Signing](b.t)(b.SwitchSecret(b.t.Context(), c, id))
			return ""
		},
	} {
		b := newBench(t)
		c, e := b.developer(), b.endpoint()
		next := prepare(b, c, e.ID)
		id := webhook.DeliveryID{UUID: webhook.UUID{7}}
		b.db.deliveries[id] = webhook.DeliveryRow{Delivery: webhook.Delivery{ID: id, ProjectID: b.project.ID, EndpointID: e.ID, State: webhook.Waiting}}
		r := must[manage.ReplacedSecret](t)(b.ReplaceCompromised(t.Context(), c, e.ID))
		b.wantSigns(name, e.ID, r.Value, "", "")
		if next != "" && r.Value != next {
			t.Errorf("%s: the next secret, which the receiver may have, is not used", name)
		}
		if r.Value == e.Secret || len(r.Waiting.Items) != 1 {
			t.Errorf("%s: %+v", name, r)
		}
		for _, s := range b.db.secrets[e.ID] {
			if s.ID != r.Current.ID && s.Sealed != nil {
				t.Errorf("%s: an old secret is kept", name)
			}
		}
		_, err := b.UndoRotation(t.Context(), c, e.ID)
		wantKind(t, name+": undo", err, webhook.KindConflict)
	}
}

func TestRevealShowsAllThatSignAndLeavesATrace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, e := b.developer(), b.endpoint()
	rotated := must[manage.RotatedSecret](t)(b.RotateSecret(t.Context(), c, e.ID, manage.Rotation{}))
	shown := must[manage.RevealedSecrets](t)(b.RevealSecret(t.Context(), c, e.ID))
	if shown.Current != e.Secret || shown.Next != rotated.Value || shown.Previous != "" {
		t.Errorf("%+v", shown)
	}
	if last := b.db.audit[len(b.db.audit)-1]; last.Action != "endpoint.secret.revealed" || last.Actor != c.Actor || last.Addr != "192.0.2.1" {
		t.Errorf("audit %+v", last)
	}
	asleep := c
	asleep.SteppedUp = false
	if _, err := b.RevealSecret(t.Context(), asleep, e.ID); !account.NeedsStepUp(err) {
		t.Errorf("without the password again: %v", err)
	}
	for name, caller := range map[string]account.Caller{
		"a viewer": b.person(account.Member, account.Viewer), "support": b.person(account.Support, ""), "a key without the scope": b.narrow(account.ScopeManage),
	} {
		_, err := b.RevealSecret(t.Context(), caller, e.ID)
		wantKind(t, name, err, webhook.KindForbidden)
	}
	state := must[webhook.Signing](t)(b.Secrets(t.Context(), b.person(account.Member, account.Viewer), e.ID))
	if state.Current.Sealed != nil || state.Current.Value != "" || state.Next == nil {
		t.Errorf("the state shows %+v", state.Current)
	}
}

func TestRotationsAreBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, e := b.developer(), b.endpoint()
	long, negative := 7*24*time.Hour+1, -time.Hour
	for name, test := range map[string]struct {
		r     manage.Rotation
		place string
	}{
		"a grace of eight days": {manage.Rotation{Grace: &long}, "graceHours"},
		"a negative grace":      {manage.Rotation{Grace: &negative}, "graceHours"},
		"a date in the past":    {manage.Rotation{SwitchAt: start}, "switchAt"},
		"a date next year":      {manage.Rotation{SwitchAt: start.AddDate(1, 0, 0)}, "switchAt"},
		"a weak secret":         {manage.Rotation{Secret: "weak"}, "secret"},
	} {
		_, err := b.RotateSecret(t.Context(), c, e.ID, test.r)
		wantPlaces(t, name, err, test.place)
	}
}
