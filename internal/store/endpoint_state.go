package store

import (
	"context"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// PauseEndpoint holds an endpoint's deliveries for a reason that the machine
// found. One that is paused already stays as it is.
func (s *Store) PauseEndpoint(ctx context.Context, project webhook.ProjectID, id webhook.EndpointID, reason webhook.PauseReason, actor webhook.Actor) error {
	var standing string
	if err := s.db(ctx).Raw("SELECT state FROM endpoints WHERE id = ? AND deleted_at = 0", uid(id.UUID)).Scan(&standing).Error; err != nil {
		return wrap("pause the endpoint", err)
	}
	if standing != string(webhook.EndpointActive) { // spares everybody a new catalogue
		return nil
	}
	return s.tx(ctx, "pause the endpoint", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		row, err := s.lockStanding(tx, project, id)
		if webhook.KindOf(err) == webhook.KindNotFound || row.State == string(webhook.EndpointPaused) {
			return nil
		}
		if err != nil {
			return err
		}
		entry := webhook.AuditEntry{
			ID: webhook.AuditID{UUID: newID(now)}, At: at(now), ProjectID: project, Actor: actor, Action: "endpoint.paused",
			Object: id.String(), ObjectName: row.Name, Detail: "because: " + string(reason),
		}
		return pause(tx, project, id, reason, now, entry)
	})
}

// PauseBy holds an endpoint's deliveries for somebody. A Conflict if it is
// paused for the same reason already.
func (s *Store) PauseBy(ctx context.Context, project webhook.ProjectID, id webhook.EndpointID, reason webhook.PauseReason, entry webhook.AuditEntry) error {
	return s.tx(ctx, "pause the endpoint", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		row, err := s.lockStanding(tx, project, id)
		switch {
		case err != nil:
			return err
		case row.State == string(webhook.EndpointPaused) && row.PausedBecause == string(reason):
			return webhook.Conflict("the endpoint is paused already")
		}
		return pause(tx, project, id, reason, now, entry)
	})
}

// ResumeBy lets an endpoint's deliveries go, oldest first, those that waited at
// most drainRate a second (0: no limit). A Conflict if the endpoint is active.
func (s *Store) ResumeBy(ctx context.Context, project webhook.ProjectID, id webhook.EndpointID, drainRate float64, entry webhook.AuditEntry) error {
	return s.tx(ctx, "resume the endpoint", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		row, err := s.lockStanding(tx, project, id)
		switch {
		case err != nil:
			return err
		case row.State != string(webhook.EndpointPaused):
			return webhook.Conflict("the endpoint is not paused")
		}
		if err := letGo(tx, row, drainRate, now); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// letGo resumes an endpoint that is held by the transaction.
func letGo(tx *gorm.DB, row endpointRow, drainRate float64, now int64) error {
	id := webhook.EndpointID{UUID: webhook.UUID(row.ID)}
	err := tx.Exec("UPDATE endpoints SET state = 'active', paused_because = '', paused_at = 0, not_before = 0, updated_at = ? WHERE id = ?", now, row.ID).Error
	if err != nil {
		return err
	}
	if err := syncQueue(tx, id); err != nil {
		return err
	}
	err = tx.Exec("UPDATE endpoint_queue SET drain_rate = ?, drain_before = ?, turn_at = 0 WHERE endpoint_id = ?", drainRate, now, row.ID).Error
	if err != nil {
		return err
	}
	return easeRate(tx, id, row.RatePerSecond, now)
}

func pause(tx *gorm.DB, project webhook.ProjectID, id webhook.EndpointID, reason webhook.PauseReason, now int64, entry webhook.AuditEntry) error {
	if err := hold(tx, project, id, reason, now); err != nil {
		return err
	}
	return addAudit(tx, entry)
}

// hold is pause without a trace in the audit log.
func hold(tx *gorm.DB, project webhook.ProjectID, id webhook.EndpointID, reason webhook.PauseReason, now int64) error {
	err := tx.Exec("UPDATE endpoints SET state = 'paused', paused_because = ?, paused_at = ?, updated_at = ? WHERE id = ? AND project_id = ?",
		string(reason), now, now, uid(id.UUID), uid(project.UUID)).Error
	if err != nil {
		return err
	}
	return syncQueue(tx, id)
}
