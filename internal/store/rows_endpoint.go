package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// endpointColumns is every column of endpointRow for hand-written SELECTs with
// the table aliased to e.
const endpointColumns = `e.id, e.project_id, e.version, e.settings, e.name, e.kind, e.url, e.timeout_ms, e.max_in_flight,
 e.rate_per_second, e.ordered, e.state, e.paused_because, e.paused_at, e.not_before, e.consecutive_failures, e.last_success_at,
 e.last_failure_at, e.failing_since, e.created_at, e.updated_at, e.deleted_at`

type endpointRow struct {
	ID                  uid `gorm:"primaryKey"`
	ProjectID           uid
	Version             int64
	Settings            []byte
	Name                string
	Kind                string
	URL                 string `gorm:"column:url"`
	TimeoutMS           int64  `gorm:"column:timeout_ms"`
	MaxInFlight         int
	RatePerSecond       float64
	Ordered             bool
	State               string
	PausedBecause       string
	PausedAt            int64
	NotBefore           int64
	ConsecutiveFailures int
	LastSuccessAt       int64
	LastFailureAt       int64
	FailingSince        int64
	CreatedAt           int64 `gorm:"autoCreateTime:false"`
	UpdatedAt           int64 `gorm:"autoUpdateTime:false"`
	DeletedAt           int64
}

// endpointFields are those of endpointColumns.
func endpointFields(r *endpointRow) []any {
	return []any{
		&r.ID, &r.ProjectID, &r.Version, &r.Settings, &r.Name, &r.Kind, &r.URL, &r.TimeoutMS, &r.MaxInFlight,
		&r.RatePerSecond, &r.Ordered, &r.State, &r.PausedBecause, &r.PausedAt, &r.NotBefore, &r.ConsecutiveFailures, &r.LastSuccessAt,
		&r.LastFailureAt, &r.FailingSince, &r.CreatedAt, &r.UpdatedAt, &r.DeletedAt,
	}
}

func (endpointRow) TableName() string { return "endpoints" }

func newEndpointRow(e webhook.Endpoint) (endpointRow, error) {
	settings, err := encodeSettings(e.Settings)
	return endpointRow{
		ID: uid(e.ID.UUID), ProjectID: uid(e.ProjectID.UUID), Version: e.Version, Settings: settings, Name: e.Name, Kind: string(e.Kind),
		URL: e.URL, TimeoutMS: e.Timeout.Milliseconds(), MaxInFlight: e.MaxInFlight, RatePerSecond: e.RatePerSecond, Ordered: e.Ordered,
		State: string(e.State), PausedBecause: string(e.PausedBecause), PausedAt: ms(e.PausedAt), NotBefore: ms(e.NotBefore),
		ConsecutiveFailures: e.ConsecutiveFailures, LastSuccessAt: ms(e.LastSuccessAt), LastFailureAt: ms(e.LastFailureAt),
		FailingSince: ms(e.FailingSince), CreatedAt: ms(e.CreatedAt), UpdatedAt: ms(e.UpdatedAt), DeletedAt: ms(e.DeletedAt),
	}, err
}

func (r endpointRow) endpoint() (webhook.Endpoint, error) {
	settings, err := decodeSettings(r.Settings)
	e := r.dated()
	e.Settings = settings
	return e, err
}

// dated is the endpoint with all but its settings.
func (r endpointRow) dated() webhook.Endpoint {
	return webhook.Endpoint{
		ID: webhook.EndpointID{UUID: webhook.UUID(r.ID)}, ProjectID: webhook.ProjectID{UUID: webhook.UUID(r.ProjectID)}, Version: r.Version,
		State: webhook.EndpointState(r.State), PausedBecause: webhook.PauseReason(r.PausedBecause), PausedAt: at(r.PausedAt),
		NotBefore: at(r.NotBefore), ConsecutiveFailures: r.ConsecutiveFailures, LastSuccessAt: at(r.LastSuccessAt), LastFailureAt: at(r.LastFailureAt),
		FailingSince: at(r.FailingSince), CreatedAt: at(r.CreatedAt), UpdatedAt: at(r.UpdatedAt), DeletedAt: at(r.DeletedAt),
	}
}

// endpointVersionRow is one version of an endpoint's settings.
type endpointVersionRow struct {
	EndpointID uid   `gorm:"primaryKey"`
	Version    int64 `gorm:"primaryKey"`
	Settings   []byte
	CreatedAt  int64 `gorm:"autoCreateTime:false"`
}

func (endpointVersionRow) TableName() string { return "endpoint_versions" }

type secretRow struct {
	ID         uid `gorm:"primaryKey"`
	EndpointID uid
	Sealed     []byte
	CreatedAt  int64 `gorm:"autoCreateTime:false"`
	ActiveFrom int64
	ExpiresAt  int64
	GraceMS    int64 `gorm:"column:grace_ms"`
}

func (secretRow) TableName() string { return "secrets" }

func newSecretRow(s webhook.Secret) secretRow {
	return secretRow{
		ID: uid(s.ID.UUID), EndpointID: uid(s.EndpointID.UUID), Sealed: s.Sealed, CreatedAt: ms(s.CreatedAt),
		ActiveFrom: ms(s.ActiveFrom), ExpiresAt: ms(s.ExpiresAt), GraceMS: s.Grace.Milliseconds(),
	}
}

func (r secretRow) secret() webhook.Secret {
	return webhook.Secret{
		ID: webhook.SecretID{UUID: webhook.UUID(r.ID)}, EndpointID: webhook.EndpointID{UUID: webhook.UUID(r.EndpointID)}, Sealed: r.Sealed,
		CreatedAt: at(r.CreatedAt), ActiveFrom: at(r.ActiveFrom), ExpiresAt: at(r.ExpiresAt), Grace: time.Duration(r.GraceMS) * time.Millisecond,
	}
}

// settingsJSON is webhook.Settings as it stands in a version row. Members may
// be added; none may change its meaning.
type settingsJSON struct {
	Name          string                `json:"name"`
	Kind          webhook.EndpointKind  `json:"kind"`
	URL           string                `json:"url"`
	Channel       *webhook.SlackChannel `json:"channel,omitempty"`
	Format        webhook.FormatName    `json:"format"`
	Custom        *webhook.CustomFormat `json:"custom,omitempty"`
	Template      string                `json:"template,omitempty"`
	Topics        []string              `json:"topics"`
	Prompt        webhook.PromptFilter  `json:"prompt"`
	Payload       []webhook.PayloadRow  `json:"payload,omitempty"`
	Expression    string                `json:"expression,omitempty"`
	Headers       []webhook.Header      `json:"headers,omitempty"`
	Retry         webhook.RetryPolicy   `json:"retry"`
	TimeoutMS     int64                 `json:"timeoutMs"`
	MaxInFlight   int                   `json:"maxInFlight,omitempty"`
	RatePerSecond float64               `json:"ratePerSecond,omitempty"`
	Ordered       bool                  `json:"ordered,omitempty"`
}

func encodeSettings(s webhook.Settings) ([]byte, error) {
	text, err := json.Marshal(settingsJSON{
		Name: s.Name, Kind: s.Kind, URL: s.URL, Channel: s.Channel, Format: s.Format, Custom: s.Custom, Template: s.Template, Topics: s.Topics, Prompt: s.Prompt,
		Payload: s.Payload.Rows, Expression: s.Payload.Expression, Headers: s.Headers, Retry: s.Retry, TimeoutMS: s.Timeout.Milliseconds(), MaxInFlight: s.MaxInFlight, RatePerSecond: s.RatePerSecond, Ordered: s.Ordered,
	})
	if err != nil {
		return nil, fmt.Errorf("write endpoint settings: %w", err)
	}
	return text, nil
}

func decodeSettings(text []byte) (webhook.Settings, error) {
	var s settingsJSON
	if err := json.Unmarshal(text, &s); err != nil {
		return webhook.Settings{}, fmt.Errorf("read endpoint settings: %w", err)
	}
	return webhook.Settings{
		Name: s.Name, Kind: s.Kind, URL: s.URL, Channel: s.Channel, Format: s.Format, Custom: s.Custom, Template: s.Template, Topics: s.Topics, Prompt: s.Prompt,
		Payload: webhook.PayloadFilter{Rows: s.Payload, Expression: s.Expression}, Headers: s.Headers, Retry: s.Retry, Timeout: time.Duration(s.TimeoutMS) * time.Millisecond, MaxInFlight: s.MaxInFlight,
		RatePerSecond: s.RatePerSecond, Ordered: s.Ordered,
	}, nil
}
