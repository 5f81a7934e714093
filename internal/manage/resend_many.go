package manage

import (
	"bytes"
	"context"
	"slices"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Again is one delivery to make of an event that was delivered before.
type Again struct {
	ProjectID webhook.ProjectID
	// Of is the first, Delivery the new one.
	Of       webhook.DeliveryID
	Delivery webhook.Delivery
	Entry    webhook.AuditEntry
}

// Resent is what came of sending one delivery again.
type Resent struct {
	Of webhook.DeliveryID
	// Delivery is the new one; meaningless if Refused is set.
	Delivery webhook.DeliveryRow
	// Refused says in words why it can't be sent again; nil if it is.
	Refused error
}

// MaxResend is how many deliveries one call sends again.
const MaxResend = 200

// ResendMany is Resend for several of a project: one that can't be sent again
// stops no other, but NotFound if there is none of them. The answers are in the
// order of the ids, each id once.
func (s *Service) ResendMany(ctx context.Context, c account.Caller, project webhook.ProjectID, ids []webhook.DeliveryID) ([]Resent, error) {
	project, err := scope(c, account.SendAgain, project)
	if err != nil {
		return nil, err
	}
	ids = once(ids)
	switch {
	case len(ids) == 0:
		return nil, webhook.Invalid("ids", "must name at least one delivery")
	case len(ids) > MaxResend:
		return nil, webhook.Invalid("ids", "must be at most %d", MaxResend)
	}
	rows, err := s.Store.DeliveriesByID(ctx, project, ids)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, webhook.NotFound("there is no such delivery")
	}
	answers, many := s.againOf(c, ids, rows)
	refused, err := s.Store.ResendManyBy(ctx, many)
	if err != nil {
		return nil, err
	}
	for i, a := range many {
		place := slices.IndexFunc(answers, func(r Resent) bool { return r.Of == a.Of })
		answers[place].Refused = refused[i]
	}
	s.Waker.Wake()
	return answers, nil
}

func once(ids []webhook.DeliveryID) []webhook.DeliveryID {
	seen := map[webhook.DeliveryID]bool{}
	var kept []webhook.DeliveryID
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			kept = append(kept, id)
		}
	}
	return kept
}

// againOf makes the deliveries to store, in order of the first: whoever locks
// rows does it in that order. What is not there or not ended is answered at
// once.
func (s *Service) againOf(c account.Caller, ids []webhook.DeliveryID, rows []webhook.DeliveryRow) ([]Resent, []Again) {
	known := map[webhook.DeliveryID]webhook.DeliveryRow{}
	for _, row := range rows {
		known[row.ID] = row
	}
	answers := make([]Resent, len(ids))
	var many []Again
	now := s.now()
	for i, id := range ids {
		answers[i].Of = id
		row, ok := known[id]
		switch {
		case !ok || c.May(account.SendAgain, row.ProjectID) != nil:
			answers[i].Refused = webhook.NotFound("there is no such delivery")
			continue
		case !row.State.Ended():
			answers[i].Refused = webhook.Conflict("the delivery has not ended: it is %s", row.Shown())
			continue
		}
		again := webhook.Delivery{
			ID: webhook.DeliveryID{UUID: mint.UUID(now)}, ProjectID: row.ProjectID, EventID: row.EventID, EndpointID: row.EndpointID,
			EndpointVersion: row.EndpointVersion, Topic: row.Topic, Seq: row.Seq, State: webhook.Waiting, DueAt: now, CreatedAt: now,
			ResendOf: id, RequestedBy: c.Actor,
		}
		entry := s.entry(c, "delivery.resent", object{row.ProjectID, again.ID.UUID, row.Topic}, "again for "+id.String())
		many = append(many, Again{row.ProjectID, id, again, entry})
		row.Delivery = again
		answers[i].Delivery = maskRow(c, row)
	}
	slices.SortFunc(many, func(a, b Again) int { return bytes.Compare(a.Of.UUID[:], b.Of.UUID[:]) })
	return answers, many
}
