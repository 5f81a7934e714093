// Package client speaks Bellwire's own API from the command line: it publishes
// events. It knows JSON over HTTP and nothing of the server's insides.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
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
		wait, err := c.once(ctx, path, body, into)
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

// once makes one call; a wait above 0 says that it is worth trying again.
func (c *Client) once(ctx context.Context, path string, body []byte, into any) (time.Duration, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("the server's address: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	if err != nil {
		return 0, fmt.Errorf("read the answer: %w", err)
	}
	if response.StatusCode == http.StatusAccepted {
		return 0, json.Unmarshal(answer, into)
	}
	refused := explain(response.StatusCode, answer)
	if response.StatusCode == http.StatusServiceUnavailable || response.StatusCode == http.StatusTooManyRequests {
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return time.Duration(max(seconds, 1)) * time.Second, refused
	}
	return 0, refused
}

func explain(status int, body []byte) error {
	var p problem
	if json.Unmarshal(body, &p) != nil || p.Title+p.Detail == "" {
		return fmt.Errorf("the server answered %d", status)
	}
	text := []string{fmt.Sprintf("%d %s", status, p.Detail)}
	for _, e := range p.Errors {
		text = append(text, "  "+e.Location+": "+e.Message)
	}
	return errors.New(strings.Join(text, "\n"))
}
