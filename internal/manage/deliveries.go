package manage

import (
	"context"
	"fmt"
	"strings"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// DeliveryDetail is a delivery with all that is known about it.
type DeliveryDetail struct {
	webhook.DeliveryRow
	// Event comes without Data where the caller may not see payloads.
	Event    webhook.Event
	Attempts []AttemptDetail
	// Hidden says that payload and bodies are left out; with NeedsReason the
	// caller can see them after saying why.
	Hidden      bool
	NeedsReason bool
}

// AttemptDetail is an attempt with the body that was sent.
type AttemptDetail struct {
	webhook.Attempt
	// BodyNote says why Request.Body is missing or differs from what was sent;
	// empty if it is exactly that.
	BodyNote string
}

// Deliveries lists the log, newest first.
func (s *Service) Deliveries(ctx context.Context, c account.Caller, f webhook.DeliveryFilter) (webhook.Page[webhook.DeliveryRow], error) {
	var none webhook.Page[webhook.DeliveryRow]
	project, err := scope(c, account.ViewDeliveries, f.ProjectID)
	if err != nil {
		return none, err
	}
	if err := checkState(f.State); err != nil {
		return none, err
	}
	if f.Limit, err = limitOf(f.Limit); err != nil {
		return none, err
	}
	f.ProjectID = project
	page, err := s.Store.Deliveries(ctx, f)
	if err != nil {
		return none, err
	}
	for i := range page.Items {
		page.Items[i] = maskRow(c, page.Items[i])
	}
	return page, nil
}

// DeliveriesByID answers several as Deliveries does, in no order; those that
// the project does not have are left out.
func (s *Service) DeliveriesByID(ctx context.Context, c account.Caller, project webhook.ProjectID, ids []webhook.DeliveryID) ([]webhook.DeliveryRow, error) {
	project, err := scope(c, account.ViewDeliveries, project)
	if err != nil {
		return nil, err
	}
	if len(ids) > MaxLimit {
		return nil, webhook.Invalid("ids", "must be at most %d", MaxLimit)
	}
	rows, err := s.Store.DeliveriesByID(ctx, project, ids)
	for i := range rows {
		rows[i] = maskRow(c, rows[i])
	}
	return rows, err
}

// latestOfEach is how many deliveries of an endpoint LastFailures looks at.
const latestOfEach = 50

// LastFailures answers, for endpoints of a project, the newest delivery whose
// last attempt failed, among the latest fifty of each; an endpoint without one
// has no entry.
func (s *Service) LastFailures(ctx context.Context, c account.Caller, project webhook.ProjectID, endpoints []webhook.EndpointID) (map[webhook.EndpointID]webhook.DeliveryRow, error) {
	if err := c.May(account.ViewDeliveries, project); err != nil {
		return nil, err
	}
	found, err := s.Store.LastFailures(ctx, project, endpoints, latestOfEach)
	for id, row := range found {
		found[id] = maskRow(c, row)
	}
	return found, err
}

// ListedDelivery is a delivery with its attempts, which have no bodies.
type ListedDelivery struct {
	webhook.DeliveryRow
	Attempts []webhook.Attempt
}

// DeliveryLog is Deliveries with the attempts of each, read at once.
func (s *Service) DeliveryLog(ctx context.Context, c account.Caller, f webhook.DeliveryFilter) (webhook.Page[ListedDelivery], error) {
	var none webhook.Page[ListedDelivery]
	var err error
	if f.ProjectID, err = scope(c, account.ViewDeliveries, f.ProjectID); err != nil {
		return none, err
	}
	page, err := s.Deliveries(ctx, c, f)
	if err != nil {
		return none, err
	}
	ids := make([]webhook.DeliveryID, len(page.Items))
	for i, row := range page.Items {
		ids[i] = row.ID
	}
	attempts, err := s.Store.AttemptsOf(ctx, f.ProjectID, ids)
	if err != nil {
		return none, err
	}
	list := webhook.Page[ListedDelivery]{Items: make([]ListedDelivery, len(page.Items)), Next: page.Next, SearchedBackTo: page.SearchedBackTo}
	for i, row := range page.Items {
		list.Items[i] = ListedDelivery{DeliveryRow: row, Attempts: attempts[row.ID]}
		if !c.SeesURLs(row.ProjectID) {
			for j, a := range list.Items[i].Attempts {
				list.Items[i].Attempts[j] = maskAttempt(a)
			}
		}
	}
	return list, nil
}

func checkState(state webhook.State) error {
	switch state {
	case "", webhook.Waiting, webhook.Sending, webhook.Delivered, webhook.Exhausted, webhook.Cancelled, webhook.Held, webhook.Failed:
		return nil
	}
	return webhook.Invalid("state", "must be failed, waiting, sending, delivered, exhausted, cancelled or held")
}

func maskRow(c account.Caller, row webhook.DeliveryRow) webhook.DeliveryRow {
	if !c.SeesURLs(row.ProjectID) && row.EndpointURL != "" {
		row.EndpointURL = MaskURL(row.EndpointURL)
	}
	return row
}

// Delivery answers one delivery with its attempts and rebuilt bodies. reason is
// why support opens the payload; others leave it empty.
func (s *Service) Delivery(ctx context.Context, c account.Caller, id webhook.DeliveryID, reason string) (DeliveryDetail, error) {
	var none DeliveryDetail
	row, err := s.delivery(ctx, c, account.ViewDeliveries, id)
	if err != nil {
		return none, err
	}
	event, err := s.Store.Event(ctx, row.ProjectID, row.EventID)
	if err != nil {
		return none, err
	}
	attempts, err := s.Store.Attempts(ctx, row.ProjectID, id)
	if err != nil {
		return none, err
	}
	d := DeliveryDetail{DeliveryRow: maskRow(c, row), Event: event}
	look := object{row.ProjectID, row.EventID.UUID, row.Topic}
	if d.Hidden, d.NeedsReason, err = s.openPayload(ctx, c, look, reason, "with the bodies of delivery "+id.String()); err != nil {
		return none, err
	}
	d.Attempts = make([]AttemptDetail, len(attempts))
	for i, a := range attempts {
		d.Attempts[i].Attempt = a
	}
	if d.Hidden {
		d.Event.Data, d.Event.Search = nil, nil
		for i := range d.Attempts {
			d.Attempts[i].Request.Body, d.Attempts[i].Response.Body = nil, nil
			d.Attempts[i].BodyNote = "bodies are not shown to you"
		}
	} else if err := s.rebuild(ctx, row, event, d.Attempts); err != nil {
		return none, err
	}
	if !c.SeesURLs(row.ProjectID) {
		for i := range d.Attempts {
			d.Attempts[i].Attempt = maskAttempt(d.Attempts[i].Attempt)
		}
	}
	return d, nil
}

// openPayload decides whether the caller sees the payload of an event now, and
// records a look that must leave a trace; beside is what is seen with it.
func (s *Service) openPayload(ctx context.Context, c account.Caller, about object, reason, beside string) (hidden, needsReason bool, err error) {
	reason = strings.TrimSpace(reason)
	switch c.PayloadOf(about.project) {
	case account.PayloadOpen:
		return false, false, nil
	case account.PayloadAudited:
	case account.PayloadWithReason:
		if reason == "" {
			return true, true, nil
		}
	default:
		return true, false, nil
	}
	if len(reason) > maxDescription {
		return true, true, webhook.Invalid("reason", "must have at most %d bytes", maxDescription)
	}
	return false, false, s.Store.AddAudit(ctx, s.entry(c, "payload.viewed", about, strings.Trim(reason+"\n"+beside, "\n")))
}

// delivery finds one that the caller may act on; another project's is missing.
func (s *Service) delivery(ctx context.Context, c account.Caller, action account.Action, id webhook.DeliveryID) (webhook.DeliveryRow, error) {
	project, err := s.Store.DeliveryOwner(ctx, id)
	if webhook.KindOf(err) == webhook.KindNotFound || err == nil && !c.Sees(project) {
		return webhook.DeliveryRow{}, webhook.NotFound("there is no such delivery")
	}
	if err != nil {
		return webhook.DeliveryRow{}, err
	}
	if err := c.May(action, project); err != nil {
		return webhook.DeliveryRow{}, err
	}
	return s.Store.Delivery(ctx, project, id)
}

// Resend sends an ended delivery's event once more, with the endpoint's present
// settings and secret.
func (s *Service) Resend(ctx context.Context, c account.Caller, id webhook.DeliveryID) (webhook.DeliveryRow, error) {
	var none webhook.DeliveryRow
	row, err := s.delivery(ctx, c, account.SendAgain, id)
	if err != nil {
		return none, err
	}
	if !row.State.Ended() {
		return none, webhook.Conflict("the delivery is %s: only one that has ended can be sent again", row.Shown())
	}
	e, err := s.Store.Endpoint(ctx, row.ProjectID, row.EndpointID)
	if err != nil && webhook.KindOf(err) != webhook.KindNotFound {
		return none, err
	}
	if err != nil || !e.DeletedAt.IsZero() {
		return none, webhook.Conflict("the endpoint has been deleted, so nothing can be sent to it")
	}
	event, err := s.Store.Event(ctx, row.ProjectID, row.EventID)
	if err != nil && webhook.KindOf(err) != webhook.KindNotFound {
		return none, err
	}
	if err != nil || event.Data == nil {
		return none, webhook.Conflict("the event's payload is gone, so it can't be sent again")
	}
	now := s.now()
	again := webhook.Delivery{
		ID:              webhook.DeliveryID{UUID: mint.UUID(now)},
		ProjectID:       row.ProjectID,
		EventID:         row.EventID,
		EndpointID:      row.EndpointID,
		EndpointVersion: e.Version,
		Topic:           row.Topic,
		Seq:             row.Seq,
		State:           webhook.Waiting,
		DueAt:           now,
		CreatedAt:       now,
		ResendOf:        id,
		RequestedBy:     c.Actor,
	}
	entry := s.entry(c, "delivery.resent", object{row.ProjectID, again.ID.UUID, row.Topic}, "again for "+id.String())
	if err := s.Store.ResendBy(ctx, row.ProjectID, id, again, entry); err != nil {
		return none, err
	}
	s.Waker.Wake()
	row.Delivery = again
	return maskRow(c, row), nil
}

// SendNow makes a waiting delivery due at once.
func (s *Service) SendNow(ctx context.Context, c account.Caller, id webhook.DeliveryID) (webhook.DeliveryRow, error) {
	row, err := s.delivery(ctx, c, account.SendAgain, id)
	if err != nil {
		return row, err
	}
	if row.State != webhook.Waiting {
		return row, webhook.Conflict("the delivery is %s: only a waiting one can be sent now", row.State)
	}
	if err := s.Store.SendNowBy(ctx, row.ProjectID, id, s.entry(c, "delivery.sent-now", aboutDelivery(row), "")); err != nil {
		return row, err
	}
	s.Waker.Wake()
	row, err = s.Store.Delivery(ctx, row.ProjectID, id)
	return maskRow(c, row), err
}

// CancelDelivery ends a waiting delivery without sending it.
func (s *Service) CancelDelivery(ctx context.Context, c account.Caller, id webhook.DeliveryID) (webhook.DeliveryRow, error) {
	row, err := s.delivery(ctx, c, account.CancelDelivery, id)
	if err != nil {
		return row, err
	}
	if row.State != webhook.Waiting {
		return row, webhook.Conflict("the delivery is %s: only a waiting one can be cancelled", row.State)
	}
	reason := fmt.Sprintf("cancelled by %s", c.Actor.Name)
	if err := s.Store.CancelBy(ctx, row.ProjectID, id, reason, s.entry(c, "delivery.cancelled", aboutDelivery(row), "")); err != nil {
		return row, err
	}
	row, err = s.Store.Delivery(ctx, row.ProjectID, id)
	return maskRow(c, row), err
}

func aboutDelivery(row webhook.DeliveryRow) object {
	return object{row.ProjectID, row.ID.UUID, row.Topic}
}
