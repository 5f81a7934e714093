package manage

import (
	"context"
	"fmt"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// The bounds of a rotation.
const (
	DefaultGrace = 24 * time.Hour
	MaxGrace     = 7 * 24 * time.Hour
	maxSwitchIn  = 90 * 24 * time.Hour
)

// RevealedSecrets are the values of an endpoint's secrets; empty where there
// is none.
type RevealedSecrets struct {
	Current  string
	Next     string
	Previous string
}

// Rotation says how the next secret comes in.
type Rotation struct {
	// SwitchAt zero leaves the switch to a person.
	SwitchAt time.Time
	// Grace nil means 24 hours.
	Grace *time.Duration
	// Secret is one that the developer brings; empty has one made.
	Secret string
}

// Secrets tells which secrets sign at the moment, without their values.
func (s *Service) Secrets(ctx context.Context, c account.Caller, id webhook.EndpointID) (webhook.Signing, error) {
	e, err := s.endpoint(ctx, c, account.ViewEndpoints, id)
	if err != nil {
		return webhook.Signing{}, err
	}
	secrets, err := s.Store.Secrets(ctx, e.ProjectID, id)
	return s.signing(secrets), err
}

func (s *Service) signing(secrets []webhook.Secret) webhook.Signing {
	shown := make([]webhook.Secret, len(secrets))
	for i, secret := range secrets {
		secret.Sealed, secret.Value = nil, ""
		shown[i] = secret
	}
	return webhook.SigningAt(shown, s.now())
}

// RevealSecret opens an endpoint's secrets for the caller to copy.
func (s *Service) RevealSecret(ctx context.Context, c account.Caller, id webhook.EndpointID) (RevealedSecrets, error) {
	e, err := s.endpoint(ctx, c, account.UseSecrets, id)
	if err != nil {
		return RevealedSecrets{}, err
	}
	if err := signs(e); err != nil {
		return RevealedSecrets{}, err
	}
	secrets, err := s.Store.RevealSecrets(ctx, e.ProjectID, id, s.entry(c, "endpoint.secret.revealed", aboutEndpoint(e), ""))
	if err != nil {
		return RevealedSecrets{}, err
	}
	at := webhook.SigningAt(secrets, s.now())
	var shown RevealedSecrets
	for _, part := range []struct {
		secret *webhook.Secret
		to     *string
	}{{at.Current, &shown.Current}, {at.Next, &shown.Next}, {at.Previous, &shown.Previous}} {
		if part.secret == nil || part.secret.Sealed == nil {
			continue
		}
		if *part.to, err = s.open(*part.secret); err != nil {
			return RevealedSecrets{}, err
		}
	}
	return shown, nil
}

func (s *Service) open(secret webhook.Secret) (string, error) {
	plain, err := s.Box.Open(secret.Sealed, secret.ID.UUID, webhook.SecretField)
	if err != nil {
		return "", fmt.Errorf("open a signing secret: %w", err)
	}
	return string(plain), nil
}

func (s *Service) newSecret(endpoint webhook.EndpointID, value string) webhook.Secret {
	now := s.now()
	id := webhook.SecretID{UUID: mint.UUID(now)}
	return webhook.Secret{
		ID:         id,
		EndpointID: endpoint,
		Sealed:     s.Box.Seal([]byte(value), id.UUID, webhook.SecretField),
		CreatedAt:  now,
	}
}

// firstSecret is the secret that a new endpoint begins with: the one that was
// brought, or a made one if that is empty.
func (s *Service) firstSecret(endpoint webhook.EndpointID, brought string) (value string, secret webhook.Secret) {
	value = brought
	if value == "" {
		value = mint.SigningSecret()
	}
	secret = s.newSecret(endpoint, value)
	secret.ActiveFrom = secret.CreatedAt
	return value, secret
}

// RotatedSecret is the state after a step of a rotation. Value is set when a
// secret was made.
type RotatedSecret struct {
	webhook.Signing
	Value string
}

// RotateSecret brings in a next secret beside the current one.
func (s *Service) RotateSecret(ctx context.Context, c account.Caller, id webhook.EndpointID, r Rotation) (RotatedSecret, error) {
	e, err := s.endpoint(ctx, c, account.UseSecrets, id)
	if err != nil {
		return RotatedSecret{}, err
	}
	value, err := checkRotation(&r, s.now())
	if err != nil {
		return RotatedSecret{}, err
	}
	next := s.newSecret(id, value)
	next.Grace = *r.Grace
	next.ActiveFrom = r.SwitchAt
	detail := "until somebody switches"
	if !r.SwitchAt.IsZero() {
		detail = "switches at " + r.SwitchAt.Format(time.RFC3339)
	}
	_, at, err := s.changeSecrets(ctx, c, e, "endpoint.secret.rotated", detail, func(secrets []webhook.Secret, now time.Time) ([]webhook.Secret, error) {
		return rotate(secrets, next, now)
	})
	return RotatedSecret{at, value}, err
}

// checkRotation fills in the grace and makes a secret if none was brought.
func checkRotation(r *Rotation, now time.Time) (string, error) {
	if r.Grace == nil {
		grace := DefaultGrace
		r.Grace = &grace
	}
	r.SwitchAt = r.SwitchAt.UTC().Truncate(time.Millisecond)
	switch {
	case *r.Grace < 0 || *r.Grace > MaxGrace:
		return "", webhook.Invalid("graceHours", "must be from 0 to %d", int(MaxGrace.Hours()))
	case !r.SwitchAt.IsZero() && !r.SwitchAt.After(now):
		return "", webhook.Invalid("switchAt", "must be in the future")
	case r.SwitchAt.After(now.Add(maxSwitchIn)):
		return "", webhook.Invalid("switchAt", "must be within %d days", int(maxSwitchIn.Hours()/24))
	case r.Secret == "":
		return mint.SigningSecret(), nil
	}
	return r.Secret, webhook.CheckSecret(r.Secret)
}

// SwitchSecret makes the next secret the one of the main header now.
func (s *Service) SwitchSecret(ctx context.Context, c account.Caller, id webhook.EndpointID) (webhook.Signing, error) {
	e, err := s.endpoint(ctx, c, account.UseSecrets, id)
	if err != nil {
		return webhook.Signing{}, err
	}
	_, at, err := s.changeSecrets(ctx, c, e, "endpoint.secret.switched", "", switchOver)
	return at, err
}

// UndoRotation takes the last step of a rotation back.
func (s *Service) UndoRotation(ctx context.Context, c account.Caller, id webhook.EndpointID) (webhook.Signing, error) {
	e, err := s.endpoint(ctx, c, account.UseSecrets, id)
	if err != nil {
		return webhook.Signing{}, err
	}
	_, at, err := s.changeSecrets(ctx, c, e, "endpoint.secret.undone", "", undo)
	return at, err
}

// ReplacedSecret is what follows when a secret became known to others.
type ReplacedSecret struct {
	webhook.Signing
	// Value is the secret that signs from now on.
	Value string
	// Waiting are the deliveries that will be refused until the receiver has
	// the new secret.
	Waiting webhook.Page[webhook.DeliveryRow]
}

// ReplaceCompromised switches and wipes at once: nothing is signed with the
// old secret any more.
func (s *Service) ReplaceCompromised(ctx context.Context, c account.Caller, id webhook.EndpointID) (ReplacedSecret, error) {
	var none ReplacedSecret
	e, err := s.endpoint(ctx, c, account.UseSecrets, id)
	if err != nil {
		return none, err
	}
	fresh := s.newSecret(id, mint.SigningSecret())
	rows, at, err := s.changeSecrets(ctx, c, e, "endpoint.secret.compromised", "the old one is wiped", func(secrets []webhook.Secret, now time.Time) ([]webhook.Secret, error) {
		return compromised(secrets, fresh, now), nil
	})
	if err != nil {
		return none, err
	}
	value, err := s.open(*byID(rows, at.Current.ID))
	if err != nil {
		return none, err
	}
	waiting, err := s.Store.Deliveries(ctx, webhook.DeliveryFilter{ProjectID: e.ProjectID, EndpointID: id, State: webhook.Waiting, Limit: MaxLimit})
	return ReplacedSecret{at, value, waiting}, err
}

// step is one change of an endpoint's secrets.
type step func(before []webhook.Secret, now time.Time) (after []webhook.Secret, err error)

// changeSecrets carries out a step and answers the rows and the state after
// it.
func (s *Service) changeSecrets(ctx context.Context, c account.Caller, e webhook.Endpoint, action, detail string, change step) ([]webhook.Secret, webhook.Signing, error) {
	var none webhook.Signing
	if err := signs(e); err != nil {
		return nil, none, err
	}
	before, err := s.Store.Secrets(ctx, e.ProjectID, e.ID)
	if err != nil {
		return nil, none, err
	}
	after, err := change(before, s.now())
	if err != nil {
		return nil, none, err
	}
	if err := s.Store.ChangeSecrets(ctx, e.ProjectID, e.ID, before, after, s.entry(c, action, aboutEndpoint(e), detail)); err != nil {
		return nil, none, err
	}
	s.Waker.Wake() // no node signs with what it remembers
	return after, s.signing(after), nil
}
