package manage_test

import (
	"slices"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

const broughtSecret = "a-secret-that-the-developer-brought"

func (b *bench) wish(change ...func(*manage.NewEndpoint)) manage.NewEndpoint {
	n := manage.NewEndpoint{Settings: webhook.Settings{Name: "laptop", URL: "http://localhost:3000/hook?x=1"}}
	for _, f := range change {
		f(&n)
	}
	return n
}

func TestListen_makes_a_held_endpoint_whose_URL_nobody_judges(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.narrow(account.ScopeManage, account.ScopeRead)
	got, err := b.Listen(t.Context(), key, b.wish())
	if err != nil {
		t.Fatal(err)
	}
	if got.Kind != webhook.KindForward || got.URL != "http://localhost:3000/hook?x=1" || !slices.Equal(got.Topics, []string{"*"}) || got.Timeout != webhook.MaxTimeout {
		t.Errorf("got %+v", got.Settings)
	}
	if got.State != webhook.EndpointPaused || got.PausedBecause != webhook.PausedAsAway {
		t.Errorf("it is %s because %s before its stream opens", got.State, got.PausedBecause)
	}
	if got.KeyID != key.Key.ID || got.Secret == "" {
		t.Errorf("got %+v with secret %q", got.Listener, got.Secret)
	}
}

func TestListen_takes_up_again_what_the_same_key_opened_under_the_same_name(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.narrow(account.ScopeManage, account.ScopeRead)
	first, err := b.Listen(t.Context(), key, b.wish(func(n *manage.NewEndpoint) { n.Topics = []string{"product.*"} }))
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.Listen(t.Context(), key, b.wish(func(n *manage.NewEndpoint) { n.URL = "http://localhost:4000" }))
	if err != nil {
		t.Fatal(err)
	}
	if again.EndpointID != first.EndpointID || again.Secret != first.Secret || again.URL != "http://localhost:4000" || !slices.Equal(again.Topics, []string{"product.*"}) {
		t.Errorf("got %+v with %q", again.Settings, again.Secret)
	}
	brought, err := b.Listen(t.Context(), key, b.wish(func(n *manage.NewEndpoint) { n.Secret = broughtSecret }))
	if err != nil || brought.Secret != broughtSecret {
		t.Fatalf("got %q, %v", brought.Secret, err)
	}
	last, err := b.Listen(t.Context(), key, b.wish())
	if err != nil || last.Secret != broughtSecret {
		t.Errorf("the secret that was brought is gone: %q, %v", last.Secret, err)
	}
	other, err := b.Listen(t.Context(), b.narrow(account.ScopeManage, account.ScopeRead), b.wish())
	if err != nil || other.EndpointID == first.EndpointID {
		t.Errorf("another key took the listener: %v", err)
	}
}

func TestListen_is_for_keys_that_manage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]account.Caller{
		"a person": b.developer(), "a key that reads": b.narrow(account.ScopeRead), "a key that publishes": b.narrow(account.ScopePublish),
	} {
		n := b.wish(func(n *manage.NewEndpoint) { n.ProjectID = b.project.ID })
		if _, err := b.Listen(t.Context(), c, n); webhook.KindOf(err) != webhook.KindForbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.Listen(t.Context(), b.wide(account.ScopeManage, account.ScopeRead), b.wish()); webhook.KindOf(err) != webhook.KindInvalid {
		t.Errorf("an instance key without a project: %v", err)
	}
}

func TestListen_refuses_what_it_can_not_post_to(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.narrow(account.ScopeManage)
	for _, raw := range []string{"", "localhost:3000", "ftp://localhost/", "http://", "/hook", "http:localhost", "http://a\x00b/"} {
		_, err := b.Listen(t.Context(), key, b.wish(func(n *manage.NewEndpoint) { n.URL = raw }))
		if webhook.KindOf(err) != webhook.KindInvalid {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestEndpoints_of_listeners_keep_their_kind_and_URL(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	got, err := b.Listen(t.Context(), b.narrow(account.ScopeManage), b.wish())
	if err != nil {
		t.Fatal(err)
	}
	plain := b.endpoint()
	dev := b.developer()
	url, kind, forward := "https://example.com/other", webhook.KindWebhook, webhook.KindForward
	for name, refused := range map[string]func() error{
		"url": func() error {
			_, _, err := b.UpdateEndpoint(t.Context(), dev, got.EndpointID, manage.EndpointPatch{URL: &url})
			return err
		},
		"kind": func() error {
			_, _, err := b.UpdateEndpoint(t.Context(), dev, got.EndpointID, manage.EndpointPatch{Kind: &kind})
			return err
		},
		"become": func() error {
			_, _, err := b.UpdateEndpoint(t.Context(), dev, plain.ID, manage.EndpointPatch{Kind: &forward})
			return err
		},
		"create": func() error {
			_, err := b.CreateEndpoint(t.Context(), dev, manage.NewEndpoint{ProjectID: b.project.ID, Settings: webhook.Settings{Kind: forward, URL: "http://localhost", Topics: []string{"*"}}})
			return err
		},
	} {
		if err := refused(); webhook.KindOf(err) != webhook.KindInvalid {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	topics := []string{"product.viewed"}
	if e, _, err := b.UpdateEndpoint(t.Context(), dev, got.EndpointID, manage.EndpointPatch{Topics: &topics}); err != nil || !slices.Equal(e.Topics, topics) {
		t.Errorf("topics: %v", err)
	}
	if _, err := b.ResumeEndpoint(t.Context(), dev, got.EndpointID, 0); webhook.KindOf(err) != webhook.KindConflict {
		t.Errorf("resumed although nobody listens: %v", err)
	}
}

func TestStopListening_is_for_the_key_that_listens(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.narrow(account.ScopeManage)
	got, err := b.Listen(t.Context(), key, b.wish())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.StopListening(t.Context(), b.narrow(account.ScopeManage), got.EndpointID); webhook.KindOf(err) != webhook.KindNotFound {
		t.Errorf("another key: %v", err)
	}
	if err := b.StopListening(t.Context(), key, got.EndpointID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Listener(t.Context(), key, got.EndpointID); webhook.KindOf(err) != webhook.KindNotFound {
		t.Errorf("it is still there: %v", err)
	}
}
