package webhook_test

import (
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

func TestHowManyRequestsMayBeOpenFollowsHealth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		own, failures int
		ordered       bool
		want          int
	}{
		{0, 0, false, 64},
		{0, 9, false, 64},
		{0, 10, false, 8},
		{0, 19, false, 8},
		{0, 20, false, 1},
		{0, 1000, false, 1},
		{200, 0, false, 200},
		{200, 10, false, 8},
		{3, 9, false, 3},
		{3, 10, false, 3},
		{3, 20, false, 1},
		{0, 0, true, 1},
		{50, 10, true, 1},
	} {
		e := webhook.Endpoint{ConsecutiveFailures: c.failures, Settings: webhook.Settings{MaxInFlight: c.own, Ordered: c.ordered}}
		if got := e.InFlightLimit(); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestOnlyHealthyEndpointsWithoutLimitsAreHandedOver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*webhook.Endpoint)
		want   bool
	}{
		"as it is":                  {func(*webhook.Endpoint) {}, true},
		"a few failures":            {func(e *webhook.Endpoint) { e.ConsecutiveFailures = 9 }, true},
		"a custom time-out":         {func(e *webhook.Endpoint) { e.Timeout = time.Second }, true},
		"paused":                    {func(e *webhook.Endpoint) { e.State = webhook.EndpointPaused }, false},
		"a state nobody knows":      {func(e *webhook.Endpoint) { e.State = "" }, false},
		"a limit of open requests":  {func(e *webhook.Endpoint) { e.MaxInFlight = 64 }, false},
		"a rate":                    {func(e *webhook.Endpoint) { e.RatePerSecond = 0.5 }, false},
		"in order":                  {func(e *webhook.Endpoint) { e.Ordered = true }, false},
		"asked to be left alone":    {func(e *webhook.Endpoint) { e.NotBefore = noon }, false},
		"so many failures in a row": {func(e *webhook.Endpoint) { e.ConsecutiveFailures = 10 }, false},
	} {
		e := webhook.Endpoint{State: webhook.EndpointActive}
		if c.change(&e); e.MayHandOff() != c.want {
			t.Errorf("%s: %v", name, e.MayHandOff())
		}
	}
}

func TestALeaseOutlivesItsAttempt(t *testing.T) {
	t.Parallel()
	for _, timeout := range []time.Duration{time.Second, webhook.DefaultTimeout, webhook.MaxTimeout} {
		if got, want := (webhook.Settings{Timeout: timeout}).LeaseFor(), timeout+20*time.Second; got != want {
			t.Errorf("%s for %s, want %s", got, timeout, want)
		}
	}
}

func TestAPromptFilterIsEmptyOnlyWithoutAnyList(t *testing.T) {
	t.Parallel()
	one := []string{"x"}
	for _, c := range []struct {
		filter webhook.PromptFilter
		want   bool
	}{
		{webhook.PromptFilter{}, true},
		{webhook.PromptFilter{Names: []string{}, Tags: []string{}, Labels: []string{}}, true},
		{webhook.PromptFilter{Names: one}, false},
		{webhook.PromptFilter{Tags: one}, false},
		{webhook.PromptFilter{Labels: one}, false},
	} {
		if got := c.filter.Empty(); got != c.want {
			t.Errorf("%+v: %v", c.filter, got)
		}
	}
}

func TestADeliveryIsShownAsHeldWhileSomethingHoldsIt(t *testing.T) {
	t.Parallel()
	paused, active := webhook.EndpointPaused, webhook.EndpointActive
	for _, c := range []struct {
		state           webhook.State
		endpoint        webhook.EndpointState
		suspended, test bool
		want            webhook.State
	}{
		{webhook.Waiting, active, false, false, webhook.Waiting},
		{webhook.Waiting, paused, false, false, webhook.Held},
		{webhook.Waiting, active, true, false, webhook.Held},
		{webhook.Waiting, paused, true, false, webhook.Held},
		{webhook.Waiting, paused, true, true, webhook.Waiting},
		{webhook.Sending, paused, true, false, webhook.Sending},
		{webhook.Delivered, paused, false, false, webhook.Delivered},
		{webhook.Exhausted, active, true, false, webhook.Exhausted},
		{webhook.Cancelled, paused, true, false, webhook.Cancelled},
	} {
		row := webhook.DeliveryRow{Delivery: webhook.Delivery{State: c.state, Test: c.test}, EndpointState: c.endpoint, Suspended: c.suspended}
		if got := row.Shown(); got != c.want {
			t.Errorf("%+v is shown as %s", c, got)
		}
	}
}

func TestADeliveryHasEndedInThreeStates(t *testing.T) {
	t.Parallel()
	for state, want := range map[webhook.State]bool{
		webhook.Waiting: false, webhook.Sending: false, webhook.Held: false, "": false,
		webhook.Delivered: true, webhook.Exhausted: true, webhook.Cancelled: true,
	} {
		if state.Ended() != want {
			t.Errorf("%q: %v", state, state.Ended())
		}
	}
}

func TestAProjectIsSuspendedFromATimeOn(t *testing.T) {
	t.Parallel()
	if (webhook.Project{}).Suspended() || !(webhook.Project{SuspendedAt: noon}).Suspended() {
		t.Error("only a set time suspends")
	}
}
