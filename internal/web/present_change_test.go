package web

import (
	"testing"

	"github.com/bellwire/bellwire/internal/webhook"
)

func TestPresentChange_tells_a_key_from_a_person(t *testing.T) {
	t.Parallel()
	for want, actor := range map[string]webhook.Actor{
		"the key “made on the command line”": {Type: webhook.ActorKey, Name: "made on the command line"},
		"ada@example.com":                    {Type: webhook.ActorUser, Name: "ada@example.com"},
		"system":                             {Type: webhook.ActorSystem},
	} {
		if row := presentChange(webhook.AuditEntry{Actor: actor, Action: "endpoint.created"}, noon); row.By != want {
			t.Errorf("by %q, want %q", row.By, want)
		}
	}
}

func TestHowRows_count_one_request(t *testing.T) {
	t.Parallel()
	for _, row := range howRows(webhook.Endpoint{Settings: webhook.Settings{MaxInFlight: 1}}) {
		if row.Label == "At once" && row.Values[0] != "1 request" {
			t.Errorf("at once: %q", row.Values)
		}
	}
}
