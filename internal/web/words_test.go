package web

import (
	"testing"
	"time"
)

func TestWords_times_are_relative_with_the_exact_one_beside(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for ago, want := range map[time.Duration]string{
		0: "just now", 12 * time.Second: "12 s ago", 4 * time.Minute: "4 min ago", 47 * time.Hour: "47 h ago",
		72 * time.Hour: "3 days ago", -90 * time.Second: "in 1 min", -500 * time.Millisecond: "in 500 ms",
	} {
		if got := moment(now.Add(-ago), now); got.Text != want {
			t.Errorf("%s: got %q, want %q", ago, got.Text, want)
		}
	}
	if got := moment(now, now); got.Full != "21 Nov 2026, 10:00:00.000 UTC" || got.ISO != "2026-11-21T10:00:00.000Z" {
		t.Errorf("exact time: got %+v", got)
	}
	if got := moment(time.Time{}, now); !got.Zero() {
		t.Errorf("no time: got %+v", got)
	}
}

func TestWords_numbers_are_grouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234"} {
		if got := count(n); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWords_a_share_below_all_never_reads_100(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		part, whole int64
		want        string
	}{{0, 0, "–"}, {5, 5, "100 %"}, {99999, 100000, "99.9 %"}, {1, 3, "33.3 %"}} {
		if got := percent(c.part, c.whole); got != c.want {
			t.Errorf("%d of %d: got %q, want %q", c.part, c.whole, got, c.want)
		}
	}
}

func TestLocalPath_keeps_addresses_of_this_site_only(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"/p/1?x=2": "/p/1?x=2", "//evil.example": "/", `/\evil.example`: "/", "https://evil.example/": "/",
		"https:evil.example": "/", "javascript:alert(1)": "/", "": "/", "/a\r\nb": "/", "p/1": "/",
	} {
		if got := localPath(raw); got != want {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
	}
}
