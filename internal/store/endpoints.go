package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// cancelledAtOnce is how many waiting deliveries of a deleted endpoint are
// cancelled with it; Housekeep cancels the rest, none of which is sent.
const cancelledAtOnce = 1000

// endpointSource joins an endpoint with its project, which must stand.
const endpointSource = " FROM endpoints e JOIN projects p ON p.id = e.project_id AND p.deleted_at = 0"

// Endpoints lists endpoints that are not deleted, newest first.
func (s *Store) Endpoints(ctx context.Context, filter webhook.EndpointFilter) (webhook.Page[webhook.Endpoint], error) {
	var none webhook.Page[webhook.Endpoint]
	w, err := newWindow(time.Time{}, time.Time{}, filter.Cursor)
	if err != nil {
		return none, err
	}
	var where conditions
	where.and("e.deleted_at = 0")
	if !filter.ProjectID.IsZero() {
		where.and("e.project_id = ?", uid(filter.ProjectID.UUID))
	}
	if filter.State != "" {
		where.and("e.state = ?", string(filter.State))
	}
	if id, err := webhook.ParseUUID(filter.Query); err == nil {
		where.and("e.id = ?", uid(id))
	} else if filter.Query != "" {
		part := containing(filter.Query)
		where.and(`(lower(e.name) LIKE ? ESCAPE '\' OR lower(e.url) LIKE ? ESCAPE '\')`, part, part)
	}
	if len(filter.IDs) > 0 {
		where.and("e.id IN ?", uids(filter.IDs))
	}
	where.and("e.id < ?", w.to)
	limit := limitOf(filter.Limit)
	rows, err := many(s.db(ctx).Raw("SELECT "+endpointColumns+endpointSource+where.sql()+" ORDER BY e.id DESC LIMIT ?", where.with(limit+1)...), endpointFields)
	if err != nil {
		return none, wrap("list endpoints", err)
	}
	return paged(rows, limit, endpointRow.endpoint, func(r endpointRow) string { return idCursor(r.ID) })
}

// EndpointOwner finds the project of an endpoint, deleted ones too.
func (s *Store) EndpointOwner(ctx context.Context, id webhook.EndpointID) (webhook.ProjectID, error) {
	row, err := one[endpointRow](s.db(ctx), "endpoint", "SELECT e.project_id"+endpointSource+" WHERE e.id = ?", uid(id.UUID))
	return webhook.ProjectID{UUID: webhook.UUID(row.ProjectID)}, wrap("read an endpoint", err)
}

// Endpoint reads one endpoint of a project, deleted ones too.
func (s *Store) Endpoint(ctx context.Context, project webhook.ProjectID, id webhook.EndpointID) (webhook.Endpoint, error) {
	return s.endpoint(ctx, "SELECT "+endpointColumns+endpointSource+" WHERE e.id = ? AND e.project_id = ?", uid(id.UUID), uid(project.UUID))
}

// versioned are endpointColumns with version and settings of another version v.
const versioned = `e.id, e.project_id, v.version, v.settings, e.name, e.kind, e.url, e.timeout_ms, e.max_in_flight,
 e.rate_per_second, e.ordered, e.state, e.paused_because, e.paused_at, e.not_before, e.consecutive_failures, e.last_success_at,
 e.last_failure_at, e.failing_since, e.created_at, e.updated_at, e.deleted_at`

// EndpointVersion is the endpoint with the settings of one version.
func (s *Store) EndpointVersion(ctx context.Context, project webhook.ProjectID, id webhook.EndpointID, version int64) (webhook.Endpoint, error) {
	return s.endpoint(ctx, "SELECT "+versioned+endpointSource+
		" JOIN endpoint_versions v ON v.endpoint_id = e.id WHERE e.id = ? AND e.project_id = ? AND v.version = ?", uid(id.UUID), uid(project.UUID), version)
}

func (s *Store) endpoint(ctx context.Context, sql string, args ...any) (webhook.Endpoint, error) {
	row, err := one[endpointRow](s.db(ctx), "endpoint", sql, args...)
	if err != nil {
		return webhook.Endpoint{}, wrap("read an endpoint", err)
	}
	return row.endpoint()
}

// EndpointsAt are the endpoints that stood at a moment, each with the settings
// that counted then, in order of id.
func (s *Store) EndpointsAt(ctx context.Context, project webhook.ProjectID, moment time.Time, limit int) ([]webhook.Endpoint, error) {
	var rows []endpointRow
	then := ms(moment)
	err := s.db(ctx).Raw("SELECT "+versioned+endpointSource+` JOIN endpoint_versions v ON v.endpoint_id = e.id AND v.version =
 (SELECT max(o.version) FROM endpoint_versions o WHERE o.endpoint_id = e.id AND o.created_at <= ?)
 WHERE e.project_id = ? AND e.created_at <= ? AND (e.deleted_at = 0 OR e.deleted_at > ?) ORDER BY e.id LIMIT ?`,
		then, uid(project.UUID), then, then, limitOf(limit)).Scan(&rows).Error
	if err != nil {
		return nil, wrap("read the endpoints of a moment", err)
	}
	endpoints := make([]webhook.Endpoint, len(rows))
	for i, r := range rows {
		if endpoints[i], err = r.endpoint(); err != nil {
			return nil, err
		}
	}
	return endpoints, nil
}

// CreateEndpoint stores an endpoint with version 1 of its settings and its
// first secret.
func (s *Store) CreateEndpoint(ctx context.Context, endpoint webhook.Endpoint, secret webhook.Secret, entry webhook.AuditEntry) error {
	return s.tx(ctx, "create an endpoint", func(tx *gorm.DB) error {
		if err := lockProject(tx, endpoint.ProjectID); err != nil {
			return err
		}
		return s.insertEndpoint(tx, endpoint, secret, entry)
	})
}

// CreateEndpoints stores endpoints of one project that have no secrets, all of
// them or none; entries go with them, one each.
func (s *Store) CreateEndpoints(ctx context.Context, endpoints []webhook.Endpoint, entries []webhook.AuditEntry) error {
	return s.tx(ctx, "create endpoints", func(tx *gorm.DB) error {
		for i, e := range endpoints {
			if i == 0 {
				if err := lockProject(tx, e.ProjectID); err != nil {
					return err
				}
			}
			if err := s.insertEndpoint(tx, e, webhook.Secret{}, entries[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// insertEndpoint is CreateEndpoint within a transaction that holds the project.
func (s *Store) insertEndpoint(tx *gorm.DB, endpoint webhook.Endpoint, secret webhook.Secret, entry webhook.AuditEntry) error {
	endpoint.Version, secret.EndpointID = 1, endpoint.ID
	if endpoint.State == "" {
		endpoint.State = webhook.EndpointActive
	}
	if endpoint.UpdatedAt.IsZero() {
		endpoint.UpdatedAt = endpoint.CreatedAt
	}
	row, err := newEndpointRow(endpoint)
	if err != nil {
		return err
	}
	if err := tx.Create(&row).Error; err != nil {
		return err
	}
	if err := s.addVersion(tx, row, endpoint.CreatedAt); err != nil {
		return err
	}
	if first := newSecretRow(secret); !secret.ID.IsZero() {
		if err := tx.Create(&first).Error; err != nil {
			return err
		}
	}
	if err := syncQueue(tx, endpoint.ID); err != nil {
		return err
	}
	return addAudit(tx, entry)
}

// addVersion stores the settings that count from since on. A node whose clock
// is ahead does not get to say that they count later than now: an event for all
// that is accepted next must find them.
func (s *Store) addVersion(tx *gorm.DB, row endpointRow, since time.Time) error {
	now, err := s.clock(tx)
	if err != nil {
		return err
	}
	version := endpointVersionRow{EndpointID: row.ID, Version: row.Version, Settings: row.Settings, CreatedAt: min(ms(since), now)}
	return tx.Create(&version).Error
}

// UpdateEndpoint stores the settings as the version after endpoint.Version; a
// Conflict if that is not the present one.
func (s *Store) UpdateEndpoint(ctx context.Context, endpoint webhook.Endpoint, entry webhook.AuditEntry) error {
	stale := endpoint.Version
	endpoint.Version++
	row, err := newEndpointRow(endpoint)
	if err != nil {
		return err
	}
	return s.tx(ctx, "update an endpoint", func(tx *gorm.DB) error {
		present, err := s.lockStanding(tx, endpoint.ProjectID, endpoint.ID)
		if err != nil {
			return err
		}
		if present.Version != stale {
			return webhook.Conflict("the endpoint was changed by somebody else meanwhile; look again")
		}
		err = tx.Model(&endpointRow{}).Where("id = ?", row.ID).Updates(map[string]any{
			"version": row.Version, "settings": row.Settings, "name": row.Name, "kind": row.Kind, "url": row.URL, "timeout_ms": row.TimeoutMS,
			"max_in_flight": row.MaxInFlight, "rate_per_second": row.RatePerSecond, "ordered": row.Ordered, "updated_at": row.UpdatedAt,
		}).Error
		if err != nil {
			return err
		}
		if err := s.addVersion(tx, row, endpoint.UpdatedAt); err != nil {
			return err
		}
		if err := syncQueue(tx, endpoint.ID); err != nil {
			return err
		}
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		if err := easeRate(tx, endpoint.ID, row.RatePerSecond, now); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// DeleteEndpoint ends an endpoint: nothing more is sent to it, waiting
// deliveries are cancelled and its secrets wiped. The log stays.
func (s *Store) DeleteEndpoint(ctx context.Context, project webhook.ProjectID, id webhook.EndpointID, since time.Time, entry webhook.AuditEntry) error {
	return s.tx(ctx, "delete an endpoint", func(tx *gorm.DB) error {
		if _, err := s.lockStanding(tx, project, id); err != nil {
			return err
		}
		return removeEndpoint(tx, id, since, entry)
	})
}

// removeEndpoint is DeleteEndpoint within a transaction that holds the endpoint.
func removeEndpoint(tx *gorm.DB, id webhook.EndpointID, since time.Time, entry webhook.AuditEntry) error {
	if err := tx.Exec("UPDATE endpoints SET deleted_at = ?, updated_at = ? WHERE id = ?", ms(since), ms(since), uid(id.UUID)).Error; err != nil {
		return err
	}
	if err := tx.Exec("UPDATE secrets SET sealed = NULL WHERE endpoint_id = ?", uid(id.UUID)).Error; err != nil {
		return err
	}
	if err := tx.Exec("DELETE FROM listeners WHERE endpoint_id = ?", uid(id.UUID)).Error; err != nil {
		return err
	}
	if err := cancelWaiting(tx, id, since); err != nil {
		return err
	}
	if err := syncQueue(tx, id); err != nil {
		return err
	}
	return addAudit(tx, entry)
}

// whyCancelled is the reason of deliveries whose endpoint is deleted, as SQL;
// its only argument is the endpoint.
const whyCancelled = "(SELECT CASE WHEN w.kind = 'forward' THEN '" + webhook.GoneListener + "' ELSE 'the endpoint was deleted' END FROM endpoints w WHERE w.id = "

// cancelWaiting ends the first of what waits for an endpoint, found by the
// indexes of what is live.
func cancelWaiting(tx *gorm.DB, endpoint webhook.EndpointID, since time.Time) error {
	for _, part := range []string{waitingFree, lineWaiting} {
		err := tx.Exec("UPDATE deliveries SET state = 'cancelled', ended_at = ?, reason = "+whyCancelled+`?) WHERE id IN
 (SELECT d.id FROM deliveries d WHERE d.endpoint_id = ? AND `+part+" LIMIT ?)", ms(since), uid(endpoint.UUID), uid(endpoint.UUID), cancelledAtOnce).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// cancelForDeleted ends what waits again at endpoints that were deleted while
// their requests were out. Should it fail, Housekeep does it.
func (s *Store) cancelForDeleted(ctx context.Context, candidates []uid) {
	if len(candidates) == 0 {
		return
	}
	slices.SortFunc(candidates, func(a, b uid) int { return slices.Compare(a[:], b[:]) })
	var deleted []uid
	err := s.db(ctx).Raw("SELECT id FROM endpoints WHERE deleted_at <> 0 AND id IN ?", slices.Compact(candidates)).Scan(&deleted).Error
	for _, id := range deleted {
		err = errors.Join(err, s.tx(ctx, "cancel for a deleted endpoint", func(tx *gorm.DB) error {
			now, err := s.clock(tx)
			if err != nil {
				return err
			}
			return cancelWaiting(tx, webhook.EndpointID{UUID: webhook.UUID(id)}, at(now))
		}))
	}
	if err != nil {
		s.log.WarnContext(ctx, "deliveries of deleted endpoints wait for housekeeping", "error", err)
	}
}

// lockStanding moves the catalogue on and holds an endpoint that is not
// deleted, its project first.
func (s *Store) lockStanding(tx *gorm.DB, project webhook.ProjectID, id webhook.EndpointID) (endpointRow, error) {
	if err := bumpCatalogue(tx, project); err != nil {
		return endpointRow{}, err
	}
	return one[endpointRow](tx, "endpoint", "SELECT "+endpointColumns+" FROM endpoints e WHERE e.id = ? AND e.project_id = ? AND e.deleted_at = 0"+s.lock(),
		uid(id.UUID), uid(project.UUID))
}
