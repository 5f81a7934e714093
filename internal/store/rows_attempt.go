package store

import (
	"bytes"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// attemptColumns is every column of attemptRow.
const attemptColumns = `id, delivery_id, number, started_at, duration_us, dns_us, connect_us, tls_us, first_byte_us, outcome, cause, error,
 endpoint_version, secret_id, method, url, request_headers, status, response_headers, response_body, truncated, retry_after_ms, node_id`

type attemptRow struct {
	ID              uid `gorm:"primaryKey"`
	DeliveryID      uid
	Number          int
	StartedAt       int64
	DurationUS      int64 `gorm:"column:duration_us"`
	DNSUS           int64 `gorm:"column:dns_us"`
	ConnectUS       int64 `gorm:"column:connect_us"`
	TLSUS           int64 `gorm:"column:tls_us"`
	FirstByteUS     int64 `gorm:"column:first_byte_us"`
	Outcome         string
	Cause           string
	Error           string
	EndpointVersion int64
	SecretID        uid
	Method          string
	URL             string `gorm:"column:url"`
	RequestHeaders  []byte
	Status          int
	ResponseHeaders []byte
	ResponseBody    []byte
	Truncated       bool
	RetryAfterMS    int64 `gorm:"column:retry_after_ms"`
	NodeID          uid
}

func (attemptRow) TableName() string { return "attempts" }

func newAttemptRow(a webhook.Attempt) attemptRow {
	return attemptRow{
		ID: uid(a.ID.UUID), DeliveryID: uid(a.DeliveryID.UUID), Number: a.Number, StartedAt: ms(a.StartedAt), DurationUS: a.Duration.Microseconds(),
		DNSUS: a.Timings.DNS.Microseconds(), ConnectUS: a.Timings.Connect.Microseconds(), TLSUS: a.Timings.TLS.Microseconds(),
		FirstByteUS: a.Timings.FirstByte.Microseconds(), Outcome: string(a.Outcome), Cause: string(a.Cause), Error: clean(a.Error),
		EndpointVersion: a.EndpointVersion, SecretID: uid(a.SecretID.UUID), Method: clean(a.Request.Method), URL: clean(a.Request.URL),
		RequestHeaders: encodeHeaders(a.Request.Headers), Status: a.Response.Status, ResponseHeaders: encodeHeaders(a.Response.Headers),
		ResponseBody: a.Response.Body, Truncated: a.Response.Truncated, RetryAfterMS: a.RetryAfter.Milliseconds(), NodeID: uid(a.NodeID.UUID),
	}
}

// attempt is the row without the request's body, which the log rebuilds.
func (r attemptRow) attempt() webhook.Attempt {
	us := func(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
	return webhook.Attempt{
		ID: webhook.AttemptID{UUID: webhook.UUID(r.ID)}, DeliveryID: webhook.DeliveryID{UUID: webhook.UUID(r.DeliveryID)}, Number: r.Number,
		StartedAt: at(r.StartedAt), Duration: us(r.DurationUS),
		Timings: webhook.Timings{DNS: us(r.DNSUS), Connect: us(r.ConnectUS), TLS: us(r.TLSUS), FirstByte: us(r.FirstByteUS)},
		Outcome: webhook.Outcome(r.Outcome), Cause: webhook.Cause(r.Cause), Error: r.Error, EndpointVersion: r.EndpointVersion,
		SecretID:   webhook.SecretID{UUID: webhook.UUID(r.SecretID)},
		Request:    webhook.Request{Method: r.Method, URL: r.URL, Headers: decodeHeaders(r.RequestHeaders)},
		Response:   webhook.Response{Status: r.Status, Headers: decodeHeaders(r.ResponseHeaders), Body: r.ResponseBody, Truncated: r.Truncated},
		RetryAfter: time.Duration(r.RetryAfterMS) * time.Millisecond, NodeID: webhook.NodeID{UUID: webhook.UUID(r.NodeID)},
	}
}

// encodeHeaders writes headers as they stood on the wire, "Name: value" lines;
// nil for none. HTTP allows line feeds in neither.
func encodeHeaders(headers []webhook.HeaderLine) []byte {
	size := 0
	for _, h := range headers {
		size += len(h.Name) + len(h.Value) + 3
	}
	if size == 0 {
		return nil
	}
	dump := make([]byte, 0, size)
	for _, h := range headers {
		dump = append(append(append(append(dump, h.Name...), ": "...), h.Value...), '\n')
	}
	return dump
}

func decodeHeaders(dump []byte) []webhook.HeaderLine {
	var headers []webhook.HeaderLine
	for line := range bytes.Lines(dump) {
		name, value, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(": "))
		headers = append(headers, webhook.HeaderLine{Name: string(name), Value: string(value)})
	}
	return headers
}
