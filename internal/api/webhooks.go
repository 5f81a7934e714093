package api

import (
	"context"
	"net/http"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// WebhookRequest registers an endpoint in one of two spellings: url and
// events, or event_type and callback_url.
type WebhookRequest struct {
	ProjectID   string   `json:"projectId,omitempty" maxLength:"300" doc:"A project's id, or ext: and its external id"`
	URL         string   `json:"url,omitempty" maxLength:"2048" example:"https://example.com/hooks"`
	Events      []string `json:"events,omitempty" doc:"Topics or globs" example:"product.viewed"`
	EventType   string   `json:"event_type,omitempty" maxLength:"128" doc:"One topic, in place of events"`
	CallbackURL string   `json:"callback_url,omitempty" maxLength:"2048" doc:"In place of url"`
	Description string   `json:"description,omitempty" maxLength:"200"`
	Secret      string   `json:"secret,omitempty" doc:"One that you bring; else one is made"`
	Format      string   `json:"format,omitempty"`
}

// Webhook is an endpoint in the short form.
type Webhook struct {
	ID          string   `json:"id" format:"uuid"`
	URL         string   `json:"url"`
	Events      []string `json:"events"`
	Description string   `json:"description"`
	Format      string   `json:"format"`
	State       string   `json:"state" enum:"active,paused"`
	CreatedAt   string   `json:"createdAt" format:"date-time"`
}

// NewWebhook is a webhook with its secret.
type NewWebhook struct {
	Webhook
	Secret   string   `json:"secret"`
	Warnings []string `json:"warnings"`
}

func webhookShape(e webhook.Endpoint) Webhook {
	return Webhook{
		ID: e.ID.String(), URL: e.URL, Events: present(e.Topics), Description: e.Name, Format: string(e.Format),
		State: string(e.State), CreatedAt: stamp(e.CreatedAt),
	}
}

const webhookGroup = "Webhooks"

func (a *API) webhookCalls() {
	add(a, Call{Method: http.MethodGet, Path: "/webhooks", ID: "list-webhooks", Group: webhookGroup, May: account.ViewEndpoints,
		Summary: "List webhooks", Text: "The endpoints, in short."}, a.listWebhooks)
	add(a, Call{Method: http.MethodPost, Path: "/webhooks", ID: "register-webhook", Group: webhookGroup, May: account.ChangeEndpoint,
		Summary: "Register a webhook", Text: "The short way to an endpoint: {url, events} or {event_type, callback_url}.",
		Status: http.StatusCreated}, a.registerWebhook)
	add(a, Call{Method: http.MethodDelete, Path: "/webhooks/{id}", ID: "delete-webhook", Group: webhookGroup, May: account.ChangeEndpoint,
		Summary: "Delete a webhook", Status: http.StatusNoContent}, a.deleteEndpoint)
}

type listWebhooksInput struct {
	Paging
	OfProject
}

func (a *API) listWebhooks(ctx context.Context, caller account.Caller, in *listWebhooksInput) (*answer[List[Webhook]], error) {
	project, err := a.projectOf(ctx, caller, in.ProjectID, "query.projectId")
	if err != nil {
		return nil, err
	}
	page, err := a.manage.Endpoints(ctx, caller, manage.EndpointFilter{ProjectID: project, Cursor: in.Cursor, Limit: in.Limit})
	return answering(listOf(page, webhookShape), err)
}

func (a *API) registerWebhook(ctx context.Context, caller account.Caller, in *struct{ Body WebhookRequest }) (*answer[NewWebhook], error) {
	b := in.Body
	project, err := a.projectOf(ctx, caller, b.ProjectID, "projectId")
	if err != nil {
		return nil, err
	}
	e, err := a.manage.RegisterWebhook(ctx, caller, manage.Registration{
		ProjectID: project, URL: b.URL, Events: b.Events, EventType: b.EventType, CallbackURL: b.CallbackURL,
		Description: b.Description, Secret: b.Secret, Format: webhook.FormatName(b.Format),
	})
	return answering(NewWebhook{webhookShape(e.Endpoint), e.Secret, present(e.Warnings)}, err)
}
