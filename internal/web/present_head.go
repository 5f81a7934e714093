package web

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// headLook is what the top of an endpoint's page follows from.
type headLook struct {
	endpoint webhook.Endpoint
	stats    manage.Stats
	last     hour
	backlog  webhook.Backlog
	// latest is the newest failed delivery of one that fails; zero for none.
	latest webhook.DeliveryRow
	now    time.Time
	// suspended is since when the project is; zero if it is not.
	suspended time.Time
	// pausedBy is empty where nobody did or may be named.
	pausedBy string
	mayPause bool
	// link leads to the endpoint's page from anywhere.
	link string
}

func (l headLook) head() endpoints.Head {
	e, s := l.endpoint, l.stats
	head := endpoints.Head{Name: e.Name, ID: e.ID.String(), Target: e.URL, Notice: l.notice()}
	head.Mark, _ = endpointMark(e, l.last)
	rate := component.Figure{Label: "Success rate, 24 h", Value: percent(s.Delivered, s.Delivered+s.Failed), Note: plural(s.Delivered+s.Failed, "attempt", "attempts")}
	if head.Mark.Tone == component.Bad {
		rate.Tone = component.Bad
	}
	last := component.Figure{Label: "Last success", Value: orDash(moment(e.LastSuccessAt, l.now).Text)}
	if last.Value == "–" {
		last.Note = "none so far"
	}
	head.Figures = []component.Figure{rate, {Label: "p95 latency", Value: latencyWords(latencyOf(s.Buckets), 0.95)}, last, l.backlogFigure()}
	if l.mayPause && e.State == webhook.EndpointActive {
		head.Pause = component.ConfirmModel{
			ID: "pause", Label: "Pause", Title: "Pause " + e.Name + "?", Submit: "Pause the endpoint", URL: pathEndpoint(e, "pause"),
			Consequence: "Nothing more is sent to it. " + l.pauseHolds() + " Nothing is lost: what is held goes out when somebody resumes it.",
		}
	}
	return head
}

// backlogFigure counts what is due or will be, and how old the oldest is.
func (l headLook) backlogFigure() component.Figure {
	f := component.Figure{Label: "Waiting", Value: waitingCount(l.backlog.Waiting)}
	if l.held() {
		f.Label = "Held"
	}
	if !l.backlog.Oldest.IsZero() {
		f.Note = "oldest " + relative(l.backlog.Oldest, l.now)
	}
	return f
}

// held is when nothing goes out at all.
func (l headLook) held() bool {
	return !l.suspended.IsZero() || l.endpoint.State == webhook.EndpointPaused
}

// waitingCount says where the counting stopped.
func waitingCount(n int64) string {
	if n >= manage.MaxBacklog {
		return count(manage.MaxBacklog) + "+"
	}
	return count(n)
}

func (l headLook) pauseHolds() string {
	switch n := l.backlog.Waiting; n {
	case 0:
		return "New events are held."
	case 1:
		return "1 waiting delivery and all new events are held."
	default:
		return waitingCount(n) + " waiting deliveries and all new events are held."
	}
}

func (l headLook) heldWords() string {
	switch n := l.backlog.Waiting; n {
	case 0:
		return "Nothing is held yet; new events will be."
	case 1:
		return "1 delivery is held. Nothing is lost."
	default:
		return waitingCount(n) + " deliveries are held. Nothing is lost."
	}
}

// notice says the one thing that most needs to be known; nil if all is well.
func (l headLook) notice() *endpoints.Notice {
	e := l.endpoint
	switch {
	case !l.suspended.IsZero():
		return &endpoints.Notice{
			Tone: component.Held, Title: "The project is suspended", Since: moment(l.suspended, l.now), Text: l.heldWords(),
			Try: "An operator of this installation can lift the suspension; then everything held goes out.",
		}
	case e.State == webhook.EndpointPaused:
		return l.pauseNotice()
	case e.ConsecutiveFailures >= troubleFrom:
		_, note := endpointMark(e, l.last)
		return &endpoints.Notice{
			Tone: component.Bad, Title: note + sinceWords(e.FailingSince, l.now), Text: l.retriesWords(), Copy: l.summary(),
			Way: component.Link{Label: "The failed deliveries", URL: tabURL(e, tabDeliveries) + "&state=" + string(webhook.Exhausted)},
		}
	case e.NotBefore.After(l.now):
		return &endpoints.Notice{Tone: component.Wait, Title: "The receiver asked for quiet; the next request goes in " + span(e.NotBefore.Sub(l.now)) + "."}
	}
	if mark, note := endpointMark(e, l.last); note != "" {
		n := &endpoints.Notice{Tone: mark.Tone, Title: sentence(note)}
		if l.fails() {
			n.Copy = l.summary()
		}
		return n
	}
	return nil
}

// fails is when somebody has to be told: a summary is offered.
func (l headLook) fails() bool {
	c := conditionOf(l.endpoint, l.last)
	return c == failing || c == mostlyFailing
}

// sinceWords end a sentence: " since 15:58 UTC (8 min)".
func sinceWords(at, now time.Time) string {
	if at.IsZero() {
		return ""
	}
	day := ""
	if at.UTC().Format(time.DateOnly) != now.UTC().Format(time.DateOnly) {
		day = "2 Jan 2006, "
	}
	return at.UTC().Format(" since "+day+"15:04 UTC") + " (" + span(now.Sub(at)) + ")"
}

// summary is what somebody pastes into a ticket, or into a message to the
// receiver's people: plain lines, times with their dates.
func (l headLook) summary() string {
	e := l.endpoint
	lines := []string{fmt.Sprintf("Endpoint: %s (%s)", e.Name, e.ID), "URL: " + e.URL, "Failures in a row: " + count(int64(e.ConsecutiveFailures))}
	if h := l.last; h.attempts > 0 {
		lines = append(lines, fmt.Sprintf("In the last hour: %s of %s failed", count(h.failed), plural(h.attempts, "attempt", "attempts")))
	}
	if !e.FailingSince.IsZero() {
		lines = append(lines, "First of them: "+toTheMinute(e.FailingSince))
	}
	if d := l.latest; !d.ID.IsZero() {
		label := "Last answer: "
		if !d.LastCause.Answered() {
			label = "Last attempt, without an answer: "
		}
		lines = append(lines, label+causeWord(d.LastCause, d.LastStatus)+", "+toTheMinute(d.LastAttemptAt))
	}
	success := "none so far"
	if !e.LastSuccessAt.IsZero() {
		success = toTheMinute(e.LastSuccessAt)
	}
	lines = append(lines, "Last success: "+success, "Deliveries that wait: "+waitingCount(l.backlog.Waiting), l.link)
	return strings.TrimSpace(strings.Join(lines, "\n")) + "\n"
}

func (l headLook) retriesWords() string {
	if l.backlog.Waiting == 0 {
		return ""
	}
	return sentence(plural(l.backlog.Waiting, "delivery waits", "deliveries wait") + " for the next try")
}

// pauseTries say what to do before resuming.
var pauseTries = map[webhook.PauseReason]string{
	webhook.PausedAsGone:    "A 410 says that the address is gone for good. Put the new one into the URL, then resume.",
	webhook.PausedAsFailing: "Send a test. Once your server takes it, resume.",
	webhook.PausedBySlack:   "Reconnect the workspace: what is held goes out by itself then.",
	webhook.PausedBySecret:  "Nothing is sent unsigned. Replace the secret on the Secret tab, or have an operator restore the master key, then resume.",
}

func (l headLook) pauseNotice() *endpoints.Notice {
	e := l.endpoint
	n := &endpoints.Notice{
		Tone: component.Held, Title: "Paused: " + pauseWords(e.PausedBecause), Since: moment(e.PausedAt, l.now), Text: l.heldWords(),
		Try: pauseTries[e.PausedBecause],
	}
	if e.PausedBecause == webhook.PausedByPerson {
		n.Title = "Paused by a person"
	}
	if l.pausedBy != "" {
		n.Title = "Paused by " + l.pausedBy
	}
	if e.PausedBecause == webhook.PausedBySecret {
		n.Way = component.Link{Label: "To the secret", URL: tabURL(e, tabSecret)}
	}
	if e.PausedBecause == webhook.PausedBySlack {
		n.Way = component.Link{Label: "To Slack", URL: under(e.ProjectID, "slack")}
	}
	if l.mayPause {
		n.Resume = endpoints.Resume{URL: pathEndpoint(e, "resume"), Rates: drainRates(l.backlog.Waiting)}
	}
	return n
}

// The rates at which held deliveries can go out, and how long a drain may last
// to be offered.
var rates = []int64{1, 5, 10, 50, 100, 500}

const (
	shortestDrain = 2 * time.Second
	longestDrain  = 2 * time.Hour
)

// drainRates offers rates that make a difference, with how long each takes;
// none if hardly anything is held.
func drainRates(held int64) []component.Option {
	var offered []component.Option
	for _, rate := range rates {
		lasts := drainTime(held, rate)
		if lasts >= shortestDrain && lasts <= longestDrain {
			offered = append(offered, component.Option{Value: fmt.Sprint(rate), Label: fmt.Sprintf("%s at %d/s, about %s", waitingCount(held), rate, span(lasts))})
		}
	}
	if len(offered) == 0 {
		return nil
	}
	return append([]component.Option{{Value: "", Label: "as fast as it takes them", Selected: true}}, offered...)
}

func drainTime(held, rate int64) time.Duration {
	return time.Duration(math.Ceil(float64(held)/float64(rate))) * time.Second
}

// longestTyped is the longest name that somebody is asked to type, characters.
const longestTyped = 40

// deletionWord is what to type before something is lost for good; empty if
// nothing is.
func deletionWord(e webhook.Endpoint, waiting int64) string {
	switch {
	case waiting == 0:
		return ""
	case utf8.RuneCountInString(e.Name) > longestTyped:
		return "delete"
	}
	return e.Name
}

func (l headLook) deletion() component.ConfirmModel {
	e := l.endpoint
	m := component.ConfirmModel{
		ID: "delete", Label: "Delete", Title: "Delete " + e.Name + "?", Danger: true, Submit: "Delete the endpoint", URL: pathEndpoint(e, "delete"),
		Type: deletionWord(e, l.backlog.Waiting),
	}
	wiped := " Its signing secret is wiped."
	if e.Kind == webhook.KindSlack {
		wiped = ""
	}
	used := !e.LastSuccessAt.IsZero() || !e.LastFailureAt.IsZero()
	switch n := l.backlog.Waiting; {
	case n == 0 && !used:
		m.Consequence = "Nothing was ever sent to it." + wiped
	case n == 0:
		m.Consequence = "Nothing waits for it, so no delivery is cancelled." + wiped + " Its log stays readable."
	default:
		m.Consequence = sentence(waitingCount(n)+" waiting "+oneOf(n, "delivery is", "deliveries are")+" cancelled") +
			wiped + " Its log stays readable. This can't be undone."
	}
	return m
}

func oneOf(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// presentDeleted is all that is left of a deleted one besides its log.
func presentDeleted(e webhook.Endpoint, now time.Time) endpoints.Head {
	head := endpoints.Head{Name: e.Name, ID: e.ID.String(), Target: e.URL}
	head.Mark, _ = endpointMark(e, hour{})
	head.Notice = &endpoints.Notice{
		Tone: component.Quiet, Title: "Deleted", Since: moment(e.DeletedAt, now),
		Text: "Nothing is sent to it any more. What it got stays in the log until its time is over.",
	}
	return head
}

// presentStart teaches what to do with an endpoint that nothing was sent to.
func presentStart(e webhook.Endpoint, test endpoints.TestForm, publishes bool) *endpoints.Start {
	s := &endpoints.Start{}
	slack := e.Kind == webhook.KindSlack
	tested := !e.LastSuccessAt.IsZero() || !e.LastFailureAt.IsZero()
	code := endpoints.StartStep{
		Title: "Verify the signature", Text: "Copy a small receiver for this format, in your language, and give it the signing secret.",
		Way: component.Link{Label: "Get the code", URL: tabURL(e, tabCode)},
	}
	send := endpoints.StartStep{Title: "Send a test", Text: "One signed request with a topic's example, over the same path as real deliveries.", Done: tested, Test: test}
	if slack {
		send.Text = "The message of a topic's example, over the same path as real deliveries."
	}
	topic := ""
	if len(test.Topics) > 0 {
		topic = "?topic=" + test.Topics[0].Value
	}
	event := endpoints.StartStep{Title: "Publish an event", Text: "Everything that matches this endpoint's topics and filters arrives here from now on."}
	if publishes {
		event.Way = component.Link{Label: "Publish one", URL: under(e.ProjectID, "events", "new") + topic}
	}
	s.Steps = []endpoints.StartStep{code, send, event}
	if slack { // nothing is to be verified
		s.Steps = s.Steps[1:]
	}
	return s
}
