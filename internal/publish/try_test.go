package publish_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestTryingSaysWhoWouldGetItAndStoresNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		takes := r.store.subscribe(shop, "product.*")
		r.store.subscribe(shop, "sale.*")
		r.store.subscribe(other, "*")
		trial, err := r.Try(t.Context(), key(shop, account.ScopeRead), price("k1"))
		if err != nil || len(trial.Matches) != 2 || len(trial.Faults) != 0 {
			t.Fatalf("%v: %+v", err, trial)
		}
		if m := trial.Matches[0]; m.Endpoint.ID != takes || !m.Matched || trial.Matches[1].Matched || trial.Matches[1].Lines[0].OK {
			t.Errorf("%+v", trial.Matches)
		}
		if len(r.store.events) != 0 {
			t.Error("an event was stored")
		}
		r.store.subscribe(shop, "product.price_changed")
		if trial, err = r.Try(t.Context(), key(shop, account.ScopeRead), price("k1")); err != nil || len(trial.Matches) != 3 || !trial.Matches[2].Matched {
			t.Errorf("an endpoint that came since: %v, %+v", err, trial.Matches)
		}
	})
}

func TestTryingNamesTheFaultsThatWouldRefuseTheEvent(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.store.subscribe(shop, "*")
		for data, want := range map[string][]webhook.Field{
			`{"productId":"p1","price":-1}`: {{Location: "data.price", Message: "must be at least 0"}},
			`{}`:                            {{Location: "data.price", Message: "is missing"}, {Location: "data.productId", Message: "is missing"}},
		} {
			trial, err := r.Try(t.Context(), key(shop, account.ScopeRead), publish.Draft{Topic: "product.price_changed", Data: []byte(data)})
			if err != nil || len(trial.Matches) != 0 {
				t.Errorf("%s: %v, matched %v", data, err, trial.Matches)
			}
			if diff := cmp.Diff(want, trial.Faults); diff != "" {
				t.Errorf("%s: %s", data, diff)
			}
		}
		trial, err := r.Try(t.Context(), key(shop, account.ScopeRead), publish.Draft{Topic: "sale.loose", Data: []byte(`{}`)})
		if err != nil || len(trial.Warnings) != 2 || len(trial.Matches) != 1 {
			t.Errorf("a schema that only warns: %v, %+v", err, trial)
		}
	})
}

func TestTryingIsForThoseWhoSeeTheEndpoints(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		_, err := r.Try(t.Context(), key(shop, account.ScopePublish), price(""))
		if webhook.KindOf(err) != webhook.KindForbidden {
			t.Errorf("a key that publishes only: %v", err)
		}
		draft := price("")
		draft.Project = other
		if _, err := r.Try(t.Context(), key(shop, account.ScopeRead), draft); webhook.KindOf(err) != webhook.KindNotFound {
			t.Errorf("another project: %v", err)
		}
		draft = price("")
		draft.Audience = webhook.AudienceAll
		if _, err := r.Try(t.Context(), key(webhook.ProjectID{}, account.ScopeRead), draft); webhook.KindOf(err) != webhook.KindInvalid {
			t.Errorf("all projects at once: %v", err)
		}
	})
}

func TestOnlyPeopleLeaveAnAuditEntryWhenTheyPublish(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ada := account.ForUser(account.User{Name: "Ada", Role: account.Member}, map[webhook.ProjectID]account.Role{shop: account.Developer}, false, "192.0.2.1")
		draft := price("")
		draft.Project = shop
		for _, c := range []account.Caller{ada, key(shop)} {
			if _, err := r.Publish(t.Context(), c, []publish.Draft{draft}); err != nil {
				t.Fatal(err)
			}
		}
		byAda, byKey := r.store.groups[0][0].Items[0], r.store.groups[1][0].Items[0]
		if byKey.Audit != nil {
			t.Errorf("a program's event is in the audit log: %+v", byKey.Audit)
		}
		got := byAda.Audit
		if got == nil || got.Action != "event.published" || got.Actor != ada.Actor || got.Object != byAda.Event.ID.String() || got.ProjectID != shop || got.Addr != "192.0.2.1" {
			t.Errorf("the entry is %+v", got)
		}
		viewer := account.ForUser(account.User{Role: account.Admin}, map[webhook.ProjectID]account.Role{shop: account.Viewer}, true, "")
		if _, err := r.Publish(t.Context(), viewer, []publish.Draft{draft}); webhook.KindOf(err) != webhook.KindForbidden {
			t.Errorf("an admin who only views the project publishes: %v", err)
		}
	})
}
