package web

import (
	"testing"

	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/publish"
)

func TestA_test_event_names_some_endpoints_of_many_and_counts_the_rest(t *testing.T) {
	t.Parallel()
	trial := func(gets, misses int) publish.Trial {
		var made publish.Trial
		for i := range gets + misses {
			made.Matches = append(made.Matches, publish.Match{Endpoint: wellEndpoint(), Explanation: filter.Explanation{Matched: i < gets}})
		}
		return made
	}
	m := presentReach(trial(reachNamed, reachNamed))
	if len(m.Gets) != reachNamed || len(m.Miss) != reachNamed || m.MoreGets+m.MoreMiss != "" || m.Verdict.Text != "50 of 100 endpoints" {
		t.Errorf("what can be named is not: %d, %q, %d, %q: %q", len(m.Gets), m.MoreGets, len(m.Miss), m.MoreMiss, m.Verdict.Text)
	}
	m = presentReach(trial(reachNamed+1, reachNamed+1500))
	if len(m.Gets) != reachNamed || len(m.Miss) != reachNamed {
		t.Errorf("%d and %d endpoints are named", len(m.Gets), len(m.Miss))
	}
	if m.MoreGets != "and 1 more endpoint" || m.MoreMiss != "and 1,500 more endpoints" || m.Verdict.Text != "51 of 1,601 endpoints" {
		t.Errorf("the rest is not counted: %q, %q, %q", m.MoreGets, m.MoreMiss, m.Verdict.Text)
	}
}
