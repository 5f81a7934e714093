package manage

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Stats are counts over time.
type Stats struct {
	Buckets []webhook.StatsBucket
	// States counts deliveries made in the time, each up to MaxCount; Delivered
	// only where the filter asks.
	States    map[webhook.State]int64
	Delivered int64
	Failed    int64
	Latency   webhook.Latency
}

// SuccessRate is the share of attempts that were delivered, 0 to 1; false if
// there were none.
func (s Stats) SuccessRate() (float64, bool) {
	all := s.Delivered + s.Failed
	if all == 0 {
		return 0, false
	}
	return float64(s.Delivered) / float64(all), true
}

// The bounds of statistics.
const (
	// MaxCount is where counting deliveries stops.
	MaxCount     = 10_000
	maxBuckets   = 2000
	defaultSince = 24 * time.Hour
	defaultParts = 48
)

// Stats answers counts of a project or one endpoint; without a time the last
// day.
func (s *Service) Stats(ctx context.Context, c account.Caller, f webhook.StatsFilter) (Stats, error) {
	f, err := s.statsFilter(ctx, c, f)
	if err != nil {
		return Stats{}, err
	}
	var sum Stats
	err = Together(ctx, func(ctx context.Context) (err error) {
		sum.Buckets, err = s.Store.Stats(ctx, f)
		return err
	}, func(ctx context.Context) (err error) {
		sum.States, err = s.Store.CountStates(ctx, f, MaxCount)
		return err
	})
	if err != nil {
		return Stats{}, err
	}
	for _, b := range sum.Buckets {
		sum.Delivered += b.Delivered
		sum.Failed += b.Failed
		sum.Latency.Merge(b.Latency)
	}
	return sum, nil
}

// Volume answers how many attempts were delivered and failed over time, and
// nothing else: it is what a histogram above a list needs.
func (s *Service) Volume(ctx context.Context, c account.Caller, f webhook.StatsFilter) ([]webhook.StatsBucket, error) {
	f, err := s.statsFilter(ctx, c, f)
	if err != nil {
		return nil, err
	}
	f.CountsOnly = true
	return s.Store.Stats(ctx, f)
}

// StatsByEndpoint answers buckets for several endpoints of one project.
func (s *Service) StatsByEndpoint(ctx context.Context, c account.Caller, f webhook.StatsFilter, endpoints []webhook.EndpointID) (map[webhook.EndpointID][]webhook.StatsBucket, error) {
	f, err := s.statsFilter(ctx, c, f)
	if err != nil {
		return nil, err
	}
	if len(endpoints) == 0 {
		return map[webhook.EndpointID][]webhook.StatsBucket{}, nil
	}
	return s.Store.StatsByEndpoint(ctx, f, endpoints)
}

// MaxBacklog is where counting what waits for one endpoint stops, maxStandings
// how many endpoints of a project are looked at.
const (
	MaxBacklog   = 1000
	maxStandings = 10_000
)

// Standings answers how each endpoint of a project stands, newest first, with
// its attempts since a time; at most ten thousand are answered.
func (s *Service) Standings(ctx context.Context, c account.Caller, project webhook.ProjectID, since time.Time) ([]webhook.Standing, error) {
	if err := c.May(account.ViewEndpoints, project); err != nil {
		return nil, err
	}
	list, err := s.Store.Standings(ctx, project, since, maxStandings)
	if err != nil {
		return nil, err
	}
	if !c.SeesURLs(project) {
		for i := range list {
			list[i].URL = MaskURL(list[i].URL)
		}
	}
	return list, nil
}

// Subscriptions answers what each endpoint of a project takes, newest first; at
// most ten thousand are answered.
func (s *Service) Subscriptions(ctx context.Context, c account.Caller, project webhook.ProjectID) ([]webhook.Subscription, error) {
	if err := c.May(account.ViewEndpoints, project); err != nil {
		return nil, err
	}
	return s.Store.Subscriptions(ctx, project, maxStandings)
}

// Tallies sums up how the endpoints of projects stand, failing those with as
// many failures in a row; a project without endpoints has no entry.
func (s *Service) Tallies(ctx context.Context, c account.Caller, projects []webhook.ProjectID, failures int) (map[webhook.ProjectID]webhook.Tally, error) {
	if len(projects) > MaxLimit {
		return nil, webhook.Invalid("projects", "must be at most %d", MaxLimit)
	}
	for _, id := range projects {
		if err := c.May(account.ViewEndpoints, id); err != nil {
			return nil, err
		}
	}
	return s.Store.Tallies(ctx, projects, failures)
}

// Backlogs answers what waits for endpoints of a project, each counted up to a
// thousand; an endpoint for which nothing waits has no entry.
func (s *Service) Backlogs(ctx context.Context, c account.Caller, project webhook.ProjectID, endpoints []webhook.EndpointID) (map[webhook.EndpointID]webhook.Backlog, error) {
	if err := c.May(account.ViewDeliveries, project); err != nil {
		return nil, err
	}
	return s.Store.Backlogs(ctx, project, endpoints, MaxBacklog)
}

func (s *Service) statsFilter(ctx context.Context, c account.Caller, f webhook.StatsFilter) (webhook.StatsFilter, error) {
	if !f.EndpointID.IsZero() {
		e, err := s.endpoint(ctx, c, account.ViewDeliveries, f.EndpointID)
		if err != nil {
			return f, err
		}
		if !f.ProjectID.IsZero() && f.ProjectID != e.ProjectID {
			return f, webhook.NotFound("there is no such endpoint")
		}
		f.ProjectID = e.ProjectID
	}
	project, err := scope(c, account.ViewDeliveries, f.ProjectID)
	if err != nil {
		return f, err
	}
	f.ProjectID = project
	return f, s.statsTimes(&f)
}

// statsTimes fills in the time and widens the step to whole minutes.
func (s *Service) statsTimes(f *webhook.StatsFilter) error {
	if f.Until.IsZero() {
		f.Until = s.now()
	}
	if f.Since.IsZero() {
		f.Since = f.Until.Add(-defaultSince)
	}
	span := f.Until.Sub(f.Since)
	if span <= 0 {
		return webhook.Invalid("since", "must be before until")
	}
	if f.Step == 0 {
		f.Step = max(span/defaultParts, time.Minute)
	}
	if f.Step < time.Minute {
		return webhook.Invalid("step", "must be at least a minute")
	}
	f.Step = f.Step.Truncate(time.Minute)
	if span/f.Step > maxBuckets {
		return webhook.Invalid("step", "is too small for that much time: at most %d steps are answered", maxBuckets)
	}
	return nil
}

// Audit lists who did what, newest first.
func (s *Service) Audit(ctx context.Context, c account.Caller, f webhook.AuditFilter) (webhook.Page[webhook.AuditEntry], error) {
	var none webhook.Page[webhook.AuditEntry]
	project, err := scope(c, account.ViewAudit, f.ProjectID)
	if err != nil {
		return none, err
	}
	if f.Limit, err = limitOf(f.Limit); err != nil {
		return none, err
	}
	f.ProjectID = project
	return s.Store.Audit(ctx, f)
}
