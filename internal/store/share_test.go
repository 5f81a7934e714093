package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestSlotsAreSharedOutFairly(t *testing.T) {
	t.Parallel()
	due := store.Shared{Due: true}
	for _, c := range []struct {
		name      string
		slots     int
		endpoints []store.Shared
		want      []int
	}{
		{"one endpoint gets all", 10, []store.Shared{due}, []int{10}},
		{"two of one project get half each", 10, []store.Shared{due, due}, []int{5, 5}},
		{"two projects get half each, however many endpoints they have", 8, []store.Shared{{Project: 1, Due: true}, {Project: 1, Due: true}, {Project: 2, Due: true}}, []int{2, 2, 4}},
		{"the one with the fewest out comes first", 3, []store.Shared{{Due: true, Busy: 5}, due}, []int{0, 3}},
		{"an own limit holds", 10, []store.Shared{{Due: true, MaxInFlight: 3, Busy: 1}, due}, []int{2, 8}},
		{"a full endpoint gets nothing", 10, []store.Shared{{Due: true, MaxInFlight: 3, Busy: 3}}, []int{0}},
		{"one that fails a lot gets little", 100, []store.Shared{{Due: true, Failures: 10}, {Due: true, Failures: 20}}, []int{8, 1}},
		{"a default limit leases ahead, but not without bound", 1000, []store.Shared{due}, []int{128}},
		{"a slow rate gives one", 10, []store.Shared{{Due: true, Rate: 1}}, []int{1}},
		{"a rate that is used up gives none", 10, []store.Shared{{Due: true, Rate: 1, Gone: time.Second}}, []int{0}},
		{"a fast rate gives a tenth of a second's worth", 100, []store.Shared{{Due: true, Rate: 100}}, []int{11}},
		{"a line gives its head only", 10, []store.Shared{{Line: true}}, []int{1}},
		{"a line and free ones share a slot count", 3, []store.Shared{{Line: true}, due}, []int{1, 2}},
		{"a line does not starve beside free ones", 2, []store.Shared{due, {Line: true}}, []int{1, 1}},
		{"a rate holds over line and free ones together", 10, []store.Shared{{Line: true, Due: true, Rate: 1}}, []int{1}},
		{"no slots, nothing given", 0, []store.Shared{due}, []int{0}},
		{"nobody there", 5, nil, []int{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := store.Share(webhook.Room{Slots: c.slots, Lagging: c.slots}, c.endpoints...); !slices.Equal(got, c.want) {
				t.Errorf("shared out %v, want %v", got, c.want)
			}
		})
	}
}

func TestEndpointsThatLagGetNoMoreSlotsThanThereAreForThem(t *testing.T) {
	t.Parallel()
	due, slow := store.Shared{Due: true}, store.Shared{Due: true, Pace: webhook.PaceSlow}
	failing, unknown := store.Shared{Due: true, Failures: 10}, store.Shared{Due: true, Pace: webhook.PaceUnknown}
	for _, c := range []struct {
		name      string
		room      webhook.Room
		endpoints []store.Shared
		want      []int
	}{
		{"a brisk one leases further ahead", webhook.Room{Slots: 1000}, []store.Shared{{Due: true, Pace: webhook.PaceBrisk}, {Due: true, MaxInFlight: 9, Pace: webhook.PaceBrisk}}, []int{256, 9}},
		{"a brisk one that fails does not", webhook.Room{Slots: 1000, Lagging: 1000}, []store.Shared{{Due: true, Failures: 10, Pace: webhook.PaceBrisk}}, []int{8}},
		{"a slow endpoint gets eight", webhook.Room{Slots: 100, Lagging: 100}, []store.Shared{slow}, []int{8}},
		{"a slow one with a limit of its own gets that", webhook.Room{Slots: 100, Lagging: 100}, []store.Shared{{Due: true, MaxInFlight: 50, Pace: webhook.PaceSlow}}, []int{50}},
		{"slow and failing ones share what there is, a quick one gets the rest", webhook.Room{Slots: 20, Lagging: 4}, []store.Shared{slow, failing, due}, []int{2, 2, 16}},
		{"without room slow ones get nothing", webhook.Room{Slots: 20, Unknown: 20}, []store.Shared{slow, failing, due}, []int{0, 0, 20}},
		{"an unknown one gets its first beside slow ones", webhook.Room{Slots: 20, Unknown: 20}, []store.Shared{unknown, slow}, []int{1, 0}},
		{"unknown ones get no more first ones than there is room for", webhook.Room{Slots: 20, Lagging: 20, Unknown: 2}, []store.Shared{unknown, unknown, unknown}, []int{10, 10, 0}},
		{"an unknown one with a request out gets none then", webhook.Room{Slots: 20, Unknown: 20}, []store.Shared{{Due: true, Busy: 1, Pace: webhook.PaceUnknown}}, []int{0}},
		{"an unknown one gets more while there is room", webhook.Room{Slots: 100, Lagging: 20, Unknown: 1}, []store.Shared{unknown}, []int{21}},
		{"a slow line waits for room too", webhook.Room{Slots: 20, Unknown: 20}, []store.Shared{{Line: true, Pace: webhook.PaceSlow}}, []int{0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := store.Share(c.room, c.endpoints...); !slices.Equal(got, c.want) {
				t.Errorf("shared out %v, want %v", got, c.want)
			}
		})
	}
}
