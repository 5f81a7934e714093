package manage

import (
	"context"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/snippet"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Code writes the code that verifies an endpoint's requests as its format
// stands now. No secret is in it.
func (s *Service) Code(ctx context.Context, c account.Caller, id webhook.EndpointID, language snippet.Language) (snippet.Snippet, error) {
	e, err := s.endpoint(ctx, c, account.ViewEndpoints, id)
	if err != nil {
		return snippet.Snippet{}, err
	}
	if err := signs(e); err != nil {
		return snippet.Snippet{}, err
	}
	topics, _, err := s.Store.Topics(ctx)
	if err != nil {
		return snippet.Snippet{}, err
	}
	sample := webhook.Topic{Name: "example.sent"}
	if t, err := testTopic(e, topics, ""); err == nil {
		sample = t
	}
	return snippet.Write(language, snippet.Endpoint{Format: e.Format, Custom: e.Custom, Topic: sample.Name, Example: sample.Example})
}
