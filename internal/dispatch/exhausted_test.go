package dispatch_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/dispatch"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestAnExhaustedDeliveryIsOneLineOfTheLog(t *testing.T) {
	var log bytes.Buffer
	inBubble(t, dispatch.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, func(t *testing.T, r *rig) {
		r.receiver.answer = func(context.Context, sending) webhook.Attempt { return failed(500) }
		id := r.table.add(r.table.endpoint())
		r.Wake()
		time.Sleep(5 * 24 * time.Hour)
		got := r.table.delivery(id)
		want := "delivery=" + id.String() + " endpoint=" + got.EndpointID.String() + " project=" + got.ProjectID.String() + " status=500"
		if strings.Count(log.String(), "delivery exhausted") != 1 || !strings.Contains(log.String(), want) {
			t.Errorf("want one line with %s, got:\n%s", want, log.String())
		}
	})
}
