package manage

import (
	"context"
	"fmt"
	"runtime/debug"

	"golang.org/x/sync/errgroup"
)

// Together reads the parts of an answer at the same time, each with connections
// of its own, and answers the first error, which ends the others. A panic is one
// too: outside the request's own goroutine nobody else would catch it.
func Together(ctx context.Context, parts ...func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, part := range parts {
		group.Go(func() (err error) {
			defer func() {
				if caught := recover(); caught != nil {
					err = fmt.Errorf("panic: %v\n%s", caught, debug.Stack())
				}
			}()
			return part(ctx)
		})
	}
	return group.Wait()
}
