package store

import (
	"context"

	"github.com/bellwire/bellwire/internal/webhook"
)

// Catalogue reads a project's endpoints one by one, paused ones included, as far
// as matching goes, with the version that an admission must name. The version is
// read first: a change in between makes the copy stale, never wrong.
func (s *Store) Catalogue(ctx context.Context, project webhook.ProjectID, take func(webhook.Endpoint) error) (version int64, suspended bool, err error) {
	version, suspended, err = s.CatalogueVersion(ctx, project)
	if err != nil {
		return 0, false, err
	}
	query := s.db(ctx).Raw(`SELECT e.id, e.version, e.settings, e.state, e.paused_because, e.not_before, e.consecutive_failures
 FROM endpoints e WHERE e.project_id = ? AND e.deleted_at = 0 ORDER BY e.id`, uid(project.UUID))
	err = oneByOne(query, func(r *endpointRow) []any {
		r.ProjectID = uid(project.UUID)
		return []any{&r.ID, &r.Version, &r.Settings, &r.State, &r.PausedBecause, &r.NotBefore, &r.ConsecutiveFailures}
	}, func(r endpointRow) error {
		e, err := r.endpoint()
		if err != nil {
			return err
		}
		return take(e)
	})
	return version, suspended, wrap("read the catalogue", err)
}

// CatalogueVersion is Catalogue without the endpoints: they are the same as long
// as the version is.
func (s *Store) CatalogueVersion(ctx context.Context, project webhook.ProjectID) (version int64, suspended bool, err error) {
	var p struct {
		Catalogue   int64
		SuspendedAt int64
	}
	err = s.db(ctx).Raw("SELECT catalogue, suspended_at FROM projects WHERE id = ? AND deleted_at = 0", uid(project.UUID)).Take(&p).Error
	return p.Catalogue, p.SuspendedAt != 0, wrap("read the catalogue", missing(err, "project"))
}

// Targets reads endpoints as they are now, deleted ones included, with their
// secrets; sealed values stay sealed. Unknown ids are left out.
func (s *Store) Targets(ctx context.Context, ids []webhook.EndpointID) ([]webhook.Target, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []endpointRow
	if err := s.db(ctx).Raw("SELECT "+endpointColumns+" FROM endpoints e WHERE e.id IN ?", uids(ids)).Scan(&rows).Error; err != nil {
		return nil, wrap("read endpoints", err)
	}
	var secrets []secretRow
	if err := s.db(ctx).Raw("SELECT * FROM secrets WHERE endpoint_id IN ? ORDER BY id", uids(ids)).Scan(&secrets).Error; err != nil {
		return nil, wrap("read secrets", err)
	}
	endpoints, err := toEndpoints(rows)
	if err != nil {
		return nil, wrap("read endpoints", err)
	}
	signing := make(map[uid][]webhook.Secret, len(endpoints))
	for _, secret := range secrets {
		signing[secret.EndpointID] = append(signing[secret.EndpointID], secret.secret())
	}
	targets := make([]webhook.Target, len(endpoints))
	var posting []uid
	for i, e := range endpoints {
		targets[i] = webhook.Target{Endpoint: e, Secrets: signing[uid(e.ID.UUID)]}
		if e.Kind == webhook.KindSlack {
			posting = append(posting, uid(e.ProjectID.UUID))
		}
	}
	installs, err := s.slackInstalls(ctx, posting)
	for i := range targets {
		if targets[i].Kind == webhook.KindSlack && installs[uid(targets[i].ProjectID.UUID)] != nil {
			install := *installs[uid(targets[i].ProjectID.UUID)] // opened by each for itself
			targets[i].Slack = &install
		}
	}
	return targets, err
}

func toEndpoints(rows []endpointRow) ([]webhook.Endpoint, error) {
	endpoints := make([]webhook.Endpoint, len(rows))
	for i, r := range rows {
		e, err := r.endpoint()
		if err != nil {
			return nil, err
		}
		endpoints[i] = e
	}
	return endpoints, nil
}
