package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// inbox is the receiver as the bench sees it.
type inbox struct {
	*child
	url  string
	http *http.Client
	// settle is how long duplicates are waited for.
	settle time.Duration
}

func openInbox(ctx context.Context, o Options, plan receiverPlan) (*inbox, error) {
	c, at, err := startListener(ctx, o, "receiver", plan)
	if err != nil {
		return nil, err
	}
	return &inbox{c, at, &http.Client{Timeout: time.Minute}, o.Settle}, nil
}

// startListener starts a part that listens and says where.
func startListener(ctx context.Context, o Options, name string, plan any) (*child, string, error) {
	c, err := startPart(ctx, o, name, plan)
	if err != nil {
		return nil, "", err
	}
	var at address
	if err := c.read(&at); err != nil {
		c.stop()
		return nil, "", err
	}
	return c, at.URL, nil
}

// begin makes the receiver count another run.
func (i *inbox) begin(ctx context.Context, run string) error {
	return i.ask(ctx, http.MethodPost, "/run/"+run, nil)
}

// receipts are those of the paths that begin with under; all if it is empty.
func (i *inbox) receipts(ctx context.Context, under string) (r receipts, err error) {
	return r, i.ask(ctx, http.MethodGet, "/receipts?under="+url.QueryEscape(under), &r)
}

func (i *inbox) ask(ctx context.Context, method, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, i.url+path, nil)
	if err != nil {
		return err
	}
	response, err := i.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if into == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}

// askEvery is how often the receiver is asked how far it is.
const askEvery = 50 * time.Millisecond

// wait waits until as many deliveries as expected came in, or until none came
// for the patience; what is missing then is lost.
func (i *inbox) wait(ctx context.Context, under string, expected int, patience time.Duration) (receipts, error) {
	seen, since := -1, time.Now()
	for seen < expected && time.Since(since) < patience && ctx.Err() == nil {
		now, err := i.count(ctx, under)
		if err != nil {
			return receipts{}, err
		}
		if now != seen {
			seen, since = now, time.Now()
		}
		if seen < expected {
			pause(ctx, askEvery)
		}
	}
	pause(ctx, i.settle)
	return i.receipts(ctx, under)
}

// count is how many deliveries came in.
func (i *inbox) count(ctx context.Context, under string) (int, error) {
	var now receipts
	if err := i.ask(ctx, http.MethodGet, "/count?under="+url.QueryEscape(under), &now); err != nil {
		return 0, fmt.Errorf("ask the receiver: %w", err)
	}
	return now.Unique, nil
}

// until waits for so many deliveries, or for the end of the context, which is
// no error.
func (i *inbox) until(ctx context.Context, under string, n int) error {
	for ctx.Err() == nil {
		now, err := i.count(ctx, under)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if now >= n {
			break
		}
		pause(ctx, askEvery)
	}
	return nil
}

// pause sleeps, but not beyond the context.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
