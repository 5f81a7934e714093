package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Wish is what a machine wants to get: the JSON of POST /api/v1/listen.
type Wish struct {
	Name      string   `json:"name"`
	URL       string   `json:"url"`
	Topics    []string `json:"topics,omitempty"`
	Format    string   `json:"format,omitempty"`
	Secret    string   `json:"secret,omitempty"`
	ProjectID string   `json:"projectId,omitempty"`
}

// Listening is what the server made of a wish.
type Listening struct {
	ID       string `json:"id"`
	Endpoint struct {
		Name   string   `json:"name"`
		Topics []string `json:"topics"`
		Format string   `json:"format"`
		URL    string   `json:"url"`
	} `json:"endpoint"`
	Secret     string   `json:"secret"`
	Warnings   []string `json:"warnings"`
	Dashboard  string   `json:"dashboardUrl"`
	Deliveries string   `json:"deliveriesUrl"`
}

// Request is a signed request to make.
type Request struct {
	DeliveryID     string  `json:"deliveryId"`
	AttemptID      string  `json:"attemptId"`
	EventID        string  `json:"eventId"`
	Topic          string  `json:"topic"`
	Attempt        int     `json:"attempt"`
	TimeoutSeconds float64 `json:"timeoutSeconds"`
	Headers        []line  `json:"headers"`
	Body           []byte  `json:"body"`
}

type line struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// answer is what became of a request.
type answer struct {
	DeliveryID string  `json:"deliveryId"`
	AttemptID  string  `json:"attemptId"`
	Status     int     `json:"status,omitempty"`
	Headers    []line  `json:"headers,omitempty"`
	Body       []byte  `json:"body,omitempty"`
	Truncated  bool    `json:"truncated,omitempty"`
	Cause      string  `json:"cause,omitempty"`
	Error      string  `json:"error,omitempty"`
	DurationMS float64 `json:"durationMs"`
	Timings    timings `json:"timings"`
}

type timings struct {
	DNS       float64 `json:"dns"`
	Connect   float64 `json:"connect"`
	TLS       float64 `json:"tls"`
	FirstByte float64 `json:"firstByte"`
}

func (c *Client) listen(ctx context.Context, wish Wish) (Listening, error) {
	var made Listening
	body, err := json.Marshal(wish)
	if err != nil {
		return made, fmt.Errorf("encode the wish: %w", err)
	}
	return made, c.once(ctx, http.MethodPost, "/api/v1/listen", body, &made)
}

func (c *Client) stopListening(ctx context.Context, id string) error {
	return c.once(ctx, http.MethodDelete, "/api/v1/listen/"+id, nil, nil)
}

// answers sends what became of requests; none is a sign of life.
func (c *Client) answers(ctx context.Context, id string, all []answer) error {
	if all == nil {
		all = []answer{}
	}
	body, err := json.Marshal(map[string]any{"answers": all})
	if err != nil {
		return fmt.Errorf("encode answers: %w", err)
	}
	return c.once(ctx, http.MethodPost, "/api/v1/listen/"+id+"/answers", body, nil)
}

// silence is how long a stream may say nothing: it pings every 10 seconds.
const silence = 30 * time.Second

var errSilence = errors.New("nothing was heard from the server for 30 seconds")

// stream reads a stream until it ends: the reason that the server gave, or an
// error. began is called with its first event.
func (c *Client) stream(ctx context.Context, id string, began func(), got func(Request)) (reason string, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	quiet := time.AfterFunc(silence, func() { cancel(errSilence) })
	defer quiet.Stop()
	request, err := c.request(ctx, http.MethodGet, "/api/v1/listen/"+id, nil)
	if err != nil {
		return "", err
	}
	endless := *c.http
	endless.Timeout = 0
	response, err := endless.Do(request)
	if err != nil {
		return "", orCause(ctx, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20)) // what came of it is told
		return "", refusal(response, body)
	}
	began()
	events := bufio.NewReaderSize(response.Body, 64<<10)
	for {
		event, data, err := next(events)
		if err != nil {
			return "", orCause(ctx, err)
		}
		quiet.Reset(silence)
		switch event {
		case "request":
			var r Request
			if err := json.Unmarshal(data, &r); err != nil {
				return "", fmt.Errorf("read a request: %w", err)
			}
			got(r)
		case "end":
			var end struct{ Reason string }
			err := json.Unmarshal(data, &end)
			return end.Reason, err
		}
	}
}

// next reads one server-sent event.
func next(from *bufio.Reader) (event string, data []byte, err error) {
	for {
		text, err := from.ReadBytes('\n')
		if err != nil {
			return "", nil, err
		}
		text = bytes.TrimRight(text, "\r\n")
		name, value, _ := bytes.Cut(text, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch {
		case len(text) == 0 && event != "":
			return event, data, nil
		case string(name) == "event":
			event = string(value)
		case string(name) == "data":
			data = append(data, value...)
		}
	}
}

func orCause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errSilence) {
		return cause
	}
	return err
}
