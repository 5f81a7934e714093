package manage

import (
	"context"
	"net/url"
	"slices"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Listening is a listener with its endpoint and secret, ready to open a stream.
type Listening struct {
	webhook.Listener
	CreatedEndpoint
}

// Listen makes an endpoint of kind forward for a developer's machine, or takes
// up again the one that the same key made under the same name. Its URL says
// where the machine posts to; nothing here dials it. Topics, filters and
// format that are left out stay what they were; at first topics mean all. A secret that is brought replaces another one at
// once.
func (s *Service) Listen(ctx context.Context, c account.Caller, n NewEndpoint) (Listening, error) {
	var none Listening
	project, err := scope(c, account.ChangeEndpoint, n.ProjectID)
	switch {
	case err != nil:
		return none, err
	case c.Key == nil:
		return none, webhook.Forbidden("only an API key can listen")
	case project.IsZero():
		return none, webhook.Invalid("projectId", "is missing: this key sees more than one project")
	}
	if err := c.May(account.ViewEvents, project); err != nil {
		return none, err
	}
	if _, err := s.Store.Project(ctx, project); err != nil {
		return none, err
	}
	n.ProjectID, n.Kind = project, webhook.KindForward
	if n.Name, err = checkName("name", n.Name); err != nil {
		return none, err
	}
	l, err := s.Store.ListenerNamed(ctx, c.Key.ID, n.Name)
	switch {
	case webhook.KindOf(err) == webhook.KindNotFound:
		return s.newListener(ctx, c, n)
	case err != nil:
		return none, err
	case l.ProjectID != project:
		return none, webhook.Conflict("this key listens to another project under that name; choose another name")
	}
	return s.listenAgain(ctx, c, l, n)
}

func (s *Service) newListener(ctx context.Context, c account.Caller, n NewEndpoint) (Listening, error) {
	var none Listening
	if len(n.Topics) == 0 {
		n.Topics = []string{"*"}
	}
	if n.Timeout == 0 {
		n.Timeout = webhook.MaxTimeout // somebody may be looking at a breakpoint
	}
	topics, _, err := s.Store.Topics(ctx)
	if err != nil {
		return none, err
	}
	now := s.now()
	e := webhook.Endpoint{
		ID: webhook.EndpointID{UUID: mint.UUID(now)}, ProjectID: n.ProjectID, Version: 1, Settings: n.Settings, CreatedAt: now, UpdatedAt: now,
		State: webhook.EndpointPaused, PausedBecause: webhook.PausedAsAway, PausedAt: now,
	}
	warnings, err := s.prepare(&e, nil, n.Secret, topics)
	if err != nil {
		return none, err
	}
	value, secret := s.firstSecret(e.ID, n.Secret)
	l := webhook.Listener{EndpointID: e.ID, ProjectID: e.ProjectID, KeyID: c.Key.ID, Name: n.Name, LeftAt: now}
	if err := s.Store.CreateListener(ctx, l, e, secret, s.entry(c, "endpoint.created", aboutEndpoint(e), "for a listener")); err != nil {
		return none, err
	}
	return Listening{l, CreatedEndpoint{maskEndpoint(c, e), value, warnings}}, nil
}

// listenAgain takes up a listener with what may have changed meanwhile.
func (s *Service) listenAgain(ctx context.Context, c account.Caller, l webhook.Listener, n NewEndpoint) (Listening, error) {
	var none Listening
	e, err := s.Store.Endpoint(ctx, l.ProjectID, l.EndpointID)
	if err != nil {
		return none, err
	}
	topics, _, err := s.Store.Topics(ctx)
	if err != nil {
		return none, err
	}
	old := e.Settings
	e.URL = n.URL
	if len(n.Topics) > 0 {
		e.Topics = n.Topics
	}
	if n.Format != "" {
		e.Format, e.Custom = n.Format, n.Custom
	}
	if !n.Prompt.Empty() {
		e.Prompt = n.Prompt
	}
	if !n.Payload.Empty() {
		e.Payload = n.Payload
	}
	warnings, err := s.prepare(&e, old.Headers, n.Secret, topics)
	if err != nil {
		return none, err
	}
	if changes := changed(old, e.Settings); len(changes) > 0 {
		e.UpdatedAt = s.now()
		if err := s.Store.UpdateEndpoint(ctx, e, s.entry(c, "endpoint.updated", aboutEndpoint(e), changes.String())); err != nil {
			return none, err
		}
		e.Version++
		s.Waker.Wake()
	}
	value, err := s.listenSecret(ctx, c, e, n.Secret)
	return Listening{l, CreatedEndpoint{maskEndpoint(c, e), value, warnings}}, err
}

// listenSecret answers the secret that signs; one that is brought takes its
// place.
func (s *Service) listenSecret(ctx context.Context, c account.Caller, e webhook.Endpoint, brought string) (string, error) {
	before, err := s.Store.Secrets(ctx, e.ProjectID, e.ID)
	if err != nil {
		return "", err
	}
	present := ""
	if current := webhook.SigningAt(before, s.now()).Current; current != nil && current.Sealed != nil {
		if present, err = s.open(*current); err != nil {
			return "", err
		}
	}
	if present != "" && (brought == "" || brought == present) {
		return present, nil
	}
	if brought == "" {
		brought = mint.SigningSecret()
	}
	next := s.newSecret(e.ID, brought)
	next.ActiveFrom = next.CreatedAt
	standing := slices.DeleteFunc(slices.Clone(before), func(old webhook.Secret) bool { return old.ActiveFrom.IsZero() })
	after := compromised(standing, next, next.CreatedAt)
	entry := s.entry(c, "endpoint.secret.replaced", aboutEndpoint(e), "by the listener")
	if err := s.Store.ChangeSecrets(ctx, e.ProjectID, e.ID, before, after, entry); err != nil {
		return "", err
	}
	s.Waker.Wake()
	return brought, nil
}

// Listener finds the listener that the caller's key opened.
func (s *Service) Listener(ctx context.Context, c account.Caller, id webhook.EndpointID) (webhook.Listener, error) {
	missing := webhook.NotFound("there is no such listener: it was away for too long, or its endpoint was deleted")
	if c.Key == nil {
		return webhook.Listener{}, missing
	}
	l, err := s.Store.Listener(ctx, id)
	if webhook.KindOf(err) == webhook.KindNotFound || err == nil && l.KeyID != c.Key.ID {
		return webhook.Listener{}, missing
	}
	if err != nil {
		return webhook.Listener{}, err
	}
	return l, c.May(account.ChangeEndpoint, l.ProjectID)
}

// StopListening ends a listener with its endpoint: what waits is cancelled, the
// log stays.
func (s *Service) StopListening(ctx context.Context, c account.Caller, id webhook.EndpointID) error {
	l, err := s.Listener(ctx, c, id)
	if err != nil {
		return err
	}
	e, err := s.Store.Endpoint(ctx, l.ProjectID, id)
	if err != nil {
		return err
	}
	entry := s.entry(c, "endpoint.deleted", aboutEndpoint(e), webhook.GoneListener)
	if err := s.Store.DeleteEndpoint(ctx, l.ProjectID, id, s.now(), entry); err != nil {
		return err
	}
	s.Waker.Wake()
	return nil
}

// maxLocalURL bounds a listener's own URL.
const maxLocalURL = 2048

// checkLocalURL refuses what a listener can't post to. Where it leads is the
// listener's own affair: only its machine dials it.
func checkLocalURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case len(raw) > maxLocalURL:
		return webhook.Invalid("url", "must have at most %d characters", maxLocalURL)
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "":
		return webhook.Invalid("url", "must be a URL like http://localhost:3000/hook")
	}
	return nil
}
