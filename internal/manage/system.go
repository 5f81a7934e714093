package manage

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Pool is how busy this process's dispatcher is.
type Pool struct {
	Slots, Free, Running, Queued int
	// Unrecorded counts results that are not in the database yet.
	Unrecorded int
}

// System is the installation as it is at a moment.
type System struct {
	// Now is the database's clock, which leases live by; Ahead is how far this
	// process's is ahead of it.
	Now   time.Time
	Ahead time.Duration
	// Self is this process among the nodes, and Pool what it is at.
	Self     webhook.NodeID
	Pool     Pool
	Nodes    []webhook.Node
	Backlog  webhook.Load
	Database webhook.Database
}

// System answers it to those who keep the installation.
func (s *Service) System(ctx context.Context, c account.Caller) (System, error) {
	if err := c.May(account.ViewSystem, webhook.ProjectID{}); err != nil {
		return System{}, err
	}
	var found System
	err := Together(ctx, func(ctx context.Context) (err error) {
		asked := s.Now()
		found.Now, err = s.Store.Ping(ctx)
		// The clock was read at some moment between the question and the answer.
		found.Ahead = asked.Add(s.Now().Sub(asked) / 2).Sub(found.Now)
		return err
	}, func(ctx context.Context) (err error) {
		found.Nodes, err = s.Store.Nodes(ctx)
		return err
	}, func(ctx context.Context) (err error) {
		found.Backlog, err = s.Store.Backlog(ctx)
		return err
	}, func(ctx context.Context) (err error) {
		found.Database, err = s.Store.Database(ctx)
		return err
	})
	found.Self, found.Pool = s.Node, s.Pool()
	return found, err
}
