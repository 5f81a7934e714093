package demo

import (
	"context"
	"fmt"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/prompts"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// story is a prompt of the demo, and how its wording changes from version to
// version.
type story struct {
	name     string
	tags     []string
	wordings []string
	// chat makes each wording the first message of a chat.
	chat bool
}

var stories = []story{
	{name: "movie-critic", tags: []string{"entertainment"}, wordings: []string{
		"Rate {{movie}} out of 10.",
		"As a {{criticLevel}} movie critic, rate {{movie}} out of 10.",
		"As a {{criticLevel}} movie critic, rate {{movie}} out of 10.\nSay in one sentence why.",
	}},
	{name: "customer-support/billing", tags: []string{"customer-support", "team:billing"}, wordings: []string{
		"You answer questions about invoices. Be kind.",
		"You answer questions about invoices of {{company}}.\nBe kind and brief.",
		"You answer questions about invoices of {{company}}.\nBe kind and brief.\nFor customers in the EU, name the right of withdrawal.",
	}, chat: true},
	{name: "customer-support/refunds", tags: []string{"customer-support"}, wordings: []string{
		"Decide whether the order {{orderId}} may be refunded.",
		"Decide whether the order {{orderId}} may be refunded.\nAnswer yes, no or ask.",
	}},
	{name: "marketing/tagline", tags: []string{"marketing"}, wordings: []string{
		"Write a tagline for {{product}}.",
		"Write three taglines for {{product}}, each under eight words.",
	}},
	{name: "production/checkout/address-check", tags: []string{"critical"}, wordings: []string{
		"Is this a postal address? {{address}}\nAnswer with yes or no.",
		"Is this a postal address in {{country}}? {{address}}\nAnswer with yes or no, and what is missing.",
	}},
}

// keptVersions is how many versions of a prompt the demo keeps.
const keptVersions = 8

// changePrompt makes the n-th change: versions come, labels move on, tags
// change, and old versions go.
func (d *Demo) changePrompt(ctx context.Context, project webhook.ProjectID, n int) error {
	s := stories[n%len(stories)]
	p, v, err := d.Manage.Prompt(ctx, d.caller, project, s.name, manage.Which{})
	if webhook.KindOf(err) == webhook.KindNotFound {
		return d.writePrompt(ctx, project, s, 0, "First words", "production")
	}
	if err != nil {
		return err
	}
	round := n / len(stories)
	switch round % 4 {
	case 0, 1:
		if len(p.Versions) < keptVersions {
			return d.writePrompt(ctx, project, s, p.Made, fmt.Sprintf("Tighten the wording, round %d", round))
		}
		_, err = d.Manage.DeletePrompt(ctx, d.caller, project, s.name, manage.Which{Number: p.Versions[0].Number})
	case 2:
		labels := [][]string{{"staging"}, {"production"}}[n%2]
		_, err = d.Manage.AddPromptLabels(ctx, d.caller, project, s.name, v.Number, labels)
	default:
		tags := s.tags
		if len(p.Tags) == len(s.tags) {
			tags = append([]string{"reviewed"}, s.tags...)
		}
		_, err = d.Manage.SetPromptTags(ctx, d.caller, project, s.name, tags)
	}
	return err
}

// writePrompt makes the version of a story that follows so many others.
func (d *Demo) writePrompt(ctx context.Context, project webhook.ProjectID, s story, after int, message string, labels ...string) error {
	words := rawjson.Quote(s.wordings[after%len(s.wordings)])
	draft := prompts.Draft{
		Type: webhook.PromptText, Content: words, Config: []byte(`{"model":"gpt-4o","temperature":0.7}`), Labels: labels, CommitMessage: message, Tags: s.tags,
	}
	if s.chat {
		draft.Type = webhook.PromptChat
		draft.Content = fmt.Appendf(nil, `[{"role":"system","content":%s},{"type":"placeholder","name":"history"},{"role":"user","content":"{{question}}"}]`, words)
	}
	_, _, err := d.Manage.CreatePrompt(ctx, d.caller, project, s.name, draft)
	return err
}
