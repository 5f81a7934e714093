package api

import (
	"context"
	"net/http"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Secret is a signing secret without its value.
type Secret struct {
	ID         string `json:"id" format:"uuid"`
	CreatedAt  string `json:"createdAt" format:"date-time"`
	ActiveFrom string `json:"activeFrom,omitempty" format:"date-time"`
	ExpiresAt  string `json:"expiresAt,omitempty" format:"date-time" doc:"End of the grace in which it is still sent along"`
}

// Signing is which secret does what now.
type Signing struct {
	Current  *Secret `json:"current,omitempty"`
	Next     *Secret `json:"next,omitempty"`
	Previous *Secret `json:"previous,omitempty"`
}

func signingShape(s webhook.Signing) Signing {
	return Signing{Current: secretShape(s.Current), Next: secretShape(s.Next), Previous: secretShape(s.Previous)}
}

func secretShape(s *webhook.Secret) *Secret {
	if s == nil {
		return nil
	}
	return &Secret{ID: s.ID.String(), CreatedAt: stamp(s.CreatedAt), ActiveFrom: stamp(s.ActiveFrom), ExpiresAt: stamp(s.ExpiresAt)}
}

// Revealed are the values of an endpoint's secrets.
type Revealed struct {
	Secret   string `json:"secret" doc:"The current one"`
	Next     string `json:"next,omitempty"`
	Previous string `json:"previous,omitempty"`
}

// Rotated is the state after a step, with the secret that the step made.
type Rotated struct {
	Secret string `json:"secret" doc:"The new one"`
	Signing
}

// Replaced is the state after a compromised secret was replaced.
type Replaced struct {
	Rotated
	WillFail []DeliveryRow `json:"willFail" doc:"Waiting deliveries that are refused until the receiver has the new secret, at most 200"`
}

// RotationRequest starts a rotation.
type RotationRequest struct {
	SwitchAt   *time.Time `json:"switchAt,omitempty" doc:"When the new secret takes over; else somebody switches"`
	GraceHours *float64   `json:"graceHours,omitempty" minimum:"0" maximum:"168" doc:"How long the old one is still sent along after the switch; default 24"`
	Secret     string     `json:"secret,omitempty" doc:"One that you bring; else one is made"`
}

const secretGroup = "Secrets"

func (a *API) secretCalls() {
	add(a, Call{Method: http.MethodPost, Path: "/endpoints/{id}/secret/reveal", ID: "reveal-secret", Group: secretGroup, May: account.UseSecrets,
		Summary: "Reveal the signing secret", Text: "Goes to the audit log."}, a.revealSecret)
	add(a, Call{Method: http.MethodPost, Path: "/endpoints/{id}/secret/rotate", ID: "rotate-secret", Group: secretGroup, May: account.UseSecrets,
		Summary: "Start a rotation", Text: "Makes the next secret; until the switch requests carry its signature beside the current one."}, a.rotateSecret)
	add(a, Call{Method: http.MethodPost, Path: "/endpoints/{id}/secret/switch", ID: "switch-secret", Group: secretGroup, May: account.UseSecrets,
		Summary: "Switch to the next secret"}, a.switchSecret)
	add(a, Call{Method: http.MethodPost, Path: "/endpoints/{id}/secret/undo", ID: "undo-rotation", Group: secretGroup, May: account.UseSecrets,
		Summary: "Take back the last step of a rotation"}, a.undoRotation)
	add(a, Call{Method: http.MethodPost, Path: "/endpoints/{id}/secret/compromised", ID: "replace-secret", Group: secretGroup, May: account.UseSecrets,
		Summary: "Replace a compromised secret", Text: "Switches and wipes at once: nothing is signed with the old secret any more."}, a.replaceSecret)
}

func (a *API) revealSecret(ctx context.Context, caller account.Caller, in *ByID) (*answer[Revealed], error) {
	id, err := endpointID(in)
	if err != nil {
		return nil, err
	}
	s, err := a.manage.RevealSecret(ctx, caller, id)
	return answering(Revealed{Secret: s.Current, Next: s.Next, Previous: s.Previous}, err)
}

type rotateInput struct {
	ByID
	Body *RotationRequest
}

func (a *API) rotateSecret(ctx context.Context, caller account.Caller, in *rotateInput) (*answer[Rotated], error) {
	id, err := endpointID(&in.ByID)
	if err != nil {
		return nil, err
	}
	var rotation manage.Rotation
	if b := in.Body; b != nil {
		rotation = manage.Rotation{Secret: b.Secret, Grace: through(b.GraceHours, hours)}
		if b.SwitchAt != nil {
			rotation.SwitchAt = *b.SwitchAt
		}
	}
	s, err := a.manage.RotateSecret(ctx, caller, id, rotation)
	return answering(Rotated{s.Value, signingShape(s.Signing)}, err)
}

func hours(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }

func (a *API) switchSecret(ctx context.Context, caller account.Caller, in *ByID) (*answer[Signing], error) {
	id, err := endpointID(in)
	if err != nil {
		return nil, err
	}
	s, err := a.manage.SwitchSecret(ctx, caller, id)
	return answering(signingShape(s), err)
}

func (a *API) undoRotation(ctx context.Context, caller account.Caller, in *ByID) (*answer[Signing], error) {
	id, err := endpointID(in)
	if err != nil {
		return nil, err
	}
	s, err := a.manage.UndoRotation(ctx, caller, id)
	return answering(signingShape(s), err)
}

func (a *API) replaceSecret(ctx context.Context, caller account.Caller, in *ByID) (*answer[Replaced], error) {
	id, err := endpointID(in)
	if err != nil {
		return nil, err
	}
	s, err := a.manage.ReplaceCompromised(ctx, caller, id)
	return answering(Replaced{Rotated{s.Value, signingShape(s.Signing)}, each(s.Waiting.Items, deliveryRow)}, err)
}
