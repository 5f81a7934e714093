package webhook_test

import (
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

func TestAnEndpointIsSlowByTheMedianOfItsLastTwenty(t *testing.T) {
	t.Parallel()
	const quick, slow = webhook.SlowAfter, webhook.SlowAfter + time.Millisecond
	type run struct {
		n    int
		took time.Duration
	}
	for name, c := range map[string]struct {
		runs []run
		late int
		want bool
	}{
		"nothing known":                            {nil, 0, false},
		"one slow answer":                          {[]run{{1, slow}}, 0, true},
		"one slow, one quick":                      {[]run{{1, slow}, {1, quick}}, 0, false},
		"exactly a second is quick":                {[]run{{20, quick}}, 0, false},
		"ten of twenty slow":                       {[]run{{10, quick}, {10, slow}}, 0, false},
		"eleven of twenty slow":                    {[]run{{9, quick}, {11, slow}}, 0, true},
		"what lies further back is forgotten":      {[]run{{500, slow}, {20, quick}}, 0, false},
		"ten quick ones do not make it well":       {[]run{{500, slow}, {9, quick}}, 0, true},
		"nothing answered and one open for long":   {nil, 1, true},
		"a quick history outweighs a few":          {[]run{{20, quick}}, 10, false},
		"eleven open for long outweigh a history":  {[]run{{20, quick}}, 11, true},
		"open ones push the oldest out":            {[]run{{15, slow}, {5, quick}}, 15, true},
		"more open for long than are remembered":   {[]run{{20, quick}}, 64, true},
		"a short history with as many open":        {[]run{{3, quick}}, 3, false},
		"slow ones that the open ones pushed out":  {[]run{{9, slow}, {11, quick}}, 9, false},
		"half of a short history, and one is open": {[]run{{2, slow}, {2, quick}}, 1, true},
	} {
		var r webhook.Recent
		if !r.Empty() {
			t.Fatal("a new one knows of attempts")
		}
		for _, one := range c.runs {
			for range one.n {
				r.Add(one.took)
			}
		}
		if got := r.Slow(c.late); got != c.want {
			t.Errorf("%s: slow is %v", name, got)
		}
	}
}

func TestAnEndpointIsBriskWhileMostOfItsLastAttemptsTakeATenthOfASecond(t *testing.T) {
	t.Parallel()
	const brisk, longer = 100 * time.Millisecond, 101 * time.Millisecond
	for name, c := range map[string]struct {
		longer, brisk int
		want          bool
	}{
		"nothing known":         {0, 0, false},
		"one brisk answer":      {0, 1, true},
		"one that took longer":  {1, 0, false},
		"half of them":          {10, 10, false},
		"most of them":          {9, 11, true},
		"longer ones forgotten": {100, 20, true},
	} {
		var r webhook.Recent
		for range c.longer {
			r.Add(longer)
		}
		for range c.brisk {
			r.Add(brisk)
		}
		if got := r.Brisk(); got != c.want {
			t.Errorf("%s: brisk is %v", name, got)
		}
	}
}

func TestASlowEndpointGetsEightAtOnceUnlessItsOwnerSaysOtherwise(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		own, failures int
		ordered       bool
		want          int
	}{
		{0, 0, false, 8},
		{0, 10, false, 8},
		{0, 20, false, 1},
		{0, 0, true, 1},
		{200, 0, false, 200},
		{200, 10, false, 8},
		{3, 0, false, 3},
	} {
		if got := webhook.InFlight(c.own, c.ordered, c.failures, true); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}
