package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

const deliveryGroup = "Deliveries"

func (a *API) deliveryCalls() {
	add(a, Call{Method: http.MethodGet, Path: "/deliveries", ID: "list-deliveries", Group: deliveryGroup, May: account.ViewDeliveries,
		Summary: "List deliveries", Text: "Newest first, with their attempts but no bodies."}, a.listDeliveries)
	add(a, Call{Method: http.MethodGet, Path: "/deliveries/{id}", ID: "get-delivery", Group: deliveryGroup, May: account.ViewDeliveries,
		Summary: "Get a delivery with its attempts"}, a.getDelivery)
	add(a, Call{Method: http.MethodPost, Path: "/deliveries/{id}/resend", ID: "resend-delivery", Group: deliveryGroup, May: account.SendAgain,
		Summary: "Send an ended delivery's event again", Text: "Answers the new delivery. It has the endpoint's present settings and secret.",
		Status: http.StatusAccepted}, a.resend)
	add(a, Call{Method: http.MethodPost, Path: "/deliveries/resend", ID: "resend-deliveries", Group: deliveryGroup, May: account.SendAgain,
		Summary: "Send several ended deliveries again",
		Text:    "Answers for each id, in order, the new delivery or why there is none: one that can't be sent again stops no other.",
		Status:  http.StatusAccepted}, a.resendMany)
	add(a, Call{Method: http.MethodPost, Path: "/deliveries/{id}/send-now", ID: "send-delivery-now", Group: deliveryGroup, May: account.SendAgain,
		Summary: "Send a waiting delivery now", Status: http.StatusAccepted}, a.sendNow)
	add(a, Call{Method: http.MethodPost, Path: "/deliveries/{id}/cancel", ID: "cancel-delivery", Group: deliveryGroup, May: account.CancelDelivery,
		Summary: "Cancel a waiting delivery", Status: http.StatusAccepted}, a.cancelDelivery)
}

type listDeliveriesInput struct {
	Paging
	OfProject
	Span
	EndpointID string `query:"endpointId" maxLength:"64"`
	EventID    string `query:"eventId" maxLength:"64"`
	State      string `query:"state" enum:"failed,waiting,held,sending,delivered,exhausted,cancelled" doc:"failed is exhausted, or not ended after an attempt that failed"`
	Topic      string `query:"topic" maxLength:"128"`
	Status     int    `query:"status" minimum:"0" maximum:"999" doc:"The latest answer's HTTP status"`
	Query      string `query:"q" maxLength:"200" doc:"An id of a delivery, event, endpoint or attempt"`
}

func (in *listDeliveriesInput) filter() (webhook.DeliveryFilter, error) {
	f := webhook.DeliveryFilter{
		State: webhook.State(in.State), Topic: in.Topic, Status: in.Status, Since: in.Since, Until: in.Until,
		Query: in.Query, Cursor: in.Cursor, Limit: in.Limit,
	}
	var err error
	if f.EndpointID.UUID, err = idFilter(in.EndpointID, "query.endpointId"); err != nil {
		return f, err
	}
	if f.EventID.UUID, err = idFilter(in.EventID, "query.eventId"); err != nil {
		return f, err
	}
	return f, in.check()
}

// idFilter reads an id that narrows a list; empty for none.
func idFilter(text, at string) (webhook.UUID, error) {
	if text == "" {
		return webhook.UUID{}, nil
	}
	id, err := webhook.ParseUUID(text)
	return id, locate(err, at)
}

func (a *API) listDeliveries(ctx context.Context, caller account.Caller, in *listDeliveriesInput) (*answer[List[ListedDelivery]], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	if f.ProjectID, err = a.projectOf(ctx, caller, in.ProjectID, "query.projectId"); err != nil {
		return nil, err
	}
	page, err := a.manage.DeliveryLog(ctx, caller, f)
	return answering(listOf(page, listedDelivery), err)
}

func deliveryID(in *ByID) (webhook.DeliveryID, error) {
	id, err := idIn(in.ID, "delivery")
	return webhook.DeliveryID{UUID: id}, err
}

func (a *API) getDelivery(ctx context.Context, caller account.Caller, in *ByID) (*answer[Delivery], error) {
	id, err := deliveryID(in)
	if err != nil {
		return nil, err
	}
	d, err := a.manage.Delivery(ctx, caller, id, "")
	return answering(deliveryShape(d), err)
}

func (a *API) resend(ctx context.Context, caller account.Caller, in *ByID) (*answer[DeliveryRow], error) {
	return a.act(ctx, caller, in, a.manage.Resend)
}

type resendInput struct {
	Body struct {
		ProjectID string   `json:"projectId,omitempty" maxLength:"300" doc:"For instance keys: the project's id, or ext: and its external id. One that names none means all"`
		IDs       []string `json:"ids" minItems:"1" maxItems:"200" doc:"Of ended deliveries"`
	}
}

// Resent is what came of sending one delivery again.
type Resent struct {
	ID       string       `json:"id" format:"uuid" doc:"The delivery that was asked for"`
	Delivery *DeliveryRow `json:"delivery,omitempty" doc:"The new one"`
	Error    string       `json:"error,omitempty" doc:"Why it can't be sent again"`
}

// ResentList is the answer for several, in their order.
type ResentList struct {
	Results []Resent `json:"results"`
}

func (a *API) resendMany(ctx context.Context, caller account.Caller, in *resendInput) (*answer[ResentList], error) {
	project, err := a.projectOf(ctx, caller, in.Body.ProjectID, "body.projectId")
	if err != nil {
		return nil, err
	}
	ids := make([]webhook.DeliveryID, len(in.Body.IDs))
	for i, text := range in.Body.IDs {
		if ids[i].UUID, err = webhook.ParseUUID(text); err != nil {
			return nil, webhook.Invalid(fmt.Sprintf("body.ids[%d]", i), "is not the id of a delivery")
		}
	}
	resent, err := a.manage.ResendMany(ctx, caller, project, ids)
	return answering(ResentList{Results: each(resent, resentShape)}, err)
}

func resentShape(r manage.Resent) Resent {
	if r.Refused != nil {
		return Resent{ID: r.Of.String(), Error: r.Refused.Error()}
	}
	row := deliveryRow(r.Delivery)
	return Resent{ID: r.Of.String(), Delivery: &row}
}

func (a *API) sendNow(ctx context.Context, caller account.Caller, in *ByID) (*answer[DeliveryRow], error) {
	return a.act(ctx, caller, in, a.manage.SendNow)
}

func (a *API) cancelDelivery(ctx context.Context, caller account.Caller, in *ByID) (*answer[DeliveryRow], error) {
	return a.act(ctx, caller, in, a.manage.CancelDelivery)
}

// act does something to one delivery and answers it as it is then.
func (a *API) act(ctx context.Context, caller account.Caller, in *ByID,
	do func(context.Context, account.Caller, webhook.DeliveryID) (webhook.DeliveryRow, error),
) (*answer[DeliveryRow], error) {
	id, err := deliveryID(in)
	if err != nil {
		return nil, err
	}
	row, err := do(ctx, caller, id)
	return answering(deliveryRow(row), err)
}
