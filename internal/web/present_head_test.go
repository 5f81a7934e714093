package web

import (
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
)

func lookAt(e webhook.Endpoint) headLook { return headLook{endpoint: e, now: noon, mayPause: true} }

func TestHead_explains_what_is_not_well(t *testing.T) {
	t.Parallel()
	look := lookAt(wellEndpoint())
	if head := look.head(); head.Notice != nil || head.Figures[3].Value != "0" || head.Figures[3].Label != "Waiting" || head.Pause.URL == "" {
		t.Errorf("well: %+v", head)
	}
	look.last = hour{attempts: 24, failed: 11}
	if n := look.notice(); n.Title != "45 % of 24 attempts failed in the last hour." || n.Tone != component.Retry {
		t.Errorf("unsteady: %+v", n)
	}
	look = lookAt(wellEndpoint())
	look.endpoint.NotBefore = noon.Add(90 * time.Second)
	if n := look.notice(); n.Title != "The receiver asked for quiet; the next request goes in 1 min." {
		t.Errorf("quiet: %+v", n)
	}
	look.endpoint.ConsecutiveFailures, look.endpoint.FailingSince, look.backlog.Waiting = 5, noon.Add(-time.Hour), 3
	if n := look.notice(); n.Title != "5 failures in a row since 11:00 UTC (1 h)" || !n.Since.Zero() || n.Text != "3 deliveries wait for the next try." || !strings.HasSuffix(n.Way.URL, "state=exhausted") {
		t.Errorf("failing: %+v", n)
	}
	look.link = "https://bellwire.example/e"
	look.latest = rowOfState(webhook.Waiting)
	look.latest.ID, look.latest.LastCause, look.latest.LastStatus, look.latest.LastAttemptAt = webhook.DeliveryID{UUID: webhook.UUID{9}}, webhook.CauseStatus, 503, noon.Add(-time.Minute)
	for _, want := range []string{
		"Endpoint: " + look.endpoint.Name + " (" + look.endpoint.ID.String() + ")\nURL: " + look.endpoint.URL + "\nFailures in a row: 5\nFirst of them: 21 Nov 2026, 11:00 UTC\n",
		"\nLast answer: 503 Service Unavailable, 21 Nov 2026, 11:59 UTC\nLast success: ", "wait: 3\nhttps://bellwire.example/e\n",
	} {
		if got := look.notice().Copy; !strings.Contains(got, want) {
			t.Errorf("the summary does not say %q:\n%s", want, got)
		}
	}
}

func TestHead_offers_a_summary_of_what_mostly_fails_too(t *testing.T) {
	t.Parallel()
	look := lookAt(wellEndpoint())
	look.last = hour{attempts: 20, failed: 10}
	look.latest.ID, look.latest.LastCause, look.latest.LastAttemptAt = webhook.DeliveryID{UUID: webhook.UUID{9}}, webhook.CauseDNS, noon
	for _, want := range []string{"In the last hour: 10 of 20 attempts failed\n", "Last attempt, without an answer: DNS error, 21 Nov 2026, 12:00 UTC\n"} {
		if got := look.notice().Copy; !strings.Contains(got, want) {
			t.Errorf("the summary does not say %q:\n%s", want, got)
		}
	}
	look.last = hour{attempts: 20, failed: 9}
	if n := look.notice(); n.Copy != "" {
		t.Errorf("unsteady: %q", n.Copy)
	}
}

func TestHead_says_why_it_is_paused_what_is_held_and_what_to_try(t *testing.T) {
	t.Parallel()
	look := lookAt(wellEndpoint())
	look.endpoint.State, look.endpoint.PausedAt, look.backlog.Waiting = webhook.EndpointPaused, noon.Add(-time.Hour), 214
	for reason, want := range map[webhook.PauseReason][2]string{
		webhook.PausedByPerson:  {"Paused by a person", ""},
		webhook.PausedAsGone:    {"Paused: the receiver answered 410 Gone", "Put the new one into the URL"},
		webhook.PausedAsFailing: {"Paused: nothing got through for days", "Send a test"},
		webhook.PausedBySecret:  {"Paused: the signing secret can't be read", "Nothing is sent unsigned"},
	} {
		look.endpoint.PausedBecause = reason
		head := look.head()
		n := head.Notice
		if n.Title != want[0] || !strings.Contains(n.Try, want[1]) || n.Text != "214 deliveries are held. Nothing is lost." || n.Since.Text != "1 h ago" {
			t.Errorf("%s: %+v", reason, n)
		}
		if !strings.HasSuffix(n.Resume.URL, "/resume") || head.Pause.URL != "" || head.Figures[3].Label != "Held" {
			t.Errorf("%s offers %+v", reason, n.Resume)
		}
	}
	look.endpoint.PausedBecause, look.pausedBy, look.mayPause = webhook.PausedByPerson, "ada@example.com", false
	if n := look.notice(); n.Title != "Paused by ada@example.com" || n.Resume.URL != "" {
		t.Errorf("for a viewer: %+v", n)
	}
	look.suspended = noon.Add(-2 * time.Hour)
	if n := look.notice(); n.Title != "The project is suspended" || n.Since.Text != "2 h ago" || n.Resume.URL != "" {
		t.Errorf("suspended: %+v", n)
	}
}

func TestSinceWords_name_the_day_if_it_is_another(t *testing.T) {
	t.Parallel()
	if got := sinceWords(noon.Add(-13*time.Hour), noon); !strings.HasSuffix(got, ", 23:00 UTC (13 h)") {
		t.Errorf("yesterday is%s", got)
	}
}

func TestDrainRates_say_how_long_each_takes(t *testing.T) {
	t.Parallel()
	var labels []string
	for _, o := range drainRates(214) {
		labels = append(labels, o.Value+": "+o.Label)
	}
	want := ": as fast as it takes them|1: 214 at 1/s, about 3 min|5: 214 at 5/s, about 43 s|10: 214 at 10/s, about 22 s|50: 214 at 50/s, about 5 s|100: 214 at 100/s, about 3 s"
	if got := strings.Join(labels, "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if drainRates(0) != nil || drainRates(1) != nil {
		t.Error("rates are offered where nothing is held")
	}
}

func TestResumedWords_say_how_long_the_drain_takes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		held int64
		rate float64
		want string
	}{
		{0, 10, "Nothing was held"}, {1, 0, "1 held delivery goes out, oldest first."}, {214, 0, "214 held deliveries go out"},
		{214, 10, "214 held deliveries go out at 10 per second, oldest first: about 22 s."},
	} {
		if got := resumedWords(c.held, c.rate); !strings.Contains(got, c.want) {
			t.Errorf("%d at %g: %s", c.held, c.rate, got)
		}
	}
}

func TestDeletion_names_what_is_lost_and_asks_for_the_name_only_then(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "no delivery is cancelled", 1: "1 waiting delivery is cancelled.", 214: "214 waiting deliveries are cancelled.", manage.MaxBacklog: "1,000+ waiting deliveries",
	} {
		look := lookAt(wellEndpoint())
		look.backlog.Waiting = n
		m := look.deletion()
		if !strings.Contains(m.Consequence, want) || (m.Type == "orders") != (n > 0) {
			t.Errorf("%d: %q, type %q", n, m.Consequence, m.Type)
		}
	}
	unused := lookAt(webhook.Endpoint{Settings: webhook.Settings{Name: strings.Repeat("n", 41)}})
	if m := unused.deletion(); m.Type != "" || !strings.HasPrefix(m.Consequence, "Nothing was ever sent") {
		t.Errorf("unused: %+v", m)
	}
	if word := deletionWord(unused.endpoint, 1); word != "delete" {
		t.Errorf("a long name is to be typed as %q", word)
	}
}
