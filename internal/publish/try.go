package publish

import (
	"context"
	"errors"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Trial is what publishing a draft now would come to. Nothing is stored.
type Trial struct {
	// Faults would refuse it; Warnings would not.
	Faults   []webhook.Field
	Warnings []string
	// Suspended: the project's deliveries would be held.
	Suspended bool
	// Matches are all endpoints of the project in order of id; none while the
	// faults leave nothing to match.
	Matches []Match
}

// Match is what an event would be to one endpoint.
type Match struct {
	Endpoint webhook.Endpoint
	filter.Explanation
}

// Try checks a draft for one project as Publish would and says who would get
// it: whoever sees the project's endpoints may ask.
func (p *Publisher) Try(ctx context.Context, caller account.Caller, d Draft) (Trial, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var trial Trial
	if err := address(&d, caller, ""); err != nil {
		return trial, err
	}
	if d.Audience == webhook.AudienceAll {
		return trial, webhook.Invalid("audience", "can be tried for one project only")
	}
	if err := caller.May(account.ViewEndpoints, d.Project); err != nil {
		return trial, err
	}
	e, err := p.judge(ctx, caller, d, "")
	var told *webhook.Error
	switch {
	case err == nil:
		trial.Warnings = e.warnings
	case errors.As(err, &told) && (told.Kind == webhook.KindInvalid || told.Kind == webhook.KindTooLarge):
		trial.Faults = told.Fields
		return trial, nil
	default:
		return trial, err
	}
	_, trial.Suspended, err = p.store.Catalogue(ctx, d.Project, func(one webhook.Endpoint) error {
		trial.Matches = append(trial.Matches, Match{one, filter.Explain(one, e.event)})
		return nil
	})
	if err != nil {
		return Trial{}, unreachable("read endpoints", err)
	}
	return trial, nil
}
