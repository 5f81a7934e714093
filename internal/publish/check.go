package publish

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	// maxFaults is how many wrong places one answer names.
	maxFaults = 20
	// maxSearch is the length of a search value that is still kept, in bytes.
	maxSearch = 256
)

// entry is a draft that passed the checks.
type entry struct {
	event       webhook.Event
	audit       *webhook.AuditEntry
	fingerprint [32]byte
	at          string // location prefix: "" or "events[3]."
	warnings    []string
}

// check turns drafts into entries or names what is wrong with them.
func (p *Publisher) check(ctx context.Context, caller account.Caller, drafts []Draft, batch bool) ([]*entry, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	entries := make([]*entry, 0, len(drafts))
	var faults []webhook.Field
	for i := range drafts {
		at := ""
		if batch {
			at = fmt.Sprintf("events[%d].", i)
		}
		e, err := p.checkOne(ctx, caller, drafts[i], at)
		var told *webhook.Error
		switch {
		case err == nil:
			entries = append(entries, e)
		case errors.As(err, &told) && (told.Kind == webhook.KindInvalid || batch && told.Kind == webhook.KindTooLarge):
			if faults = append(faults, told.Fields...); len(faults) >= maxFaults {
				return nil, webhook.InvalidFields(faults)
			}
		default:
			return nil, err
		}
	}
	return entries, webhook.InvalidFields(faults)
}

func (p *Publisher) checkOne(ctx context.Context, caller account.Caller, d Draft, at string) (*entry, error) {
	if err := address(&d, caller, at); err != nil {
		return nil, err
	}
	if err := caller.May(account.Publish, d.Project); err != nil {
		return nil, err
	}
	return p.judge(ctx, caller, d, at)
}

// judge looks at what an addressed draft says; who may say it is settled.
func (p *Publisher) judge(ctx context.Context, caller account.Caller, d Draft, at string) (*entry, error) {
	t, err := p.checkTopic(ctx, caller, d.Topic, at)
	if err != nil {
		return nil, err
	}
	if err := checkMargins(d, at); err != nil {
		return nil, err
	}
	data, err := rawjson.Check(d.Data)
	if err != nil {
		return nil, relocate(err, at)
	}
	if len(data) > MaxData {
		return nil, tooLarge(at, len(data))
	}
	e := p.entry(caller, d, data, at)
	if faults := t.schema.faults(data, at+"data"); len(faults) > 0 {
		if !t.WarnOnly {
			return nil, webhook.InvalidFields(faults)
		}
		for _, f := range faults {
			e.warnings = append(e.warnings, f.Location+" "+f.Message)
		}
		p.log.Warn("event breaks its topic's schema, which only warns", "topic", d.Topic, "place", faults[0].Location)
	}
	e.event.Search = searchValues(data, t.SearchKeys)
	return e, nil
}

// address completes for whom the event is and refuses what contradicts itself.
func address(d *Draft, caller account.Caller, at string) error {
	switch d.Audience {
	case "", webhook.AudienceProject:
		d.Audience = webhook.AudienceProject
		if d.Project.IsZero() {
			d.Project = caller.OwnProject()
		}
		if d.Project.IsZero() {
			return webhook.Invalid(at+"projectId", `is missing: name the project, or publish to audience "all"`)
		}
	case webhook.AudienceAll:
		if !d.Project.IsZero() {
			return webhook.Invalid(at+"projectId", `can't be named together with audience "all"`)
		}
	default:
		return webhook.Invalid(at+"audience", `must be "project" or "all"`)
	}
	return nil
}

func (p *Publisher) checkTopic(ctx context.Context, caller account.Caller, name, at string) (*topic, error) {
	if name == "" {
		return nil, webhook.Invalid(at+"topic", "is missing")
	}
	if filter.IsOperational(name) && !caller.System {
		return nil, webhook.Invalid(at+"topic", "%s is made by Bellwire itself and can't be published", name)
	}
	t, nearest, err := p.topics.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, webhook.Invalid(at+"topic", "%q is not known%s", shorten(name), nearest)
	}
	return t, nil
}

// checkMargins looks at what stands beside the data.
func checkMargins(d Draft, at string) error {
	if len(d.Key) > MaxKey {
		return webhook.Invalid(at+"idempotencyKey", "has %d bytes, at most %d are kept", len(d.Key), MaxKey)
	}
	if !utf8.ValidString(d.Key) || hasControl(d.Key) {
		return webhook.Invalid(at+"idempotencyKey", "must be printable UTF-8")
	}
	if y := d.OccurredAt.UTC().Year(); !d.OccurredAt.IsZero() && (y < 1970 || y > 9999) {
		return webhook.Invalid(at+"occurredAt", "must lie between the years 1970 and 9999")
	}
	if d.Hop > MaxHop {
		return webhook.Invalid(at+"hop", "is %d: this event comes round in a loop", d.Hop)
	}
	return nil
}

// entry lays out a checked draft as an event.
func (p *Publisher) entry(caller account.Caller, d Draft, data []byte, at string) *entry {
	now := p.now().UTC().Truncate(time.Millisecond)
	e := &entry{at: at, fingerprint: fingerprint(d, data)}
	e.event = webhook.Event{
		ID:          webhook.EventID{UUID: mint.UUID(now)},
		ProjectID:   d.Project,
		Audience:    d.Audience,
		Topic:       d.Topic,
		Data:        data,
		OccurredAt:  d.OccurredAt.UTC(),
		AcceptedAt:  now,
		PublishedBy: caller.Actor,
		Hop:         d.Hop,
		Key:         d.Key,
	}
	if d.OccurredAt.IsZero() {
		e.event.OccurredAt = now
	}
	if caller.User != nil {
		e.audit = byHand(caller, e.event)
	}
	return e
}

// byHand records an event that a person published. Programs leave none: the
// event itself names their key.
func byHand(caller account.Caller, e webhook.Event) *webhook.AuditEntry {
	return &webhook.AuditEntry{
		ID: webhook.AuditID{UUID: mint.UUID(e.AcceptedAt)}, At: e.AcceptedAt, ProjectID: e.ProjectID, Actor: caller.Actor,
		Action: "event.published", Object: e.ID.String(), ObjectName: e.Topic, Addr: caller.Addr,
	}
}

// fingerprint is what makes two events of one idempotency key the same: topic,
// audience, project, the time of occurrence if it was given, and the data.
func fingerprint(d Draft, data []byte) [32]byte {
	occurred := int64(0)
	if !d.OccurredAt.IsZero() {
		occurred = d.OccurredAt.UnixNano()
	}
	text := make([]byte, 0, len(d.Topic)+len(d.Audience)+len(data)+48)
	text = binary.BigEndian.AppendUint32(text, uint32(len(d.Topic)))
	text = append(text, d.Topic...)
	text = append(text, d.Audience...)
	text = append(text, 0)
	text = append(text, d.Project.UUID[:]...)
	text = binary.BigEndian.AppendUint64(text, uint64(occurred))
	return sha256.Sum256(append(text, data...))
}

// searchValues are the texts by which the event can be found: strings without
// quotes, numbers and booleans as written.
func searchValues(data []byte, keys []string) []string {
	var found []string
	for _, key := range keys {
		raw, ok := rawjson.Lookup(data, key)
		if !ok || len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || raw[0] == 'n' {
			continue
		}
		text, isText := rawjson.Text(raw)
		if !isText {
			text = string(raw)
		}
		if text != "" && len(text) <= maxSearch {
			found = append(found, text)
		}
	}
	return found
}

// relocate puts a batch's index before the places that an error about one of
// its events names.
func relocate(err error, at string) error {
	var told *webhook.Error
	if at == "" || !errors.As(err, &told) || len(told.Fields) == 0 {
		return err
	}
	moved := make([]webhook.Field, len(told.Fields))
	for i, f := range told.Fields {
		moved[i] = webhook.Field{Location: at + f.Location, Message: f.Message}
	}
	if told.Kind == webhook.KindInvalid {
		return webhook.InvalidFields(moved) // its message names a place, too
	}
	return &webhook.Error{Kind: told.Kind, Message: told.Message, Fields: moved, Err: told.Err}
}

func tooLarge(at string, size int) error {
	err := webhook.TooLarge("%sdata has %d bytes, at most %d are taken", at, size, MaxData)
	err.Fields = []webhook.Field{{Location: at + "data", Message: fmt.Sprintf("has %d bytes, at most %d are taken", size, MaxData)}}
	return err
}

func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// shorten keeps a stranger's text small enough to be quoted back.
func shorten(s string) string {
	if len(s) <= 128 {
		return s
	}
	return s[:128] + "…"
}
