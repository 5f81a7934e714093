package manage

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// NewEndpoint is what an endpoint is made from. Settings that are zero get
// their defaults; a secret header carries its Value.
type NewEndpoint struct {
	ProjectID webhook.ProjectID
	webhook.Settings
	// Secret is one that the developer brings; empty has one made.
	Secret string
}

// EndpointPatch changes the members that are not nil. A secret header without
// a value keeps the one it has.
type EndpointPatch struct {
	// Version is the one that the change was made on; 0 takes the present one.
	Version       int64
	Name          *string
	Kind          *webhook.EndpointKind
	URL           *string
	Channel       *string // of kind slack: a channel's id
	Format        *webhook.FormatName
	Custom        *webhook.CustomFormat
	Template      *string
	Topics        *[]string
	Prompt        *webhook.PromptFilter
	Payload       *webhook.PayloadFilter
	Headers       *[]webhook.Header
	Retry         *webhook.RetryPolicy
	Timeout       *time.Duration
	MaxInFlight   *int
	RatePerSecond *float64
	Ordered       *bool
}

// CreatedEndpoint is a new endpoint with its secret, and what may go wrong
// although it was saved.
type CreatedEndpoint struct {
	webhook.Endpoint
	Secret   string
	Warnings []string
}

// Endpoints lists endpoints of a project, or of all for staff.
func (s *Service) Endpoints(ctx context.Context, c account.Caller, f EndpointFilter) (webhook.Page[webhook.Endpoint], error) {
	var none webhook.Page[webhook.Endpoint]
	project, err := scope(c, account.ViewEndpoints, f.ProjectID)
	if err != nil {
		return none, err
	}
	if f.Limit, err = limitOf(f.Limit); err != nil {
		return none, err
	}
	f.ProjectID = project
	page, err := s.Store.Endpoints(ctx, f)
	if err != nil {
		return none, err
	}
	for i := range page.Items {
		page.Items[i] = maskEndpoint(c, page.Items[i])
	}
	return page, nil
}

// Endpoint answers one endpoint.
func (s *Service) Endpoint(ctx context.Context, c account.Caller, id webhook.EndpointID) (webhook.Endpoint, error) {
	e, err := s.endpoint(ctx, c, account.ViewEndpoints, id)
	return maskEndpoint(c, e), err
}

// PastEndpoint is Endpoint for those who read its log: deleted ones are
// answered too.
func (s *Service) PastEndpoint(ctx context.Context, c account.Caller, id webhook.EndpointID) (webhook.Endpoint, error) {
	e, err := s.pastEndpoint(ctx, c, account.ViewEndpoints, id)
	return maskEndpoint(c, e), err
}

// endpoint finds one that is not deleted and that the caller may act on.
// Another project's is missing.
func (s *Service) endpoint(ctx context.Context, c account.Caller, action account.Action, id webhook.EndpointID) (webhook.Endpoint, error) {
	e, err := s.pastEndpoint(ctx, c, action, id)
	if err == nil && !e.DeletedAt.IsZero() {
		return webhook.Endpoint{}, webhook.NotFound("there is no such endpoint")
	}
	return e, err
}

func (s *Service) pastEndpoint(ctx context.Context, c account.Caller, action account.Action, id webhook.EndpointID) (webhook.Endpoint, error) {
	missing := webhook.NotFound("there is no such endpoint")
	project, err := s.Store.EndpointOwner(ctx, id)
	if webhook.KindOf(err) == webhook.KindNotFound || err == nil && !c.Sees(project) {
		return webhook.Endpoint{}, missing
	}
	if err != nil {
		return webhook.Endpoint{}, err
	}
	if err := c.May(action, project); err != nil {
		return webhook.Endpoint{}, err
	}
	return s.Store.Endpoint(ctx, project, id)
}

// maskEndpoint hides what carries tokens from those who only look: values of
// secret headers from everybody, whole URLs and other values from viewers and
// support.
func maskEndpoint(c account.Caller, e webhook.Endpoint) webhook.Endpoint {
	headers := make([]webhook.Header, len(e.Headers))
	open := c.SeesURLs(e.ProjectID)
	for i, h := range e.Headers {
		if h.Secret || !open {
			h.Value = masked
		}
		h.Sealed = nil
		headers[i] = h
	}
	e.Headers = headers
	if !open && e.URL != "" && e.Kind != webhook.KindSlack {
		e.URL = MaskURL(e.URL)
	}
	return e
}

// masked stands where a value is not shown.
const masked = "****"

// CreateEndpoint registers a destination.
func (s *Service) CreateEndpoint(ctx context.Context, c account.Caller, n NewEndpoint) (CreatedEndpoint, error) {
	var none CreatedEndpoint
	project, err := scope(c, account.ChangeEndpoint, n.ProjectID)
	if err != nil {
		return none, err
	}
	if project.IsZero() {
		return none, webhook.Invalid("projectId", "is missing: this caller sees more than one project")
	}
	if _, err := s.Store.Project(ctx, project); err != nil {
		return none, err
	}
	if n.Kind == webhook.KindSlack {
		n.ProjectID = project
		return s.createSlackEndpoint(ctx, c, n)
	}
	if err := checkKeeps(webhook.Settings{}, n.Settings); err != nil {
		return none, err
	}
	topics, _, err := s.Store.Topics(ctx)
	if err != nil {
		return none, err
	}
	now := s.now()
	e := webhook.Endpoint{
		ID:        webhook.EndpointID{UUID: mint.UUID(now)},
		ProjectID: project,
		Version:   1,
		Settings:  n.Settings,
		State:     webhook.EndpointActive,
		CreatedAt: now,
		UpdatedAt: now,
	}
	warnings, err := s.prepare(&e, nil, n.Secret, topics)
	if err != nil {
		return none, err
	}
	value, secret := s.firstSecret(e.ID, n.Secret)
	if err := s.Store.CreateEndpoint(ctx, e, secret, s.entry(c, "endpoint.created", aboutEndpoint(e), whereTo(e))); err != nil {
		return none, err
	}
	warnings = append(warnings, s.lookUp(ctx, e.URL)...)
	return CreatedEndpoint{maskEndpoint(c, e), value, warnings}, nil
}

// prepare completes and checks an endpoint's settings together with a secret
// that was brought, and seals its headers.
func (s *Service) prepare(e *webhook.Endpoint, before []webhook.Header, secret string, topics []webhook.Topic) ([]string, error) {
	var wrong problems
	warnings, err := s.complete(&e.Settings, topics)
	wrong.add(err)
	if secret != "" {
		wrong.add(webhook.CheckSecret(secret))
	}
	e.Headers, err = s.sealHeaders(e.ID, e.Headers, before)
	wrong.add(err)
	return warnings, wrong.err()
}

// lookUpFor bounds the look-up of a new target's name: it only warns.
const lookUpFor = 2 * time.Second

func (s *Service) lookUp(ctx context.Context, target string) []string {
	ctx, cancel := context.WithTimeout(ctx, lookUpFor)
	defer cancel()
	if warning := s.URLs.Resolves(ctx, hostOf(target)); warning != "" {
		return []string{warning}
	}
	return nil
}

// UpdateEndpoint changes settings: one more version of them. Changed URL,
// headers and secret count from the next attempt, filters from the next event.
func (s *Service) UpdateEndpoint(ctx context.Context, c account.Caller, id webhook.EndpointID, patch EndpointPatch) (webhook.Endpoint, []string, error) {
	var none webhook.Endpoint
	e, err := s.endpoint(ctx, c, account.ChangeEndpoint, id)
	if err != nil {
		return none, nil, err
	}
	if patch.Version != 0 && patch.Version != e.Version {
		return none, nil, webhook.Conflict("the endpoint was changed by somebody else meanwhile; look at it and try again")
	}
	topics, _, err := s.Store.Topics(ctx)
	if err != nil {
		return none, nil, err
	}
	old := e.Settings
	patch.applyTo(&e.Settings)
	if err := s.moveChannel(ctx, &e, patch.Channel); err != nil {
		return none, nil, err
	}
	if err := checkKeeps(old, e.Settings); err != nil {
		return none, nil, err
	}
	warnings, err := s.prepare(&e, old.Headers, "", topics)
	if err != nil {
		return none, nil, err
	}
	changes := changed(old, e.Settings)
	if len(changes) == 0 {
		return maskEndpoint(c, e), warnings, nil
	}
	e.UpdatedAt = s.now()
	if err := s.Store.UpdateEndpoint(ctx, e, s.entry(c, "endpoint.updated", aboutEndpoint(e), changes.String())); err != nil {
		return none, nil, err
	}
	s.Waker.Wake()
	e.Version++
	if e.URL != old.URL && e.Kind != webhook.KindSlack {
		warnings = append(warnings, s.lookUp(ctx, e.URL)...)
	}
	return maskEndpoint(c, e), warnings, nil
}

func (p EndpointPatch) applyTo(set *webhook.Settings) {
	apply(&set.Name, p.Name)
	apply(&set.Kind, p.Kind)
	apply(&set.URL, p.URL)
	apply(&set.Template, p.Template)
	apply(&set.Topics, p.Topics)
	apply(&set.Prompt, p.Prompt)
	apply(&set.Payload, p.Payload)
	apply(&set.Retry, p.Retry)
	apply(&set.Timeout, p.Timeout)
	apply(&set.MaxInFlight, p.MaxInFlight)
	apply(&set.RatePerSecond, p.RatePerSecond)
	apply(&set.Ordered, p.Ordered)
	if p.Format != nil && *p.Format != set.Format {
		set.Format, set.Custom = *p.Format, nil
	}
	if p.Custom != nil {
		set.Custom = p.Custom
	}
	// Headers that stay are sealed again from what is stored.
	apply(&set.Headers, p.Headers)
}

// DeleteEndpoint ends an endpoint: what waits for it is cancelled, its log
// stays readable.
func (s *Service) DeleteEndpoint(ctx context.Context, c account.Caller, id webhook.EndpointID) error {
	e, err := s.endpoint(ctx, c, account.ChangeEndpoint, id)
	if err != nil {
		return err
	}
	if err := s.Store.DeleteEndpoint(ctx, e.ProjectID, id, s.now(), s.entry(c, "endpoint.deleted", aboutEndpoint(e), whereTo(e))); err != nil {
		return err
	}
	s.Waker.Wake()
	return nil
}

// PauseEndpoint holds an endpoint's deliveries until somebody resumes it.
func (s *Service) PauseEndpoint(ctx context.Context, c account.Caller, id webhook.EndpointID) (webhook.Endpoint, error) {
	e, err := s.endpoint(ctx, c, account.PauseEndpoint, id)
	if err != nil {
		return e, err
	}
	entry := s.entry(c, "endpoint.paused", aboutEndpoint(e), string(webhook.PausedByPerson))
	if err := s.Store.PauseBy(ctx, e.ProjectID, id, webhook.PausedByPerson, entry); err != nil {
		return webhook.Endpoint{}, err
	}
	s.Waker.Wake()
	return s.Endpoint(ctx, c, id)
}

// ResumeEndpoint lets held deliveries go, oldest first, at most ratePerSecond
// a second; 0 for as fast as the endpoint takes them.
func (s *Service) ResumeEndpoint(ctx context.Context, c account.Caller, id webhook.EndpointID, ratePerSecond float64) (webhook.Endpoint, error) {
	e, err := s.endpoint(ctx, c, account.PauseEndpoint, id)
	if err != nil {
		return e, err
	}
	if !(ratePerSecond >= 0 && ratePerSecond <= maxRate) {
		return e, webhook.Invalid("ratePerSecond", "must be from 0.001 to %d, or 0 for no limit", maxRate)
	}
	if e.PausedBecause == webhook.PausedAsAway {
		return e, webhook.Conflict("nobody is listening: deliveries go again when bellwire listen --forward runs")
	}
	if err := s.ready(ctx, e); err != nil {
		return e, err
	}
	entry := s.entry(c, "endpoint.resumed", aboutEndpoint(e), "was paused: "+string(e.PausedBecause))
	if err := s.Store.ResumeBy(ctx, e.ProjectID, id, ratePerSecond, entry); err != nil {
		return webhook.Endpoint{}, err
	}
	s.Waker.Wake()
	return s.Endpoint(ctx, c, id)
}

func aboutEndpoint(e webhook.Endpoint) object { return object{e.ProjectID, e.ID.UUID, e.Name} }
