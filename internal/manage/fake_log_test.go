package manage_test

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

func (m *memory) Topics(context.Context) ([]webhook.Topic, int64, error) { return m.topics, 1, nil }

func (m *memory) SeedTopics(_ context.Context, shipped []webhook.Topic) error {
	m.topics = shipped
	return nil
}

func (m *memory) CreateTopic(ctx context.Context, t webhook.Topic, entry webhook.AuditEntry) error {
	m.topics = append(m.topics, t)
	return m.AddAudit(ctx, entry)
}

func (m *memory) UpdateTopic(ctx context.Context, t webhook.Topic, entry webhook.AuditEntry) error {
	m.topics[slices.IndexFunc(m.topics, func(o webhook.Topic) bool { return o.Name == t.Name })] = t
	return m.AddAudit(ctx, entry)
}

func (m *memory) DeleteTopic(ctx context.Context, name string, entry webhook.AuditEntry) error {
	m.topics = slices.DeleteFunc(m.topics, func(o webhook.Topic) bool { return o.Name == name })
	return m.AddAudit(ctx, entry)
}

func (m *memory) Endpoints(_ context.Context, f manage.EndpointFilter) (webhook.Page[webhook.Endpoint], error) {
	m.filters = append(m.filters, f)
	return webhook.Page[webhook.Endpoint]{Items: slices.Collect(maps.Values(m.endpoints))}, nil
}

func (m *memory) EndpointOwner(_ context.Context, id webhook.EndpointID) (webhook.ProjectID, error) {
	e, err := get(m.endpoints, id)
	return e.ProjectID, err
}

func (m *memory) Endpoint(_ context.Context, _ webhook.ProjectID, id webhook.EndpointID) (webhook.Endpoint, error) {
	return get(m.endpoints, id)
}

func (m *memory) EndpointVersion(_ context.Context, _ webhook.ProjectID, _ webhook.EndpointID, version int64) (webhook.Endpoint, error) {
	return get(m.versions, version)
}

func (m *memory) EndpointsAt(context.Context, webhook.ProjectID, time.Time, int) ([]webhook.Endpoint, error) {
	return slices.Collect(maps.Values(m.endpoints)), nil
}

func (m *memory) CreateEndpoint(_ context.Context, e webhook.Endpoint, secret webhook.Secret, entry webhook.AuditEntry) error {
	m.versions[1] = e
	m.secrets[e.ID] = []webhook.Secret{secret}
	return put(m, m.endpoints, e.ID, e, entry)
}

func (m *memory) UpdateEndpoint(_ context.Context, e webhook.Endpoint, entry webhook.AuditEntry) error {
	if m.endpoints[e.ID].Version != e.Version {
		return webhook.Conflict("changed meanwhile")
	}
	e.Version++
	m.versions[e.Version] = e
	return put(m, m.endpoints, e.ID, e, entry)
}

func (m *memory) DeleteEndpoint(_ context.Context, _ webhook.ProjectID, id webhook.EndpointID, at time.Time, entry webhook.AuditEntry) error {
	e := m.endpoints[id]
	e.DeletedAt = at
	return put(m, m.endpoints, id, e, entry)
}

func (m *memory) PauseBy(_ context.Context, _ webhook.ProjectID, id webhook.EndpointID, reason webhook.PauseReason, entry webhook.AuditEntry) error {
	e := m.endpoints[id]
	e.State, e.PausedBecause = webhook.EndpointPaused, reason
	return put(m, m.endpoints, id, e, entry)
}

func (m *memory) ResumeBy(_ context.Context, _ webhook.ProjectID, id webhook.EndpointID, rate float64, entry webhook.AuditEntry) error {
	e := m.endpoints[id]
	e.State, e.PausedBecause = webhook.EndpointActive, ""
	m.drainRate = rate
	return put(m, m.endpoints, id, e, entry)
}

func (m *memory) Secrets(_ context.Context, _ webhook.ProjectID, id webhook.EndpointID) ([]webhook.Secret, error) {
	return slices.Clone(m.secrets[id]), nil
}

func (m *memory) RevealSecrets(ctx context.Context, project webhook.ProjectID, id webhook.EndpointID, entry webhook.AuditEntry) ([]webhook.Secret, error) {
	m.audit = append(m.audit, entry)
	return m.Secrets(ctx, project, id)
}

func (m *memory) ChangeSecrets(_ context.Context, _ webhook.ProjectID, id webhook.EndpointID, before, after []webhook.Secret, entry webhook.AuditEntry) error {
	if !reflect.DeepEqual(m.secrets[id], before) {
		return webhook.Conflict("changed meanwhile")
	}
	return put(m, m.secrets, id, after, entry)
}

func (m *memory) Deliveries(_ context.Context, f webhook.DeliveryFilter) (webhook.Page[webhook.DeliveryRow], error) {
	m.filters = append(m.filters, f)
	var page webhook.Page[webhook.DeliveryRow]
	for _, row := range m.deliveries {
		if f.State == "" || row.State == f.State {
			page.Items = append(page.Items, row)
		}
	}
	return page, nil
}

func (m *memory) DeliveryOwner(_ context.Context, id webhook.DeliveryID) (webhook.ProjectID, error) {
	row, err := get(m.deliveries, id)
	return row.ProjectID, err
}

func (m *memory) Delivery(_ context.Context, _ webhook.ProjectID, id webhook.DeliveryID) (webhook.DeliveryRow, error) {
	return get(m.deliveries, id)
}

func (m *memory) DeliveriesByID(_ context.Context, project webhook.ProjectID, ids []webhook.DeliveryID) ([]webhook.DeliveryRow, error) {
	var found []webhook.DeliveryRow
	for _, id := range ids {
		if row, ok := m.deliveries[id]; ok && (project.IsZero() || row.ProjectID == project) {
			found = append(found, row)
		}
	}
	return found, nil
}

func (m *memory) ResendManyBy(ctx context.Context, many []manage.Again) ([]error, error) {
	refused := make([]error, len(many))
	for i, a := range many {
		m.again = append(m.again, a.Of)
		if m.deliveries[a.Of].EndpointGone {
			refused[i] = webhook.Conflict("the endpoint is deleted")
			continue
		}
		if err := m.ResendBy(ctx, a.ProjectID, a.Of, a.Delivery, a.Entry); err != nil {
			return nil, err
		}
	}
	return refused, nil
}

func (m *memory) Attempts(_ context.Context, _ webhook.ProjectID, id webhook.DeliveryID) ([]webhook.Attempt, error) {
	return m.attempts[id], nil
}

func (m *memory) AttemptsOf(_ context.Context, project webhook.ProjectID, ids []webhook.DeliveryID) (map[webhook.DeliveryID][]webhook.Attempt, error) {
	found := map[webhook.DeliveryID][]webhook.Attempt{}
	for _, id := range ids {
		for _, a := range m.attempts[id] {
			if a.Response.Body = nil; project.IsZero() || m.deliveries[id].ProjectID == project {
				found[id] = append(found[id], a)
			}
		}
	}
	return found, nil
}

func (m *memory) ResendBy(_ context.Context, _ webhook.ProjectID, of webhook.DeliveryID, again webhook.Delivery, entry webhook.AuditEntry) error {
	row := m.deliveries[of]
	row.Delivery = again
	return put(m, m.deliveries, again.ID, row, entry)
}

func (m *memory) SendNowBy(_ context.Context, _ webhook.ProjectID, id webhook.DeliveryID, entry webhook.AuditEntry) error {
	return put(m, m.deliveries, id, m.deliveries[id], entry)
}

func (m *memory) CancelBy(_ context.Context, _ webhook.ProjectID, id webhook.DeliveryID, reason string, entry webhook.AuditEntry) error {
	row := m.deliveries[id]
	row.State, row.Reason = webhook.Cancelled, reason
	return put(m, m.deliveries, id, row, entry)
}

func (m *memory) CreateTest(_ context.Context, ev webhook.Event, d webhook.Delivery, _ time.Duration) error {
	m.events[ev.ID] = ev
	m.deliveries[d.ID] = webhook.DeliveryRow{Delivery: d}
	return nil
}

func (m *memory) Events(_ context.Context, f webhook.EventFilter) (webhook.Page[webhook.Event], error) {
	m.filters = append(m.filters, f)
	return webhook.Page[webhook.Event]{Items: slices.Collect(maps.Values(m.events))}, nil
}

func (m *memory) EventOwner(_ context.Context, id webhook.EventID) (webhook.ProjectID, error) {
	ev, err := get(m.events, id)
	return ev.ProjectID, err
}

func (m *memory) Event(_ context.Context, _ webhook.ProjectID, id webhook.EventID) (webhook.Event, error) {
	return get(m.events, id)
}

func (m *memory) OutcomesOf(_ context.Context, project webhook.ProjectID, ids []webhook.EventID) (map[webhook.EventID]webhook.Outcomes, error) {
	counts := map[webhook.EventID]webhook.Outcomes{}
	for _, row := range m.deliveries {
		if row.ProjectID == project && slices.Contains(ids, row.EventID) && row.ResendOf.IsZero() && !row.Test {
			o := counts[row.EventID]
			o.Made++
			counts[row.EventID] = o
		}
	}
	return counts, nil
}

func (m *memory) FindShort(_ context.Context, project webhook.ProjectID, short webhook.ShortID) (webhook.Shortened, error) {
	var found webhook.Shortened
	for id, e := range m.events {
		if e.ProjectID == project && short.Fits(id.UUID) {
			found.Event = id
		}
	}
	return found, nil
}

func (m *memory) SearchValuesOf(_ context.Context, project webhook.ProjectID, ids []webhook.EventID) (map[webhook.EventID][]string, error) {
	values := map[webhook.EventID][]string{}
	for _, id := range ids {
		if e, ok := m.events[id]; ok && e.ProjectID == project {
			values[id] = e.Search
		}
	}
	return values, nil
}

func (m *memory) FanOutOf(context.Context, webhook.EventID) (webhook.FanOutProgress, error) {
	return webhook.FanOutProgress{}, nil
}

func (m *memory) Naming(_ context.Context, topic string, limit int) ([]webhook.Endpoint, error) {
	var naming []webhook.Endpoint
	for _, e := range m.endpoints {
		if slices.Contains(e.Topics, topic) && e.DeletedAt.IsZero() && len(naming) < limit {
			naming = append(naming, e)
		}
	}
	return naming, nil
}

func (m *memory) RecentEvents(context.Context, webhook.ProjectID, int) ([]webhook.Event, error) {
	return slices.Collect(maps.Values(m.events)), nil
}

func (m *memory) Expunge(_ context.Context, id webhook.EventID, at time.Time, entry webhook.AuditEntry) error {
	ev := m.events[id]
	ev.Data, ev.ExpungedAt = nil, at
	return put(m, m.events, id, ev, entry)
}

func (m *memory) Stats(_ context.Context, f webhook.StatsFilter) ([]webhook.StatsBucket, error) {
	m.filters = append(m.filters, f)
	return []webhook.StatsBucket{{Delivered: 3, Failed: 1}, {Delivered: 6}}, nil
}

func (m *memory) StatsByEndpoint(_ context.Context, f webhook.StatsFilter, _ []webhook.EndpointID) (map[webhook.EndpointID][]webhook.StatsBucket, error) {
	m.filters = append(m.filters, f)
	return nil, nil
}

func (m *memory) Standings(_ context.Context, project webhook.ProjectID, _ time.Time, limit int) ([]webhook.Standing, error) {
	var list []webhook.Standing
	for _, e := range m.endpoints {
		if e.ProjectID == project && e.DeletedAt.IsZero() && len(list) < limit {
			list = append(list, webhook.Standing{Endpoint: e, Delivered: 6, Failed: 2})
		}
	}
	return list, nil
}

func (m *memory) Tallies(_ context.Context, projects []webhook.ProjectID, failures int) (map[webhook.ProjectID]webhook.Tally, error) {
	all := map[webhook.ProjectID]webhook.Tally{}
	for _, id := range projects {
		all[id] = webhook.Tally{Endpoints: int64(failures)}
	}
	return all, nil
}

func (m *memory) Backlogs(_ context.Context, _ webhook.ProjectID, endpoints []webhook.EndpointID, atMost int64) (map[webhook.EndpointID]webhook.Backlog, error) {
	all := map[webhook.EndpointID]webhook.Backlog{}
	for _, id := range endpoints {
		all[id] = webhook.Backlog{Waiting: atMost}
	}
	return all, nil
}

func (m *memory) CountStates(context.Context, webhook.StatsFilter, int64) (map[webhook.State]int64, error) {
	return map[webhook.State]int64{webhook.Waiting: 2}, nil
}

func (m *memory) Audit(_ context.Context, f webhook.AuditFilter) (webhook.Page[webhook.AuditEntry], error) {
	m.filters = append(m.filters, f)
	return webhook.Page[webhook.AuditEntry]{Items: m.audit}, nil
}

func (m *memory) Users(_ context.Context, f manage.UserFilter) (webhook.Page[account.User], error) {
	m.filters = append(m.filters, f)
	return webhook.Page[account.User]{Items: slices.Collect(maps.Values(m.users))}, nil
}
