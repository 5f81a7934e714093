package web

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func tried(cause webhook.Cause, status int) manage.AttemptDetail {
	a := webhook.Attempt{Outcome: webhook.OutcomeFailed, Cause: cause, Duration: 84 * time.Millisecond, StartedAt: noon}
	a.Response.Status = status
	if cause == "" {
		a.Outcome = webhook.OutcomeDelivered
	}
	return manage.AttemptDetail{Attempt: a}
}

func rowOfState(state webhook.State) webhook.DeliveryRow {
	return webhook.DeliveryRow{Delivery: webhook.Delivery{State: state}, EndpointState: webhook.EndpointActive}
}

func TestMark_says_how_a_delivery_is_doing(t *testing.T) {
	t.Parallel()
	retry := rowOfState(webhook.Waiting)
	retry.Attempts, retry.DueAt = 2, noon.Add(4*time.Minute+10*time.Second)
	due := retry
	due.DueAt = noon.Add(-time.Second)
	paused := rowOfState(webhook.Waiting)
	paused.EndpointState = webhook.EndpointPaused
	test := paused
	test.Test = true
	suspended := rowOfState(webhook.Waiting)
	suspended.Suspended = true
	for name, c := range map[string]struct {
		row  webhook.DeliveryRow
		want component.Mark
	}{
		"delivered":         {rowOfState(webhook.Delivered), component.Mark{Tone: component.Good, Text: "delivered"}},
		"sending":           {rowOfState(webhook.Sending), component.Mark{Tone: component.Busy, Text: "sending"}},
		"exhausted":         {rowOfState(webhook.Exhausted), component.Mark{Tone: component.GivenUp, Text: "exhausted"}},
		"cancelled":         {rowOfState(webhook.Cancelled), component.Mark{Tone: component.Quiet, Text: "cancelled"}},
		"never tried":       {rowOfState(webhook.Waiting), component.Mark{Tone: component.Wait, Text: "waiting"}},
		"to be retried":     {retry, component.Mark{Tone: component.Retry, Text: "retrying in 4 min"}},
		"retry is due":      {due, component.Mark{Tone: component.Retry, Text: "retrying now"}},
		"endpoint paused":   {paused, component.Mark{Tone: component.Held, Text: "held"}},
		"project suspended": {suspended, component.Mark{Tone: component.Held, Text: "held"}},
		"a test":            {test, component.Mark{Tone: component.Wait, Text: "waiting"}},
	} {
		if got := mark(c.row, noon); got != c.want {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestVerdict_is_a_sentence_about_the_receiver(t *testing.T) {
	t.Parallel()
	row := func(state webhook.State, change ...func(*webhook.DeliveryRow)) webhook.DeliveryRow {
		r := rowOfState(state)
		for _, f := range change {
			f(&r)
		}
		return r
	}
	five := tried(webhook.CauseStatus, 500)
	refused, ok := tried(webhook.CauseRefused, 0), tried("", 200)
	for name, c := range map[string]struct {
		row              webhook.DeliveryRow
		attempts         []manage.AttemptDetail
		sentence, detail string
	}{
		"first try":  {row(webhook.Delivered), []manage.AttemptDetail{ok}, "Delivered at the first try in 84 ms.", ""},
		"third try":  {row(webhook.Delivered), []manage.AttemptDetail{five, refused, ok}, "Delivered at try 3 in 84 ms.", "2 tries failed before."},
		"sending":    {row(webhook.Sending), []manage.AttemptDetail{five}, "Being sent at this moment.", "1 try failed before."},
		"not yet":    {row(webhook.Waiting), nil, "Waiting to be sent.", ""},
		"retry due":  {row(webhook.Waiting), []manage.AttemptDetail{refused}, "Your server refused the connection.", ""},
		"retry soon": {row(webhook.Waiting, func(r *webhook.DeliveryRow) { r.DueAt = noon.Add(12 * time.Second) }), []manage.AttemptDetail{five, five, five}, "Your server answered 500 three times.", ""},
		"exhausted":  {row(webhook.Exhausted, func(r *webhook.DeliveryRow) { r.Reason = "the schedule has ended" }), []manage.AttemptDetail{refused, five, five}, "Given up after 3 tries. Your server answered 500 twice.", "The schedule has ended."},
		"never else": {row(webhook.Exhausted), []manage.AttemptDetail{five, five, five}, "Given up after 3 tries. Each time your server answered 500.", ""},
		"both":       {row(webhook.Exhausted), []manage.AttemptDetail{refused, refused}, "Given up after 2 tries. Both times your server refused the connection.", ""},
		"refused":    {row(webhook.Waiting), []manage.AttemptDetail{refused, refused}, "Your server refused the connection, twice.", ""},
		"cancelled":  {row(webhook.Cancelled, func(r *webhook.DeliveryRow) { r.Reason = "cancelled by Ada" }), nil, "Cancelled: nothing more is sent.", "Cancelled by Ada."},
		"held":       {row(webhook.Waiting, func(r *webhook.DeliveryRow) { r.EndpointState = webhook.EndpointPaused }), nil, "Held: the endpoint is paused. It goes out when somebody resumes it.", ""},
	} {
		sentence, detail := verdict(manage.DeliveryDetail{DeliveryRow: c.row, Attempts: c.attempts})
		if sentence != c.sentence || detail != c.detail {
			t.Errorf("%s: got %q, %q", name, sentence, detail)
		}
	}
}

func TestVerdict_of_a_held_delivery_says_what_it_waits_for(t *testing.T) {
	t.Parallel()
	for reason, want := range map[webhook.PauseReason]string{
		webhook.PausedAsGone: "410 Gone", webhook.PausedAsFailing: "probed every hour", webhook.PausedBySecret: "master key", webhook.PausedByPerson: "resumes it",
	} {
		r := rowOfState(webhook.Waiting)
		r.EndpointState, r.PausedBecause = webhook.EndpointPaused, reason
		if got, _ := verdict(manage.DeliveryDetail{DeliveryRow: r}); !strings.Contains(got, want) {
			t.Errorf("%s: %q does not say %q", reason, got, want)
		}
	}
	r := rowOfState(webhook.Waiting)
	r.Suspended = true
	if got, _ := verdict(manage.DeliveryDetail{DeliveryRow: r}); !strings.Contains(got, "suspended") {
		t.Errorf("suspended: %q", got)
	}
}

func TestTimes_are_words_while_they_are_few(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{1: "", 2: " twice", 5: " five times", 10: " ten times", 20: " 20 times"} {
		if got := times(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestPhases_follow_each_other_from_0_to_1(t *testing.T) {
	t.Parallel()
	ms := time.Millisecond
	for name, c := range map[string]struct {
		attempt webhook.Attempt
		kinds   string
		end     float64
	}{
		"whole exchange":    {webhook.Attempt{Duration: 100 * ms, Timings: webhook.Timings{DNS: 10 * ms, Connect: 20 * ms, TLS: 30 * ms, FirstByte: 25 * ms}}, "dns connect tls wait body", 1},
		"reused connection": {webhook.Attempt{Duration: 100 * ms, Timings: webhook.Timings{FirstByte: 99 * ms}}, "wait body", 1},
		"no answer":         {webhook.Attempt{Duration: 100 * ms, Timings: webhook.Timings{Connect: 20 * ms}}, "connect wait", 1},
		"connect failed":    {webhook.Attempt{Duration: 20 * ms, Timings: webhook.Timings{Connect: 20 * ms}}, "connect", 1},
		"clocks disagree":   {webhook.Attempt{Duration: 20 * ms, Timings: webhook.Timings{DNS: 15 * ms, Connect: 15 * ms, TLS: 15 * ms}}, "dns connect", 1},
		"nothing measured":  {webhook.Attempt{}, "", 0},
	} {
		var kinds []string
		at := 0.0
		for _, p := range phases(c.attempt) {
			if p.From != at || p.To <= p.From {
				t.Errorf("%s: %s goes from %g to %g, the one before ended at %g", name, p.Kind, p.From, p.To, at)
			}
			kinds, at = append(kinds, p.Kind), p.To
		}
		if got := strings.Join(kinds, " "); got != c.kinds || math.Abs(at-c.end) > 1e-9 {
			t.Errorf("%s: %q up to %g", name, got, at)
		}
	}
}

func TestPresentDelivery_is_a_line_of_the_log(t *testing.T) {
	t.Parallel()
	row := rowOfState(webhook.Exhausted)
	row.EndpointName, row.Topic, row.Attempts, row.CreatedAt = "orders", "product.viewed", 3, noon.Add(-time.Hour)
	row.LastAttemptAt, row.LastStatus, row.LastCause, row.LastDurationMS = noon, 503, webhook.CauseStatus, 1500
	got := presentDelivery(row, noon)
	if got.Answer != "503 Service Unavailable" || got.Tone != component.Bad || got.Duration != "1.5 s" || got.Attempts != "3" || got.At.Text != "1 h ago" {
		t.Errorf("got %+v", got)
	}
	if !strings.HasSuffix(got.EndpointURL, "/endpoints/"+row.EndpointID.String()) || got.Note != "" {
		t.Errorf("endpoint %q, note %q", got.EndpointURL, got.Note)
	}
	row.EndpointGone, row.LastCause, row.LastStatus, row.ResendOf = true, "", 204, webhook.DeliveryID{UUID: webhook.UUID{1}}
	if got := presentDelivery(row, noon); got.EndpointURL != "" || got.Tone != component.Good || got.Note != "resend" {
		t.Errorf("a resend to a deleted endpoint: %+v", got)
	}
	row.Test = true
	if got := presentDelivery(row, noon); got.Note != "test" {
		t.Errorf("a test: %+v", got)
	}
	if got := presentDelivery(rowOfState(webhook.Waiting), noon); got.Answer != "" || got.Duration != "" {
		t.Errorf("nothing was sent and yet: %+v", got)
	}
}

func TestPresentAttempts_are_a_timeline(t *testing.T) {
	t.Parallel()
	first, second := tried(webhook.CauseTimeout, 0), tried("", 200)
	first.Number, second.Number = 1, 2
	first.Duration, second.StartedAt = 168*time.Millisecond, noon.Add(5*time.Second)
	first.Error = "no answer within 15 s"
	list := presentAttempts(manage.DeliveryDetail{Attempts: []manage.AttemptDetail{first, second}}, 1, noon.Add(time.Minute))
	if list[0].Answer != "timeout" || list[0].At.Text != "12:00:00" || list[0].Gap != "" || list[0].Scale != 1 || list[0].Current {
		t.Errorf("first: %+v", list[0])
	}
	if list[1].Answer != "200 OK" || list[1].Gap != "+5 s" || list[1].Scale != 0.5 || !list[1].Current || !strings.HasSuffix(list[1].URL, "?attempt=2") {
		t.Errorf("second: %+v", list[1])
	}
	unknown := webhook.Attempt{Outcome: webhook.OutcomeUnknown, Cause: webhook.CauseWorkerLost}
	if outcomeMark(unknown.Outcome).Tone != component.Unknown || answerWords(unknown) != "unknown" {
		t.Error("an unknown attempt looks known")
	}
}

func TestPresentShow_leads_to_the_attempt_that_was_asked_for(t *testing.T) {
	t.Parallel()
	first, second := tried(webhook.CauseStatus, 401), tried(webhook.CauseStatus, 500)
	first.Number, second.Number = 1, 2
	d := manage.DeliveryDetail{DeliveryRow: rowOfState(webhook.Exhausted), Attempts: []manage.AttemptDetail{first, second}}
	d.EndpointName, d.EndpointURL, d.Topic = "orders", "https://shop.example/hook", "product.viewed"
	if m := presentShow(d, nil, "1", noon); m.Exchange.Response.Line != "401 Unauthorized" {
		t.Errorf("attempt 1 shows %q", m.Exchange.Response.Line)
	}
	m := presentShow(d, nil, "9", noon)
	if m.Exchange.Response.Line != "500 Internal Server Error" || len(m.Advice) == 0 || m.Stream != "" {
		t.Errorf("got %q, advice %v, live %q", m.Exchange.Response.Line, m.Advice, m.Stream)
	}
	for _, want := range []string{d.ID.String(), "product.viewed", "attempt 2", "500 Internal Server Error in 84 ms", m.Verdict, "URL https://shop.example/hook"} {
		if !strings.Contains(m.Ticket, want) {
			t.Errorf("the ticket does not say %q:\n%s", want, m.Ticket)
		}
	}
}

func TestPresentShow_names_a_next_try_only_if_there_is_one(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state  webhook.State
		paused bool
		due    time.Time
		want   string
	}{
		"later":       {webhook.Waiting, false, noon.Add(4 * time.Minute), "in 4 min"},
		"due":         {webhook.Waiting, false, noon, "now"},
		"due long":    {webhook.Waiting, false, noon.Add(-3 * time.Minute), "now"},
		"held":        {webhook.Waiting, true, noon, ""},
		"held, later": {webhook.Waiting, true, noon.Add(time.Hour), ""},
		"ended":       {webhook.Exhausted, false, noon, ""},
	} {
		d := manage.DeliveryDetail{DeliveryRow: rowOfState(c.state)}
		if d.DueAt = c.due; c.paused {
			d.EndpointState = webhook.EndpointPaused
		}
		if m := presentShow(d, nil, "", noon); m.Due.Text != c.want {
			t.Errorf("%s: next try %q", name, m.Due.Text)
		}
	}
}

func TestPresentShow_names_resends_and_siblings(t *testing.T) {
	t.Parallel()
	d := manage.DeliveryDetail{DeliveryRow: rowOfState(webhook.Waiting)}
	d.ID = webhook.DeliveryID{UUID: webhook.UUID{1}}
	d.RequestedBy.Name, d.ResendOf = "Ada", webhook.DeliveryID{UUID: webhook.UUID{9}}
	again, other := rowOfState(webhook.Delivered), rowOfState(webhook.Delivered)
	again.ID, again.ResendOf, again.CreatedAt = webhook.DeliveryID{UUID: webhook.UUID{2}}, d.ID, noon
	other.ID, other.EndpointName = webhook.DeliveryID{UUID: webhook.UUID{3}}, "billing"
	m := presentShow(d, []webhook.DeliveryRow{d.DeliveryRow, again, other}, "", noon)
	if len(m.Resends) != 1 || len(m.Siblings) != 2 || m.Siblings[1].Endpoint != "billing" {
		t.Errorf("resends %+v, siblings %+v", m.Resends, m.Siblings)
	}
	if m.Provenance != "Resent by Ada" || !strings.HasSuffix(m.Original.URL, d.ResendOf.String()) || m.Exchange != nil {
		t.Errorf("got %+v", m)
	}
}

func TestPresentShow_says_what_its_first_button_does(t *testing.T) {
	t.Parallel()
	retried, paused, gone := rowOfState(webhook.Waiting), rowOfState(webhook.Exhausted), rowOfState(webhook.Exhausted)
	retried.Attempts, paused.EndpointState, gone.EndpointGone = 2, webhook.EndpointPaused, true
	for want, row := range map[string]webhook.DeliveryRow{
		"Tries it at once": retried, "will be held": paused, "nowhere to send it": gone, "Makes a new delivery": rowOfState(webhook.Delivered),
	} {
		if got := actNote(row); !strings.HasPrefix(got, want) && !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := actNote(rowOfState(webhook.Sending)); got != "" {
		t.Errorf("there is no button, and %q", got)
	}
}

func TestPresentShow_names_a_page_of_siblings_and_counts_the_rest(t *testing.T) {
	t.Parallel()
	d := manage.DeliveryDetail{DeliveryRow: rowOfState(webhook.Delivered)}
	rows := []webhook.DeliveryRow{d.DeliveryRow}
	for i := range 11 {
		row := rowOfState(webhook.Delivered)
		row.ID = webhook.DeliveryID{UUID: webhook.UUID{byte(i + 1)}}
		rows = append(rows, row)
	}
	if m := presentShow(d, rows, "", noon); len(m.Siblings) != 8 || m.MoreSiblings != "3 more" {
		t.Errorf("%d siblings and %q", len(m.Siblings), m.MoreSiblings)
	}
}
