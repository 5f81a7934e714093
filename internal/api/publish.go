package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	idempotencyHeader = "Idempotency-Key"
	hopHeader         = "X-Bellwire-Hop"
)

// Receipt is the answer for one published event.
type Receipt struct {
	ID         string   `json:"id" format:"uuid"`
	Topic      string   `json:"topic"`
	Deliveries int      `json:"deliveries" doc:"How many endpoints it goes to; with fanOut how many so far"`
	Duplicate  bool     `json:"duplicate" doc:"The idempotency key was used before: this is the first answer again"`
	FanOut     bool     `json:"fanOut,omitempty" doc:"It goes to many endpoints; their deliveries are being made in steps"`
	Warnings   []string `json:"warnings,omitempty" doc:"Where the data breaks its topic's schema, if that only warns"`
}

// Receipts is the answer to a batch, in its order.
type Receipts struct {
	Results []Receipt `json:"results"`
}

func receiptOf(r webhook.Receipt) Receipt {
	return Receipt{ID: r.ID.String(), Topic: r.Topic, Deliveries: r.Deliveries, Duplicate: r.Duplicate, FanOut: r.FanOut, Warnings: r.Warnings}
}

func (a *API) publishOne(c *gin.Context, body []byte) error {
	ctx, caller := c.Request.Context(), callerOf(c.Request.Context())
	hop, err := hopOf(c.Request.Header)
	if err != nil {
		return err
	}
	if err := a.paces.take(caller.Key.ID, 1); err != nil {
		return err
	}
	draft, err := a.draft(ctx, caller, body, "")
	if err != nil {
		return err
	}
	if draft.Key, err = keyOf(c.Request.Header, draft.Key); err != nil {
		return err
	}
	draft.Hop = hop
	receipts, err := a.options.Publisher.Publish(ctx, caller, []publish.Draft{draft})
	if err != nil {
		return err
	}
	return accepted(c, receiptOf(receipts[0]))
}

func (a *API) publishBatch(c *gin.Context, body []byte) error {
	ctx, caller := c.Request.Context(), callerOf(c.Request.Context())
	hop, err := hopOf(c.Request.Header)
	if err != nil {
		return err
	}
	if c.GetHeader(idempotencyHeader) != "" {
		return webhook.Invalid("header."+idempotencyHeader, "is for single events; give each event of a batch its idempotencyKey")
	}
	drafts, err := a.drafts(ctx, caller, body)
	if err != nil {
		return err
	}
	if err := a.paces.take(caller.Key.ID, len(drafts)); err != nil {
		return err
	}
	for i := range drafts {
		drafts[i].Hop = hop
	}
	receipts, err := a.options.Publisher.PublishBatch(ctx, caller, drafts)
	if err != nil {
		return err
	}
	answer := Receipts{Results: make([]Receipt, len(receipts))}
	for i, r := range receipts {
		answer.Results[i] = receiptOf(r)
	}
	return accepted(c, answer)
}

// EventPreview is what publishing an event would come to.
type EventPreview struct {
	Faults    []Place  `json:"faults" doc:"Why it would be refused; [] if it would be taken"`
	Warnings  []string `json:"warnings" doc:"Where the data breaks a schema that only warns"`
	Suspended bool     `json:"suspended" doc:"The project is suspended: its deliveries would be held"`
	Matching  []Match  `json:"matching" doc:"Every endpoint of the project and why it would get the event or not; [] with faults"`
}

func (a *API) previewEvent(c *gin.Context, body []byte) error {
	ctx, caller := c.Request.Context(), callerOf(c.Request.Context())
	draft, err := a.draft(ctx, caller, body, "")
	if err != nil {
		return err
	}
	trial, err := a.options.Publisher.Try(ctx, caller, draft)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, EventPreview{
		Faults:   each(trial.Faults, func(f webhook.Field) Place { return Place{"body." + f.Location, f.Message} }),
		Warnings: present(trial.Warnings), Suspended: trial.Suspended,
		Matching: each(trial.Matches, func(m publish.Match) Match { return matchShape(manage.EventMatch(m)) }),
	})
}

func accepted(c *gin.Context, answer any) error { return write(c, http.StatusAccepted, answer) }

func write(c *gin.Context, status int, answer any) error {
	text, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	c.Data(status, "application/json", text)
	return nil
}

// hopOf reads how often the caller's cause has come round already.
func hopOf(h http.Header) (int, error) {
	text := h.Get(hopHeader)
	if text == "" {
		return 0, nil
	}
	hop, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, webhook.Invalid("header."+hopHeader, "must be a small whole number")
	}
	if hop > publish.MaxHop {
		return 0, webhook.Invalid("header."+hopHeader, "is %d: this event was made by its own deliveries, a loop that ends at %d", hop, publish.MaxHop)
	}
	return int(hop), nil
}

// keyOf joins the two places of an idempotency key.
func keyOf(h http.Header, member string) (string, error) {
	values := h.Values(idempotencyHeader)
	if len(values) == 0 {
		return member, nil
	}
	header := values[0]
	if len(values) > 1 || header == "" || len(header) > publish.MaxKey {
		return "", webhook.Invalid("header."+idempotencyHeader, "must be there once, with 1 to %d characters", publish.MaxKey)
	}
	if member != "" && member != header {
		return "", webhook.Invalid("idempotencyKey", "differs from the header %s; send one of them", idempotencyHeader)
	}
	return header, nil
}
