package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// uid is an id in a row: uuid in PostgreSQL, 16 bytes in SQLite, NULL when
// zero. A query for a zero id therefore finds nothing.
type uid [16]byte

// Value implements driver.Valuer.
func (u uid) Value() (driver.Value, error) {
	if u == (uid{}) {
		return nil, nil
	}
	return u[:], nil
}

// Scan implements sql.Scanner.
func (u *uid) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*u = uid{}
		return nil
	case []byte:
		if len(v) == len(u) {
			copy(u[:], v)
			return nil
		}
	case [16]byte:
		*u = v
		return nil
	case string:
		if len(v) == len(u) {
			copy(u[:], v)
			return nil
		}
		parsed, err := webhook.ParseUUID(v)
		*u = uid(parsed)
		return err
	}
	return fmt.Errorf("an id column holds %T", src)
}

// scope is an id that is all zero, not NULL, for "none": part of a key.
type scope [16]byte

// Value implements driver.Valuer.
func (s scope) Value() (driver.Value, error) { return s[:], nil }

// Scan implements sql.Scanner.
func (s *scope) Scan(src any) error { return (*uid)(s).Scan(src) }

// uids are the columns of ids of any kind.
func uids[ID ~struct{ webhook.UUID }](ids []ID) []uid {
	columns := make([]uid, len(ids))
	for i, id := range ids {
		columns[i] = uid(struct{ webhook.UUID }(id).UUID)
	}
	return columns
}

// ms is a time in a row: milliseconds, 0 for the zero time.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// at is the time that a row holds.
func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// clean makes text that any database takes: PostgreSQL refuses NUL and broken
// UTF-8.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

type eventRow struct {
	ID              uid `gorm:"primaryKey"`
	Seq             int64
	ProjectID       uid
	Audience        string
	Topic           string
	Data            []byte
	OccurredAt      int64
	AcceptedAt      int64
	PublishedByType string
	PublishedByID   uid
	PublishedByName string
	Hop             int
	IdempotencyKey  string
	Deliveries      int
	FanOut          bool
	Search          string
	ExpungedAt      int64
}

func (eventRow) TableName() string { return "events" }

func newEventRow(e webhook.Event) eventRow {
	return eventRow{
		ID: uid(e.ID.UUID), Seq: e.Seq, ProjectID: uid(e.ProjectID.UUID), Audience: string(e.Audience), Topic: e.Topic,
		Data: e.Data, OccurredAt: ms(e.OccurredAt), AcceptedAt: ms(e.AcceptedAt),
		PublishedByType: string(e.PublishedBy.Type), PublishedByID: uid(e.PublishedBy.ID), PublishedByName: clean(e.PublishedBy.Name),
		Hop: e.Hop, IdempotencyKey: e.Key, Deliveries: e.Deliveries, FanOut: e.FanOut, Search: encodeSearch(e.Search),
		ExpungedAt: ms(e.ExpungedAt),
	}
}

func (r eventRow) event() webhook.Event {
	return webhook.Event{
		ID: webhook.EventID{UUID: webhook.UUID(r.ID)}, ProjectID: webhook.ProjectID{UUID: webhook.UUID(r.ProjectID)},
		Audience: webhook.Audience(r.Audience), Topic: r.Topic, Data: r.Data, OccurredAt: at(r.OccurredAt), AcceptedAt: at(r.AcceptedAt),
		Seq: r.Seq, PublishedBy: actor(r.PublishedByType, r.PublishedByID, r.PublishedByName), Hop: r.Hop, Key: r.IdempotencyKey,
		Deliveries: r.Deliveries, FanOut: r.FanOut, Search: decodeSearch(r.Search), ExpungedAt: at(r.ExpungedAt),
	}
}

// encodeSearch keeps search values on the event; the table event_search finds
// them.
func encodeSearch(values []string) string {
	if len(values) == 0 {
		return ""
	}
	cleaned := make([]string, len(values))
	for i, v := range values {
		cleaned[i] = clean(v)
	}
	text, _ := json.Marshal(cleaned) // strings always marshal
	return string(text)
}

func decodeSearch(text string) []string {
	var values []string
	if text != "" {
		_ = json.Unmarshal([]byte(text), &values) // written by encodeSearch
	}
	return values
}

func actor(kind string, id uid, name string) webhook.Actor {
	return webhook.Actor{Type: webhook.ActorType(kind), ID: webhook.UUID(id), Name: name}
}

type deliveryRow struct {
	ID              uid `gorm:"primaryKey"`
	ProjectID       uid
	EventID         uid
	EndpointID      uid
	EndpointVersion int64
	Topic           string
	Seq             int64
	State           string
	Ordered         bool
	Test            bool
	DueAt           int64
	Attempts        int
	Failures        int
	Unknowns        int
	AttemptID       uid
	NodeID          uid
	LeaseUntil      int64
	CreatedAt       int64 `gorm:"autoCreateTime:false"`
	EndedAt         int64
	ResendOf        uid
	RequestedByType string
	RequestedByID   uid
	RequestedByName string
	Reason          string
	LastStatus      int
	LastCause       string
	LastDurationMS  int64 `gorm:"column:last_duration_ms"`
	LastAttemptAt   int64
}

func (deliveryRow) TableName() string { return "deliveries" }

func newDeliveryRow(d webhook.Delivery) deliveryRow {
	return deliveryRow{
		ID: uid(d.ID.UUID), ProjectID: uid(d.ProjectID.UUID), EventID: uid(d.EventID.UUID), EndpointID: uid(d.EndpointID.UUID),
		EndpointVersion: d.EndpointVersion, Topic: d.Topic, Seq: d.Seq, State: string(d.State), Test: d.Test, DueAt: ms(d.DueAt),
		Attempts: d.Attempts, Failures: d.Failures, Unknowns: d.Unknowns, AttemptID: uid(d.AttemptID.UUID), LeaseUntil: ms(d.LeaseUntil),
		CreatedAt: ms(d.CreatedAt), EndedAt: ms(d.EndedAt), ResendOf: uid(d.ResendOf.UUID), RequestedByType: string(d.RequestedBy.Type),
		RequestedByID: uid(d.RequestedBy.ID), RequestedByName: clean(d.RequestedBy.Name), Reason: clean(d.Reason),
		LastStatus: d.LastStatus, LastCause: string(d.LastCause), LastDurationMS: d.LastDurationMS, LastAttemptAt: ms(d.LastAttemptAt),
	}
}

func (r deliveryRow) delivery() webhook.Delivery {
	return webhook.Delivery{
		ID: webhook.DeliveryID{UUID: webhook.UUID(r.ID)}, ProjectID: webhook.ProjectID{UUID: webhook.UUID(r.ProjectID)},
		EventID: webhook.EventID{UUID: webhook.UUID(r.EventID)}, EndpointID: webhook.EndpointID{UUID: webhook.UUID(r.EndpointID)},
		EndpointVersion: r.EndpointVersion, Topic: r.Topic, Seq: r.Seq, State: webhook.State(r.State), DueAt: at(r.DueAt),
		Attempts: r.Attempts, Failures: r.Failures, Unknowns: r.Unknowns, AttemptID: webhook.AttemptID{UUID: webhook.UUID(r.AttemptID)},
		LeaseUntil: at(r.LeaseUntil), CreatedAt: at(r.CreatedAt), EndedAt: at(r.EndedAt), ResendOf: webhook.DeliveryID{UUID: webhook.UUID(r.ResendOf)},
		RequestedBy: actor(r.RequestedByType, r.RequestedByID, r.RequestedByName), Test: r.Test, Reason: r.Reason,
		LastStatus: r.LastStatus, LastCause: webhook.Cause(r.LastCause), LastDurationMS: r.LastDurationMS, LastAttemptAt: at(r.LastAttemptAt),
	}
}

type auditRow struct {
	ID         uid `gorm:"primaryKey"`
	At         int64
	ProjectID  uid
	ActorType  string
	ActorID    uid
	ActorName  string
	Action     string
	Object     string
	ObjectName string
	Detail     string
	Addr       string
}

func (auditRow) TableName() string { return "audit" }

func newAuditRow(e webhook.AuditEntry) auditRow {
	return auditRow{
		ID: uid(e.ID.UUID), At: ms(e.At), ProjectID: uid(e.ProjectID.UUID), ActorType: string(e.Actor.Type), ActorID: uid(e.Actor.ID),
		ActorName: clean(e.Actor.Name), Action: e.Action, Object: clean(e.Object), ObjectName: clean(e.ObjectName), Detail: clean(e.Detail), Addr: clean(e.Addr),
	}
}

// values are in the order of auditColumns.
func (r auditRow) values() []any {
	return []any{r.ID, r.At, r.ProjectID, r.ActorType, r.ActorID, r.ActorName, r.Action, r.Object, r.ObjectName, r.Detail, r.Addr}
}

func (r auditRow) entry() webhook.AuditEntry {
	return webhook.AuditEntry{
		ID: webhook.AuditID{UUID: webhook.UUID(r.ID)}, At: at(r.At), ProjectID: webhook.ProjectID{UUID: webhook.UUID(r.ProjectID)},
		Actor: actor(r.ActorType, r.ActorID, r.ActorName), Action: r.Action, Object: r.Object, ObjectName: r.ObjectName, Detail: r.Detail, Addr: r.Addr,
	}
}
