package webhook_test

import (
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

func TestANodeIsLostOnlyOnceItsLeasesAreOverAndTaken(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		silence time.Duration
		sending int64
		want    webhook.NodeState
	}{
		{0, 0, webhook.NodeAlive},
		{-5 * time.Second, 3, webhook.NodeAlive},
		{29 * time.Second, 3, webhook.NodeAlive},
		{30 * time.Second, 0, webhook.NodeSilent},
		{webhook.MaxLease, 0, webhook.NodeSilent},
		{webhook.MaxLease + time.Second, 2, webhook.NodeSilent},
		{webhook.MaxLease + time.Second, 0, webhook.NodeLost},
		{24 * time.Hour, 0, webhook.NodeLost},
	} {
		node := webhook.Node{HeartbeatAt: now.Add(-c.silence), Sending: c.sending}
		if got := node.StateAt(now); got != c.want {
			t.Errorf("silent for %s with %d in hand it is %s, want %s", c.silence, c.sending, got, c.want)
		}
	}
	if longest := (webhook.Settings{Timeout: webhook.MaxTimeout}).LeaseFor(); longest != webhook.MaxLease {
		t.Errorf("the longest lease is %s, not %s", longest, webhook.MaxLease)
	}
}
