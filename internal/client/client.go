// Package client speaks Bellwire's own API from the command line: it publishes
// events, and listens for deliveries and posts them to a program on this
// machine. It knows JSON over HTTP and nothing of the server's insides.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client calls one server with one key.
type Client struct {
	http *http.Client
	url  string
	key  string
}

// New makes a client for a server's base URL; key is an API key's secret.
func New(outbound *http.Client, baseURL, key string) *Client {
	return &Client{http: outbound, url: strings.TrimSuffix(baseURL, "/"), key: key}
}

// Receipt is the server's answer for one event.
type Receipt struct {
	ID         string `json:"id"`
	Topic      string `json:"topic"`
	Deliveries int    `json:"deliveries"`
	Duplicate  bool   `json:"duplicate"`
}

// problem is an RFC 9457 answer.
type problem struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Errors []struct {
		Location string `json:"location"`
		Message  string `json:"message"`
	} `json:"errors"`
}

// Publish sends one event: the JSON of POST /api/v1/events.
func (c *Client) Publish(ctx context.Context, event json.RawMessage) (Receipt, error) {
	var receipt Receipt
	return receipt, c.post(ctx, "/api/v1/events", event, &receipt)
}

// PublishBatch sends up to 1000 events that are stored together or not at all.
func (c *Client) PublishBatch(ctx context.Context, events []json.RawMessage) ([]Receipt, error) {
	body, err := json.Marshal(map[string]any{"events": events})
	if err != nil {
		return nil, fmt.Errorf("encode the batch: %w", err)
	}
	var answer struct {
		Results []Receipt `json:"results"`
	}
	return answer.Results, c.post(ctx, "/api/v1/events/batch", body, &answer)
}

// attempts is how often a server that is busy or away is asked.
const attempts = 5

// post tries again while the server says 503 or 429, for as long as it asks.
func (c *Client) post(ctx context.Context, path string, body []byte, into any) error {
	for try := 1; ; try++ {
		err := c.once(ctx, http.MethodPost, path, body, into)
		wait := after(err)
		if wait == 0 || try == attempts {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// after is how long the server asks to wait before a call is tried again; 0 if
// that is not worth while.
func after(err error) time.Duration {
	var refused *Refusal
	if errors.As(err, &refused) && (refused.Status == http.StatusServiceUnavailable || refused.Status == http.StatusTooManyRequests) {
		return max(refused.after, time.Second)
	}
	return 0
}

// once makes one call. A refusal is a *Refusal.
func (c *Client) once(ctx context.Context, method, path string, body []byte, into any) error {
	request, err := c.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return c.away(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return refusal(response, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// away says which server gave no answer, and keeps the cause.
func (c *Client) away(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return fmt.Errorf("no answer from the server at %s: %w\nIs it running, and is --url (BELLWIRE_URL) its address?", c.url, err)
}

func (c *Client) request(ctx context.Context, method, path string, body []byte) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("the server's address: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// Refusal is an answer that is no success.
type Refusal struct {
	Status int
	// Words say why, line by line; Reason is the server's own part, empty if it
	// does not speak as Bellwire does.
	Words, Reason string
	after         time.Duration
}

func (r *Refusal) Error() string { return r.Words }

func refusal(response *http.Response, body []byte) *Refusal {
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
	r := &Refusal{Status: response.StatusCode, after: time.Duration(seconds) * time.Second}
	var p problem
	if json.Unmarshal(body, &p) != nil || p.Title+p.Detail == "" {
		r.Words = fmt.Sprintf("the server answered %d", r.Status)
		return r
	}
	r.Reason = p.Title + p.Detail
	text := []string{fmt.Sprintf("%d %s", r.Status, p.Detail)}
	for _, e := range p.Errors {
		if len(p.Errors) == 1 && strings.Contains(p.Detail, e.Message) {
			continue // said
		}
		text = append(text, "  "+e.Location+": "+e.Message)
	}
	r.Words = strings.Join(text, "\n")
	return r
}
