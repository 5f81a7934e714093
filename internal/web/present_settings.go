package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/retry"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
	"github.com/bellwire/bellwire/views/endpoints"
)

// prose builds sentences: say adds plain words, code what machines read.
type prose struct{ list []endpoints.Sentence }

func (p *prose) say(words ...endpoints.Words) { p.list = append(p.list, words) }

func text(format string, args ...any) endpoints.Words {
	return endpoints.Words{Text: fmt.Sprintf(format, args...)}
}

func code(s string) endpoints.Words { return endpoints.Words{Text: s, Code: true} }

// listed sets names out with commas and a last word before the last.
func enumerated(names []string, last string) []endpoints.Words {
	var words []endpoints.Words
	for i, name := range names {
		switch {
		case i > 0 && i == len(names)-1:
			words = append(words, text(" %s ", last))
		case i > 0:
			words = append(words, text(", "))
		}
		words = append(words, code(name))
	}
	return words
}

// presentSettings tells the form's four steps in sentences.
func presentSettings(e webhook.Endpoint) []endpoints.SettingGroup {
	if e.Kind == webhook.KindSlack {
		return []endpoints.SettingGroup{
			{Title: "Where", Sentences: channelSentences(e)},
			{Title: "Which events", Sentences: whichSentences(e)},
			{Title: "How", Sentences: howSentences(e)},
		}
	}
	return []endpoints.SettingGroup{
		{Title: "Where", Sentences: whereSentences(e)},
		{Title: "What it looks like", Sentences: formatSentences(e)},
		{Title: "Which events", Sentences: whichSentences(e)},
		{Title: "How", Sentences: howSentences(e)},
	}
}

func whereSentences(e webhook.Endpoint) []endpoints.Sentence {
	var p prose
	p.say(text("Every delivery is a POST to "), code(e.URL), text("."))
	p.say(text("These settings are version %d; each attempt in the log names the version that counted for it.", e.Version))
	return p.list
}

func channelSentences(e webhook.Endpoint) []endpoints.Sentence {
	var p prose
	p.say(text("Every delivery is a message to "), code(e.URL), text(", by the project's connection to Slack."))
	if e.Channel != nil {
		p.say(text("The channel's ID is "), code(e.Channel.ID), text("; it stays when the channel is renamed."))
	}
	p.say(text("These settings are version %d; each attempt in the log names the version that counted for it.", e.Version))
	return p.list
}

var bodyWords = map[string]string{
	"plain": "The body is an envelope with id, type, timestamp and data.", "flat": "The body is flat: the members of data lie beside eventId, eventType and timestamp.",
	"data": "The body is the event's data alone.",
}

func formatSentences(e webhook.Endpoint) []endpoints.Sentence {
	var p prose
	info, ok := wire.Describe(e.Format, e.Custom)
	if !ok {
		p.say(text("The format is "), code(string(e.Format)), text("."))
		return p.list
	}
	if e.Custom != nil {
		p.say(text("The format is your own. %s", bodyWords[e.Custom.Body]))
	} else {
		p.say(text("The format is %s. %s", info.Title, info.Description))
	}
	if e.Template != "" {
		p.list = p.list[:0]
		p.say(text("The body is made by your own template; the format %s signs it.", info.Title))
	}
	p.say(text("The signature is in "), code(info.SignatureHeader+": "+info.Value), text(", an HMAC-SHA256 over %s in %s.", signedWords[info.Signed], info.Encoding))
	if info.Name != webhook.FormatStandard {
		p.say(text("Beside it every request carries the Standard Webhooks headers "), code("webhook-id"), text(", "), code("webhook-timestamp"), text(" and "), code("webhook-signature"), text("."))
	}
	for _, h := range e.Headers {
		if h.Secret {
			p.say(text("It also carries "), code(h.Name), text(", whose value is secret."))
		} else {
			p.say(text("It also carries "), code(h.Name+": "+h.Value), text("."))
		}
	}
	return p.list
}

func whichSentences(e webhook.Endpoint) []endpoints.Sentence {
	var p prose
	p.say(append(append([]endpoints.Words{text("It takes events of ")}, enumerated(e.Topics, "and")...), text("."))...)
	for _, list := range []struct {
		before string
		names  []string
	}{{"Of prompts, only those named ", e.Prompt.Names}, {"Of prompts, only those tagged ", e.Prompt.Tags}, {"Of prompts, only those labelled ", e.Prompt.Labels}} {
		if len(list.names) > 0 {
			p.say(append(append([]endpoints.Words{text("%s", list.before)}, enumerated(list.names, "or")...), text("."))...)
		}
	}
	p.list = append(p.list, payloadSentences(e)...)
	if len(p.list) == 1 {
		p.say(text("No filter narrows them."))
	}
	return p.list
}

func payloadSentences(e webhook.Endpoint) []endpoints.Sentence {
	var p prose
	if e.Payload.Expression != "" {
		p.say(text("Only where the expression "), code(e.Payload.Expression), text(" is true."))
	}
	for _, row := range e.Payload.Rows {
		words := []endpoints.Words{text("Only where "), code(row.Path), text(" %s", operatorLabel(row.Operator))}
		if row.Operator != webhook.OpExists {
			words = append(words, text(" "), code(row.Value))
		}
		p.say(append(words, text("."))...)
	}
	return p.list
}

func howSentences(e webhook.Endpoint) []endpoints.Sentence {
	var p prose
	taken := "Only a 2xx answer counts as delivered."
	if e.Kind == webhook.KindSlack {
		taken = "Only an answer that says ok counts as delivered."
	}
	p.say(text("An attempt may take %s. %s", exactly(e.Timeout), taken))
	p.say(text("%s", retryWords(e.Retry)))
	switch {
	case e.Ordered:
		p.say(text("Order is kept: one request at a time, oldest first; a delivery that fails holds up those after it."))
	case e.MaxInFlight > 0:
		p.say(text("At most %s at once. Order is not kept.", plural(int64(e.MaxInFlight), "request goes", "requests go")))
	default:
		p.say(text("Up to %d requests go at once, fewer while it fails. Order is not kept.", webhook.DefaultMaxInFlight))
	}
	if e.RatePerSecond > 0 {
		p.say(text("At most %g go per second.", e.RatePerSecond))
	}
	return p.list
}

// exactly prints a setting in the largest unit that loses nothing.
func exactly(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%g s", d.Seconds())
}

// retryWords say when a failed delivery is tried again.
func retryWords(policy webhook.RetryPolicy) string {
	delays := policy.Delays
	if policy.Policy != webhook.RetryCustom {
		schedules := retry.Schedules()
		known, ok := schedules[policy.Policy]
		if !ok {
			known = schedules[webhook.RetryStandard]
		}
		delays = known
	}
	if len(delays) == 0 {
		return "A failed delivery is not tried again."
	}
	var waits []string
	for _, d := range delays {
		waits = append(waits, exactly(d))
	}
	words := fmt.Sprintf("A failed delivery is tried again up to %s: after %s.", plural(int64(len(delays)), "time", "times"), strings.Join(waits, ", then "))
	if policy.NoClientErrors {
		return words + " A 4xx answer ends it at once, but for 408, 410 and 429."
	}
	return words
}
