package api

import (
	"context"
	"net/http"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

const endpointGroup = "Endpoints"

func (a *API) endpointCalls() {
	add(a, Call{Method: http.MethodGet, Path: "/endpoints", ID: "list-endpoints", Group: endpointGroup, May: account.ViewEndpoints,
		Summary: "List endpoints", Text: "Newest first."}, a.listEndpoints)
	add(a, Call{Method: http.MethodPost, Path: "/endpoints", ID: "create-endpoint", Group: endpointGroup, May: account.ChangeEndpoint,
		Summary: "Create an endpoint", Text: "Every matching event published after the answer goes to it.", Status: http.StatusCreated}, a.createEndpoint)
	add(a, Call{Method: http.MethodGet, Path: "/endpoints/{id}", ID: "get-endpoint", Group: endpointGroup, May: account.ViewEndpoints,
		Summary: "Get an endpoint"}, a.getEndpoint)
	add(a, Call{Method: http.MethodPatch, Path: "/endpoints/{id}", ID: "update-endpoint", Group: endpointGroup, May: account.ChangeEndpoint,
		Summary: "Change an endpoint", Text: "URL and headers count from the next attempt, filters from the next event."}, a.updateEndpoint)
	add(a, Call{Method: http.MethodDelete, Path: "/endpoints/{id}", ID: "delete-endpoint", Group: endpointGroup, May: account.ChangeEndpoint,
		Summary: "Delete an endpoint", Text: "What waits for it is cancelled; its log stays.", Status: http.StatusNoContent}, a.deleteEndpoint)
	add(a, Call{Method: http.MethodPost, Path: "/endpoints/{id}/pause", ID: "pause-endpoint", Group: endpointGroup, May: account.PauseEndpoint,
		Summary: "Pause an endpoint", Text: "Its deliveries are held until somebody resumes it."}, a.pauseEndpoint)
	add(a, Call{Method: http.MethodPost, Path: "/endpoints/{id}/resume", ID: "resume-endpoint", Group: endpointGroup, May: account.PauseEndpoint,
		Summary: "Resume an endpoint", Text: "Held deliveries go oldest first."}, a.resumeEndpoint)
	add(a, Call{Method: http.MethodPost, Path: "/endpoints/{id}/test", ID: "test-endpoint", Group: endpointGroup, May: account.TestEndpoint,
		Summary: "Send a test", Text: "Sends the example of a topic at once, on the same path as every delivery, and answers the attempt."}, a.testEndpoint)
	add(a, Call{Method: http.MethodGet, Path: "/endpoints/{id}/code", ID: "endpoint-code", Group: endpointGroup, May: account.ViewEndpoints,
		Summary: "Get verification code", Text: "A small receiver that verifies this endpoint's format, complete and ready to run."}, a.endpointCode)
}

type listEndpointsInput struct {
	Paging
	OfProject
	State string `query:"state" enum:"active,paused"`
	Query string `query:"q" maxLength:"200" doc:"A part of the name or URL, or an id"`
}

func (a *API) listEndpoints(ctx context.Context, caller account.Caller, in *listEndpointsInput) (*answer[List[Endpoint]], error) {
	project, err := a.projectOf(ctx, caller, in.ProjectID, "query.projectId")
	if err != nil {
		return nil, err
	}
	page, err := a.manage.Endpoints(ctx, caller, manage.EndpointFilter{
		ProjectID: project, State: webhook.EndpointState(in.State), Query: in.Query, Cursor: in.Cursor, Limit: in.Limit,
	})
	return answering(listOf(page, endpointShape), err)
}

func (a *API) createEndpoint(ctx context.Context, caller account.Caller, in *struct{ Body EndpointRequest }) (*answer[NewEndpoint], error) {
	project, err := a.projectOf(ctx, caller, in.Body.ProjectID, "projectId")
	if err != nil {
		return nil, err
	}
	e, err := a.manage.CreateEndpoint(ctx, caller, manage.NewEndpoint{ProjectID: project, Settings: in.Body.settings(), Secret: in.Body.Secret})
	return answering(NewEndpoint{endpointShape(e.Endpoint), e.Secret, present(e.Warnings)}, err)
}

func (a *API) getEndpoint(ctx context.Context, caller account.Caller, in *ByID) (*answer[Endpoint], error) {
	id, err := endpointID(in)
	if err != nil {
		return nil, err
	}
	e, err := a.manage.Endpoint(ctx, caller, id)
	return answering(endpointShape(e), err)
}

func endpointID(in *ByID) (webhook.EndpointID, error) {
	id, err := idIn(in.ID, "endpoint")
	return webhook.EndpointID{UUID: id}, err
}

type updateEndpointInput struct {
	ByID
	Body    EndpointPatch
	RawBody []byte
}

func (a *API) updateEndpoint(ctx context.Context, caller account.Caller, in *updateEndpointInput) (*answer[ChangedEndpoint], error) {
	id, err := endpointID(&in.ByID)
	if err != nil {
		return nil, err
	}
	if err := notNull(in.RawBody, "name", "kind", "url", "format", "topics", "payloadFilter"); err != nil {
		return nil, err
	}
	e, warnings, err := a.manage.UpdateEndpoint(ctx, caller, id, in.Body.patch())
	return answering(ChangedEndpoint{endpointShape(e), present(warnings)}, err)
}

func (a *API) deleteEndpoint(ctx context.Context, caller account.Caller, in *ByID) (*nothing, error) {
	id, err := endpointID(in)
	if err != nil {
		return nil, err
	}
	return done(a.manage.DeleteEndpoint(ctx, caller, id))
}

func (a *API) pauseEndpoint(ctx context.Context, caller account.Caller, in *ByID) (*answer[Endpoint], error) {
	id, err := endpointID(in)
	if err != nil {
		return nil, err
	}
	e, err := a.manage.PauseEndpoint(ctx, caller, id)
	return answering(endpointShape(e), err)
}

type resumeInput struct {
	ByID
	Body *struct {
		RatePerSecond float64 `json:"ratePerSecond,omitempty" minimum:"0" maximum:"10000" doc:"How fast held deliveries go; 0 for as fast as the endpoint takes them"`
	}
}

func (a *API) resumeEndpoint(ctx context.Context, caller account.Caller, in *resumeInput) (*answer[Endpoint], error) {
	id, err := endpointID(&in.ByID)
	if err != nil {
		return nil, err
	}
	var rate float64
	if in.Body != nil {
		rate = in.Body.RatePerSecond
	}
	e, err := a.manage.ResumeEndpoint(ctx, caller, id, rate)
	return answering(endpointShape(e), err)
}

type testInput struct {
	ByID
	Body *struct {
		Topic   string `json:"topic,omitempty" maxLength:"128" doc:"Default: the first that the endpoint subscribes to"`
		UseNext bool   `json:"useNext,omitempty" doc:"Signs with the next secret, to see whether the receiver knows it"`
	}
}

// TestAttempt is a test's attempt with the delivery that it is logged under.
type TestAttempt struct {
	DeliveryID string `json:"deliveryId" format:"uuid"`
	EventID    string `json:"eventId" format:"uuid"`
	Attempt
}

func (a *API) testEndpoint(ctx context.Context, caller account.Caller, in *testInput) (*answer[TestAttempt], error) {
	id, err := endpointID(&in.ByID)
	if err != nil {
		return nil, err
	}
	var wish manage.TestWish
	if in.Body != nil {
		wish = manage.TestWish{Topic: in.Body.Topic, UseNext: in.Body.UseNext}
	}
	t, err := a.manage.TestEndpoint(ctx, caller, id, wish)
	return answering(TestAttempt{t.Delivery.ID.String(), t.Delivery.EventID.String(), attemptShape(t.Attempt, "")}, err)
}
