package manage

import (
	"context"
	"fmt"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/daily"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	// dailyPiece is how many events of a day are read at once, dailyProjects how
	// many projects.
	dailyPiece    = 1000
	dailyProjects = 200
)

// Daily publishes the summaries of the days that have ended since the last one
// that is done, for each project that had store events. It may be called at any
// time, on every node at once: a summary is published once. The first call only
// notes where to begin. What fails is tried again with the next call.
func (s *Service) Daily(ctx context.Context) error {
	last := daily.LastEnded(s.now())
	done, err := s.Store.DailyDone(ctx, last)
	if err != nil {
		return err
	}
	day := daily.Next(done)
	if kept := daily.Day(s.now().Add(-s.Facts.Retention)); s.Facts.Retention > 0 && day.Before(kept) {
		day = kept // what is older is gone
	}
	for ; !day.After(last); day = daily.Next(day) {
		if err := s.dailyOf(ctx, day); err != nil {
			return fmt.Errorf("summaries of %s: %w", day.Format(time.DateOnly), err)
		}
		if err := s.Store.EndDaily(ctx, day); err != nil {
			return err
		}
	}
	return nil
}

// dailyOf goes through all projects.
func (s *Service) dailyOf(ctx context.Context, day time.Time) error {
	var after webhook.ProjectID
	for {
		projects, err := s.Store.ProjectsAfter(ctx, after, dailyProjects)
		if err != nil || len(projects) == 0 {
			return err
		}
		for _, project := range projects {
			err := s.summarise(ctx, project, day)
			switch webhook.KindOf(err) {
			case webhook.KindNotFound: // deleted meanwhile
			case webhook.KindInvalid:
				// A schema of the operator's own; the other projects don't wait for it.
				s.Log.WarnContext(ctx, "a daily summary can't be published", "project", project.String(), "day", day.Format(time.DateOnly), "error", err)
			default:
				if err != nil {
					return err
				}
			}
		}
		after = projects[len(projects)-1]
	}
}

// summarise reads a project's day, piece by piece, and publishes what it comes
// to, if that was not done.
func (s *Service) summarise(ctx context.Context, project webhook.ProjectID, day time.Time) error {
	known, err := s.Store.HasDaily(ctx, project, day)
	if err != nil || known {
		return err
	}
	var summary daily.Summary
	from, to := webhook.FloorUUID(day), webhook.FloorUUID(daily.Next(day))
	for more := true; more; more = !from.IsZero() {
		if from, err = s.Store.EventsOfDay(ctx, project, from, to, daily.Viewed, dailyPiece, summary.Add); err != nil {
			return err
		}
	}
	if summary.Empty() {
		return nil
	}
	data, err := summary.Data(day)
	if err != nil {
		return err
	}
	_, err = s.Changer.Change(ctx, account.ForSystem("Bellwire"), project, func(ctx context.Context, follow publish.Follow) (webhook.Admitted, error) {
		return s.Store.PublishDaily(ctx, project, day, func() (webhook.Admission, error) {
			return follow([]publish.Draft{{Topic: daily.Topic, Data: data, Project: project, Audience: webhook.AudienceProject}})
		})
	})
	return err
}
