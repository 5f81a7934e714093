package manage_test

import (
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestBothSpellingsOfTheDocumentsRegisterAWebhook(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.narrow(account.ScopeManage)
	b.db.topics = append(b.db.topics, webhook.Topic{Name: "customer.signed_up", Group: webhook.GroupCustom})
	long := must[manage.CreatedEndpoint](t)(b.RegisterWebhook(t.Context(), c, manage.Registration{
		URL: "https://your-domain.com/webhooks/aicommerce", Events: []string{"chat.message.received", "product.viewed"}, Secret: "your-webhook-secret",
	}))
	if long.Format != webhook.FormatAICommerce || long.Secret != "your-webhook-secret" || len(long.Topics) != 2 || long.Retry.Policy != webhook.RetryShort {
		t.Errorf("%+v", long)
	}
	short := must[manage.CreatedEndpoint](t)(b.RegisterWebhook(t.Context(), c, manage.Registration{
		EventType: "customer.signed_up", CallbackURL: "https://your-agent-api.com/webhooks/customer-signup", Description: "Notify our agent for new customer sign-ups",
	}))
	if short.Format != webhook.FormatPlain || short.Name != "Notify our agent for new customer sign-ups" || short.Secret == "" {
		t.Errorf("%+v", short)
	}
	shipped := must[manage.CreatedEndpoint](t)(b.RegisterWebhook(t.Context(), c, manage.Registration{EventType: "commission.earned", CallbackURL: "https://a.example.com/"}))
	chosen := must[manage.CreatedEndpoint](t)(b.RegisterWebhook(t.Context(), c, manage.Registration{EventType: "customer.signed_up", CallbackURL: "https://a.example.com/", Format: "hub"}))
	if shipped.Format != webhook.FormatAbba || chosen.Format != webhook.FormatHub {
		t.Errorf("formats %s and %s", shipped.Format, chosen.Format)
	}
}

func TestARegistrationsFaultsAreNamedInItsOwnSpelling(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.narrow(account.ScopeManage)
	for name, test := range map[string]struct {
		r      manage.Registration
		places []string
	}{
		"long":            {manage.Registration{URL: "http://x", Events: []string{"*", "nope"}, Description: "a\nb"}, []string{"events[1]", "url", "description"}},
		"long, no events": {manage.Registration{URL: "https://x"}, []string{"events"}},
		"short":           {manage.Registration{EventType: "nope", CallbackURL: "http://x"}, []string{"event_type", "callback_url"}},
		"short, no topic": {manage.Registration{CallbackURL: "https://x"}, []string{"event_type"}},
		"both":            {manage.Registration{EventType: "*", URL: "https://x"}, []string{"event_type"}},
	} {
		_, err := b.RegisterWebhook(t.Context(), c, test.r)
		wantPlaces(t, name, err, test.places...)
	}
}

func TestMetaTellsFormatsSchedulesAndLimits(t *testing.T) {
	t.Parallel()
	m := newBench(t).Meta()
	if m.Version != "1.0.0" || len(m.Formats) != 7 || len(m.Schedules[webhook.RetryStandard]) != 9 || m.Limits.Payload != 262144 {
		t.Errorf("%+v", m)
	}
}
