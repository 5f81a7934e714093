package api_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// streams are open for one round of parcels and keep what is answered.
type streams struct {
	mu      sync.Mutex
	parcels []webhook.Parcel
	replies []webhook.Reply
	by      []webhook.EndpointID
}

func (s *streams) Serve(_ context.Context, l webhook.Listener, send func([]webhook.Parcel) error) (webhook.StreamEnd, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.by = append(s.by, l.EndpointID)
	if err := send(nil); err != nil {
		return "", err
	}
	return webhook.StreamStopping, send(s.parcels)
}

func (s *streams) Answer(_ context.Context, l webhook.Listener, replies []webhook.Reply) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.by = append(s.by, l.EndpointID)
	s.replies = append(s.replies, replies...)
	return nil
}

const listenBody = `{"name":"laptop","url":"http://localhost:3000/hook"}`

func TestAStreamTellsPingsRequestsAndItsEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made := f.ok(201, f.managing, "POST", "/listen", listenBody)
	f.streams.parcels = []webhook.Parcel{{
		DeliveryID: webhook.DeliveryID{UUID: mint.UUID(f.clock.now())}, Topic: "a.b\n", Headers: []webhook.HeaderLine{{Name: "webhook-id", Value: "7"}}, Body: []byte("{}\n\x00"),
	}}
	got := f.call(f.managing, "GET", "/api/v1/listen/"+made.text("id"), "")
	events := strings.Split(strings.TrimSpace(string(got.body)), "\n\n")
	if got.status != 200 || got.header.Get("Content-Type") != "text/event-stream" || len(events) != 3 {
		t.Fatalf("%d %v %q", got.status, got.header, got.body)
	}
	for i, want := range []string{"event: ping\ndata: {}", `"body":"e30KAA=="`, "event: end\ndata: {\"reason\":\"stopping\"}"} {
		if !strings.Contains(events[i], want) || strings.Count(events[i], "\n") != 1 {
			t.Errorf("event %d is %q", i, events[i])
		}
	}
}

func TestOnlyTheKeyThatListensMayStreamAnswerOrStop(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	path := "/listen/" + f.ok(201, f.managing, "POST", "/listen", listenBody).text("id")
	revoked, err := f.manage.CreateKey(t.Context(), system, manage.NewKey{ProjectID: f.ours.ID, Scopes: []string{"manage"}})
	f.must(err)
	own := "/listen/" + f.ok(201, revoked.Secret, "POST", "/listen", listenBody).text("id")
	f.must(f.manage.RevokeKey(t.Context(), system, revoked.ID))
	for name, c := range map[string]struct {
		status    int
		key, path string
	}{
		"another key of the project":    {404, f.full, path},
		"another project's key":         {404, f.foreign, path},
		"the instance's key":            {404, f.instance, path},
		"a key that reads":              {403, f.read, path},
		"no key":                        {401, "", path},
		"the key itself, once it ended": {401, revoked.Secret, own},
	} {
		for method, body := range map[string]string{"GET": "", "POST": `{"answers":[]}`, "DELETE": ""} {
			to := c.path
			if method == "POST" {
				to += "/answers"
			}
			if got := f.call(c.key, method, "/api/v1"+to, body); got.status != c.status {
				t.Errorf("%s, %s: %d, want %d", name, method, got.status, c.status)
			}
		}
	}
	if len(f.streams.by) != 0 {
		t.Errorf("%d calls came through", len(f.streams.by))
	}
	f.ok(204, f.managing, "POST", path+"/answers", `{"answers":[]}`)
	f.ok(204, f.managing, "DELETE", path, "")
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	path := "/listen/" + f.ok(201, f.managing, "POST", "/listen", listenBody).text("id") + "/answers"
	id := mint.UUID(f.clock.now()).String()
	answer := func(rest string) string {
		return fmt.Sprintf(`{"answers":[{"deliveryId":%q,"attemptId":%q,%s}]}`, id, id, rest)
	}
	long := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), 200<<10))
	f.ok(204, f.managing, "POST", path, answer(`"status":200,"body":"`+long+`"`))
	f.ok(204, f.managing, "POST", path, answer(`"status":200,"body":"eA=="`))
	for i, want := range []int{webhook.KeptBody, 1} {
		if got := f.streams.replies[i].Response; len(got.Body) != want || cap(got.Body) > 2*want+64 || got.Truncated != (i == 0) {
			t.Errorf("%d bytes are kept, %v", len(got.Body), got.Truncated)
		}
	}
	for place, rest := range map[string]string{
		"body.answers[0].headers":    `"status":200,"headers":[{"name":"X","value":"` + strings.Repeat("x", 64<<10) + `"}]`,
		"body.answers[0].cause":      `"durationMs":1`,
		"body.answers[0].status":     `"status":1000`,
		"body.answers[0].durationMs": `"status":200,"durationMs":1e9`,
	} {
		f.refused(422, place, f.managing, "POST", path, answer(rest))
	}
}
