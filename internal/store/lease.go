package store

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// Release gives claims back that were never sent, attempt number included.
func (s *Store) Release(ctx context.Context, jobs []webhook.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	if err := again(func() error { return s.hot.release(ctx, jobs) }); err != nil {
		return wrap("release claims", err)
	}
	endpoints := make([]uid, len(jobs))
	for i, j := range jobs {
		endpoints[i] = uid(j.Delivery.EndpointID.UUID)
	}
	s.cancelForDeleted(ctx, endpoints)
	return nil
}

// Expired reads attempts whose lease is over: nobody will tell their result.
func (s *Store) Expired(ctx context.Context, limit int) ([]webhook.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	jobs, err := s.hot.expired(ctx, limit)
	return jobs, wrap("read ended leases", err)
}

// EndLeases ends all leases at once. On SQLite there is one server, so at its
// start no lease has a worker any more; on PostgreSQL it does nothing.
func (s *Store) EndLeases(ctx context.Context) error {
	return wrap("end leases", s.hot.endLeases(ctx))
}

// Listen calls wake when another node says that something became due, and mail
// when it left parcels or replies, until ctx ends; both also at the start and
// when calls may have been missed. On SQLite there is no other node.
func (s *Store) Listen(ctx context.Context, wake, mail func()) {
	s.hot.listen(ctx, map[string]func(){queueChannel: wake, mailChannel: mail})
}

// Notify tells the other nodes that something became due or changed. Call it
// after the commit, and once for many.
func (s *Store) Notify(ctx context.Context) error { return s.notify(ctx, queueChannel) }

// NotifyMail tells the other nodes that parcels or replies were put.
func (s *Store) NotifyMail(ctx context.Context) error { return s.notify(ctx, mailChannel) }

func (s *Store) notify(ctx context.Context, channel string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return wrap("notify the other nodes", s.hot.notify(ctx, channel))
}
