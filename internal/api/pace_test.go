package api_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/api"
)

func TestAKeyThatPublishesTooMuchIsToldWhenToComeAgainAndNobodyElseIs(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(o *api.Options) { o.PublishRate = 1 })
	batch := `{"events":[` + strings.Repeat(viewed+",", 999) + viewed + `]}`
	f.ok(202, f.full, "POST", "/events/batch", batch)
	for path, body := range map[string]string{"/events/batch": batch, "/products/batch": `{"products":[` + strings.Repeat(`{"productId":"p"},`, 999) + `{"productId":"p"}]}`} {
		got := f.call(f.full, "POST", "/api/v1"+path, body)
		got.problem(429, "")
		if wait, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || wait < 500 || wait > 1000 {
			t.Errorf("%s: Retry-After is %q", path, got.header.Get("Retry-After"))
		}
	}
	for _, other := range []string{f.publish, f.foreign} {
		f.ok(202, other, "POST", "/events", viewed)
	}
	f.ok(200, f.full, "POST", "/events/preview", viewed)
	f.clock.forward(1000 * time.Second)
	f.ok(202, f.full, "POST", "/events/batch", batch)
}

func TestOneEventAfterAnotherIsTooMuchOnceTheSecondsWorthIsOut(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(o *api.Options) { o.PublishRate = 1 })
	batch := `{"events":[` + strings.Repeat(viewed+",", 899) + viewed + `]}`
	f.ok(202, f.full, "POST", "/events/batch", batch)
	for n := 0; ; n++ {
		if got := f.call(f.full, "POST", "/api/v1/events", viewed); got.status == 429 {
			got.problem(429, "")
			break
		} else if got.status != 202 || n > 5000 {
			t.Fatalf("event %d: %d", n, got.status)
		}
	}
}
