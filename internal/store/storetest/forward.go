package storetest

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// forwarding is how nodes share listeners, parcels and replies.
func forwarding(t *testing.T, fresh func(t *testing.T) *Harness) {
	for name, test := range map[string]func(t *testing.T, h *Harness){
		"an endpoint is held while nobody listens":              heldWhileAway,
		"somebody else's pause stays":                           foreignPause,
		"the latest stream counts":                              latestStream,
		"a stream ends with its key, its endpoint or silence":   streamsEnd,
		"a node that died lets go, a listener that stays goes":  sweptListeners,
		"a listener that comes back in time keeps its endpoint": backInTime,
		"a project has room for some, a name for one":           roomForListeners,
		"a parcel is taken once":                                parcelsOnce,
		"a reply is taken once and only for its delivery":       repliesOnce,
		"what the listener says counts more than a lost stream": saidOverLost,
		"a late reply completes an unknown attempt":             lateReply,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh(t))
		})
	}
}

// Listen makes a listener with its endpoint.
func (h *Harness) Listen(name string) webhook.Listener {
	h.T.Helper()
	l, err := h.tryListen(h.keyID(), name)
	if err != nil {
		h.T.Fatal(err)
	}
	return l
}

func (h *Harness) keyID() webhook.KeyID {
	h.T.Helper()
	key := account.Key{ID: webhook.KeyID{UUID: mint.UUID(time.Now())}, ProjectID: h.Project, Name: "k", CreatedAt: time.Now(), Scopes: []account.Scope{account.ScopeManage}}
	copy(key.Hash[:], key.ID.UUID[:])
	if err := h.Store.CreateKey(h.T.Context(), key, h.audit("key.created")); err != nil {
		h.T.Fatal(err)
	}
	return key.ID
}

func (h *Harness) tryListen(key webhook.KeyID, name string) (webhook.Listener, error) {
	now := time.Now().Add(-time.Second)
	e := webhook.Endpoint{
		ID: webhook.EndpointID{UUID: mint.UUID(now)}, ProjectID: h.Project, CreatedAt: now,
		Settings: webhook.Settings{
			Name: name, Kind: webhook.KindForward, URL: "http://localhost:3000/hook", Format: webhook.FormatStandard, Topics: []string{"*"},
			Retry: webhook.RetryPolicy{Policy: webhook.RetryStandard}, Timeout: webhook.DefaultTimeout,
		},
	}
	secret := webhook.Secret{ID: webhook.SecretID{UUID: mint.UUID(now)}, Sealed: []byte("sealed"), CreatedAt: now, ActiveFrom: now}
	l := webhook.Listener{EndpointID: e.ID, ProjectID: h.Project, KeyID: key, Name: name}
	return l, h.Store.CreateListener(h.T.Context(), l, e, secret, h.audit("endpoint.created"))
}

// Stream opens a stream of a listener.
func (h *Harness) Stream(l webhook.Listener) webhook.StreamID {
	h.T.Helper()
	stream := webhook.StreamID{UUID: mint.UUID(time.Now())}
	h.no(h.Store.StartStream(h.T.Context(), l, stream))
	return stream
}

func (h *Harness) no(err error) {
	h.T.Helper()
	if err != nil {
		h.T.Fatal(err)
	}
}

func (h *Harness) endpointNow(id webhook.EndpointID) webhook.Endpoint {
	h.T.Helper()
	e, err := h.Store.Endpoint(h.T.Context(), h.Project, id)
	h.no(err)
	return e
}

func (h *Harness) wantHeld(l webhook.Listener, held bool) {
	h.T.Helper()
	e := h.endpointNow(l.EndpointID)
	if got := e.State == webhook.EndpointPaused && e.PausedBecause == webhook.PausedAsAway; got != held {
		h.T.Errorf("held: %v, want %v (%s %s)", got, held, e.State, e.PausedBecause)
	}
}

func heldWhileAway(t *testing.T, h *Harness) {
	l := h.Listen("laptop")
	h.wantHeld(l, true)
	h.Publish(h.endpointNow(l.EndpointID))
	if jobs := h.Claim(10); len(jobs) != 0 {
		t.Fatalf("%d were claimed while nobody listens", len(jobs))
	}
	stream := h.Stream(l)
	h.wantHeld(l, false)
	h.ClaimOne()
	h.Publish(h.endpointNow(l.EndpointID))
	h.no(h.Store.LeaveStream(t.Context(), l, stream))
	h.wantHeld(l, true)
	if jobs := h.Claim(10); len(jobs) != 0 {
		t.Errorf("%d were claimed after the stream ended", len(jobs))
	}
	named, err := h.Store.ListenerNamed(t.Context(), mustListener(h, l).KeyID, "laptop")
	if err != nil || named.EndpointID != l.EndpointID || named.LeftAt.IsZero() || named.Stream != stream {
		t.Errorf("found %+v, %v", named, err)
	}
}

func mustListener(h *Harness, l webhook.Listener) webhook.Listener {
	h.T.Helper()
	found, err := h.Store.Listener(h.T.Context(), l.EndpointID)
	h.no(err)
	return found
}

func foreignPause(t *testing.T, h *Harness) {
	l := h.Listen("laptop")
	first := h.Stream(l)
	h.no(h.Store.PauseBy(t.Context(), h.Project, l.EndpointID, webhook.PausedByPerson, h.audit("endpoint.paused")))
	h.no(h.Store.LeaveStream(t.Context(), l, first))
	h.Stream(l)
	if e := h.endpointNow(l.EndpointID); e.PausedBecause != webhook.PausedByPerson {
		t.Errorf("it is %s because %q", e.State, e.PausedBecause)
	}
}

func latestStream(t *testing.T, h *Harness) {
	l := h.Listen("laptop")
	first := h.Stream(l)
	second := h.Stream(l)
	h.no(h.Store.LeaveStream(t.Context(), l, first))
	h.wantHeld(l, false)
	h.wantEnd(l, first, webhook.StreamReplaced)
	h.wantEnd(l, second, "")
}

func (h *Harness) wantEnd(l webhook.Listener, stream webhook.StreamID, want webhook.StreamEnd) {
	h.T.Helper()
	ended, err := h.Store.KeepStreams(h.T.Context(), map[webhook.EndpointID]webhook.StreamID{l.EndpointID: stream})
	if err != nil || ended[l.EndpointID] != want {
		h.T.Errorf("the stream ends because %q (%v), want %q", ended[l.EndpointID], err, want)
	}
}

func streamsEnd(t *testing.T, h *Harness) {
	revoked, deleted, silent := h.Listen("a"), h.Listen("b"), h.Listen("c")
	streams := [...]webhook.StreamID{h.Stream(revoked), h.Stream(deleted), h.Stream(silent)}
	h.wantEnd(revoked, streams[0], "")
	h.no(h.Store.RevokeKey(t.Context(), mustListener(h, revoked).KeyID, time.Now(), h.audit("key.revoked")))
	h.wantEnd(revoked, streams[0], webhook.StreamRevoked)
	h.no(h.Store.DeleteEndpoint(t.Context(), h.Project, deleted.EndpointID, time.Now(), h.audit("endpoint.deleted")))
	h.wantEnd(deleted, streams[1], webhook.StreamDeleted)
	if err := h.Store.StartStream(t.Context(), deleted, streams[1]); webhook.KindOf(err) != webhook.KindNotFound {
		t.Errorf("a stream of a deleted endpoint: %v", err)
	}
	h.Exec("UPDATE listeners SET heard_at = heard_at - 40000 WHERE endpoint_id = %s", h.Lit(silent.EndpointID.UUID))
	h.wantEnd(silent, streams[2], webhook.StreamSilent)
	h.no(h.Store.HearListener(t.Context(), mustListener(h, silent)))
	h.wantEnd(silent, streams[2], "")
	heard := mustListener(h, silent)
	h.Exec("UPDATE listeners SET heard_at = heard_at - 40000 WHERE endpoint_id = %s", h.Lit(silent.EndpointID.UUID))
	h.no(h.Store.HearListener(t.Context(), heard)) // a moment ago: not worth a write
	h.wantEnd(silent, streams[2], webhook.StreamSilent)
	h.no(h.Store.HearListener(t.Context(), mustListener(h, silent)))
	h.wantEnd(silent, streams[2], "")
}

func (h *Harness) sweep(want bool) {
	h.T.Helper()
	swept, err := h.Store.SweepListeners(h.T.Context())
	if err != nil || swept != want {
		h.T.Errorf("swept %v, %v; want %v", swept, err, want)
	}
}

func sweptListeners(t *testing.T, h *Harness) {
	l := h.Listen("laptop")
	stream := h.Stream(l)
	waiting := h.Publish(h.endpointNow(l.EndpointID))[0]
	h.sweep(false)
	h.Exec("UPDATE listeners SET seen_at = seen_at - 20000")
	h.sweep(true)
	h.wantHeld(l, true)
	// The node was only slow.
	h.wantEnd(l, stream, "")
	h.wantHeld(l, false)
	h.no(h.Store.LeaveStream(t.Context(), l, stream))
	h.sweep(false)
	h.Exec("UPDATE listeners SET left_at = left_at - 31000")
	h.sweep(true)
	row := h.Row(waiting.ID)
	if row.State != webhook.Cancelled || row.Reason != webhook.GoneListener {
		t.Errorf("what waited is %s: %q", row.State, row.Reason)
	}
	if e := h.endpointNow(l.EndpointID); e.DeletedAt.IsZero() {
		t.Error("the endpoint of a listener that stayed away is not deleted")
	}
	if _, err := h.Store.Listener(t.Context(), l.EndpointID); webhook.KindOf(err) != webhook.KindNotFound {
		t.Errorf("the listener is still there: %v", err)
	}
	h.sweep(false)
}

func backInTime(t *testing.T, h *Harness) {
	l := h.Listen("laptop")
	h.no(h.Store.LeaveStream(t.Context(), l, h.Stream(l)))
	h.Exec("UPDATE listeners SET left_at = left_at - 29000")
	h.sweep(false)
	h.Stream(l)
	h.Exec("UPDATE listeners SET heard_at = heard_at - 1")
	h.sweep(false)
	h.wantHeld(l, false)
}

func roomForListeners(t *testing.T, h *Harness) {
	key := h.keyID()
	for i := range webhook.MaxListeners {
		if _, err := h.tryListen(key, string(rune('a'+i))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.tryListen(key, "a"); webhook.KindOf(err) != webhook.KindConflict {
		t.Errorf("a second of the same name: %v", err)
	}
	if _, err := h.tryListen(key, "zz"); webhook.KindOf(err) != webhook.KindLimited {
		t.Errorf("one too many: %v", err)
	}
}

func (h *Harness) parcel(l webhook.Listener) webhook.Parcel {
	h.T.Helper()
	d := h.Publish(h.endpointNow(l.EndpointID))[0]
	return webhook.Parcel{
		ProjectID: h.Project, EndpointID: l.EndpointID, EventID: d.EventID, DeliveryID: d.ID, AttemptID: webhook.AttemptID{UUID: mint.UUID(time.Now())},
		Topic: d.Topic, Attempt: 1, Timeout: 15 * time.Second, Headers: []webhook.HeaderLine{{Name: "webhook-id", Value: "é"}}, Body: []byte("{\"n\":1.0}\x00\xff"),
	}
}

func parcelsOnce(t *testing.T, h *Harness) {
	l, other := h.Listen("laptop"), h.Listen("another")
	sent := h.parcel(l)
	h.no(h.Store.PutParcels(t.Context(), []webhook.Parcel{sent, sent}))
	var mu sync.Mutex
	var taken []webhook.Parcel
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			got, err := h.Store.TakeParcels(t.Context(), []webhook.EndpointID{other.EndpointID, l.EndpointID})
			mu.Lock()
			defer mu.Unlock()
			if taken = append(taken, got...); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if len(taken) != 1 || taken[0].AttemptID != sent.AttemptID || !bytes.Equal(taken[0].Body, sent.Body) || taken[0].Headers[0] != sent.Headers[0] || taken[0].Timeout != sent.Timeout {
		t.Errorf("took %+v", taken)
	}
	if back, err := h.Store.WithdrawParcel(t.Context(), sent.AttemptID); back || err != nil {
		t.Errorf("a parcel that was taken came back: %v", err)
	}
	h.no(h.Store.PutParcels(t.Context(), []webhook.Parcel{sent}))
	if back, err := h.Store.WithdrawParcel(t.Context(), sent.AttemptID); !back || err != nil {
		t.Errorf("a parcel that nobody took did not come back: %v", err)
	}
	h.no(h.Store.PutParcels(t.Context(), []webhook.Parcel{sent}))
	h.Exec("UPDATE forward_parcels SET put_at = put_at - 60000")
	if got, err := h.Store.TakeParcels(t.Context(), []webhook.EndpointID{l.EndpointID}); len(got) != 0 || err != nil {
		t.Errorf("took what nobody waits for any more: %v, %v", got, err)
	}
	h.no(h.Store.DropOldParcels(t.Context()))
	if n := h.Number("SELECT count(*) FROM forward_parcels"); n != 0 {
		t.Errorf("%d old parcels are kept", n)
	}
}

func replyTo(p webhook.Parcel, fate webhook.Fate) webhook.Reply {
	return webhook.Reply{
		EndpointID: p.EndpointID, DeliveryID: p.DeliveryID, AttemptID: p.AttemptID, Fate: fate,
		Response: webhook.Response{Status: 200, Body: []byte("\x00\xff")}, Duration: 3 * time.Millisecond,
	}
}

func (h *Harness) takeReplies(want int, attempts ...webhook.AttemptID) []webhook.Reply {
	h.T.Helper()
	got, err := h.Store.TakeReplies(h.T.Context(), attempts)
	if err != nil || len(got) != want {
		h.T.Fatalf("took %d replies (%v), want %d", len(got), err, want)
	}
	return got
}

func repliesOnce(t *testing.T, h *Harness) {
	l, other := h.Listen("laptop"), h.Listen("another")
	p, foreign := h.parcel(l), h.parcel(l)
	foreign.EndpointID = other.EndpointID
	h.no(h.Store.PutReplies(t.Context(), []webhook.Reply{replyTo(p, webhook.Answered), replyTo(foreign, webhook.Answered)}))
	h.takeReplies(0, webhook.AttemptID{UUID: mint.UUID(time.Now())})
	got := h.takeReplies(1, p.AttemptID, foreign.AttemptID)[0]
	if got.DeliveryID != p.DeliveryID || got.Response.Status != 200 || string(got.Response.Body) != "\x00\xff" || got.Duration != 3*time.Millisecond {
		t.Errorf("took %+v", got)
	}
	h.takeReplies(0, p.AttemptID)
	h.no(h.Store.PutReplies(t.Context(), []webhook.Reply{replyTo(p, webhook.Answered)}))
	late, err := h.Store.TakeLateReplies(t.Context())
	if err != nil || len(late) != 0 {
		t.Fatalf("a fresh reply counts as late: %v, %v", late, err)
	}
	h.Exec("UPDATE forward_replies SET put_at = put_at - 4000")
	if late, err = h.Store.TakeLateReplies(t.Context()); err != nil || len(late) != 1 {
		t.Fatalf("took %v, %v", late, err)
	}
	h.takeReplies(0, p.AttemptID)
}

func saidOverLost(t *testing.T, h *Harness) {
	l := h.Listen("laptop")
	p := h.parcel(l)
	for _, order := range [][]webhook.Fate{{webhook.Lost, webhook.Answered}, {webhook.Answered, webhook.Lost}} {
		for _, fate := range order {
			h.no(h.Store.PutReplies(t.Context(), []webhook.Reply{replyTo(p, fate)}))
		}
		if got := h.takeReplies(1, p.AttemptID)[0]; got.Fate != webhook.Answered {
			t.Errorf("%v: took %s", order, got.Fate)
		}
	}
}

func lateReply(t *testing.T, h *Harness) {
	l := h.Listen("laptop")
	h.Stream(l)
	h.Publish(h.endpointNow(l.EndpointID))
	job := h.ClaimOne()
	reply := webhook.Reply{EndpointID: l.EndpointID, DeliveryID: job.Delivery.ID, AttemptID: job.Delivery.AttemptID, Fate: webhook.Answered}
	if d, a, err := h.Store.LateAttempt(t.Context(), reply); err != nil || a.ID != reply.AttemptID || a.Number != 1 || d.State != webhook.Sending {
		t.Errorf("while it is out: %+v, %v", a, err)
	}
	h.Record(h.Unknown(job))
	d, a, err := h.Store.LateAttempt(t.Context(), reply)
	if err != nil || a.Outcome != webhook.OutcomeUnknown || len(a.Request.Headers) != 1 {
		t.Fatalf("once it is unknown: %+v, %v", a, err)
	}
	a.Outcome, a.Response.Status = webhook.OutcomeDelivered, 200
	h.Record(webhook.Settled{ProjectID: h.Project, EndpointID: l.EndpointID, DeliveryID: d.ID, Attempt: a, State: webhook.Delivered})
	if h.State(d.ID) != webhook.Delivered || h.Attempts(d.ID, webhook.OutcomeDelivered) != 1 {
		t.Errorf("the delivery is %s", h.State(d.ID))
	}
	if _, _, err := h.Store.LateAttempt(t.Context(), reply); webhook.KindOf(err) != webhook.KindNotFound {
		t.Errorf("an attempt with its result is open again: %v", err)
	}
	reply.AttemptID = webhook.AttemptID{UUID: mint.UUID(time.Now())}
	if _, _, err := h.Store.LateAttempt(t.Context(), reply); webhook.KindOf(err) != webhook.KindNotFound {
		t.Errorf("an invented attempt: %v", err)
	}
}
