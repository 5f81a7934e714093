package web

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/endpoints"
)

// endpointInput is the endpoint form as it was typed, so that it can be shown
// again unchanged. Rows without any text are dropped: their positions are
// those that errors speak of.
type endpointInput struct {
	do string
	// slack says that the form is of an endpoint that posts to channels.
	slack                     bool
	channels                  []webhook.SlackChannel
	channelID, channelQuery   string
	name, url, secret, format string
	custom                    webhook.CustomFormat
	template                  string
	ticked                    []string
	groups                    []string
	patterns                  string
	prompts                   promptInput
	byExpression              bool
	expression                string
	payload                   []webhook.PayloadRow
	headers                   []headerInput
	retry, delays             string
	clientErrors              bool
	timeout, inFlight, rate   string
	ordered                   bool
	sample                    string
}

// promptInput is one entry per line.
type promptInput struct{ names, tags, labels string }

// headerInput is one row of own headers.
type headerInput struct{ name, kind, value string }

// The kinds of own header. A kept one is secret and its value stored; it stays
// unless another is typed.
const (
	headerPlain  = "no"
	headerSecret = "yes"
	headerKept   = "kept"
)

// readEndpoint takes a posted form apart.
func readEndpoint(form url.Values) endpointInput {
	line := func(name string) string { return strings.TrimSpace(form.Get(name)) }
	return endpointInput{
		slack: form.Get("kind") == endpoints.KindSlack, channels: readChannels(form), channelID: line("channelID"), channelQuery: line("channelQuery"),
		do: form.Get("do"), name: line("name"), url: line("url"), secret: line("secret"), format: line("format"),
		custom: webhook.CustomFormat{
			Header: line("customHeader"), Signed: form.Get("customSigned"), Encoding: form.Get("customEncoding"),
			Value: line("customValue"), Body: form.Get("customBody"),
		},
		template: unixLines(form.Get("template")),
		ticked:   form["topic"], groups: form["group"], patterns: form.Get("patterns"),
		prompts:      promptInput{form.Get("promptNames"), form.Get("promptTags"), form.Get("promptLabels")},
		byExpression: form.Get("payloadBy") == endpoints.ByExpression, expression: unixLines(form.Get("expression")),
		payload: readPayload(form["payloadPath"], form["payloadOperator"], form["payloadValue"]),
		headers: readHeaders(form["headerName"], form["headerSecret"], form["headerValue"]),
		retry:   form.Get("retry"), delays: form.Get("delays"), clientErrors: form.Get("clientErrors") == "true",
		timeout: line("timeout"), inFlight: line("maxInFlight"), rate: line("rate"), ordered: form.Get("ordered") == "true",
		sample: form.Get("sample"),
	}
}

// unixLines undoes what forms do to line ends, so that a place in the text is
// where it was typed.
func unixLines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

func readPayload(paths, operators, values []string) []webhook.PayloadRow {
	var rows []webhook.PayloadRow
	for i := range max(len(paths), len(values)) {
		row := webhook.PayloadRow{
			Path: strings.TrimSpace(nth(paths, i)), Operator: webhook.Operator(nth(operators, i)), Value: nth(values, i),
		}
		if row.Path != "" || row.Value != "" {
			rows = append(rows, row)
		}
	}
	return rows
}

func readHeaders(names, kinds, values []string) []headerInput {
	var rows []headerInput
	for i := range max(len(names), len(values)) {
		row := headerInput{name: strings.TrimSpace(nth(names, i)), kind: nth(kinds, i), value: strings.TrimSpace(nth(values, i))}
		if row.name != "" || row.value != "" {
			rows = append(rows, row)
		}
	}
	return rows
}

// nth is the i-th value of a repeated field, empty beyond its end.
func nth(values []string, i int) string {
	if i < len(values) {
		return values[i]
	}
	return ""
}

// settings are what the form asks for. Nothing is judged here: a number that
// can't be read becomes one that the use-case refuses, so that all mistakes
// are told at once.
func (in endpointInput) settings() webhook.Settings {
	set := webhook.Settings{
		Name: in.name, URL: in.url, Format: webhook.FormatName(in.format), Template: strings.TrimSpace(in.template),
		Topics: slices.Concat(in.ticked, lines(in.patterns)),
		Prompt: webhook.PromptFilter{
			Names: lines(in.prompts.names), Tags: lines(in.prompts.tags), Labels: lines(in.prompts.labels),
		},
		Payload: in.payloadFilter(),
		Retry:   webhook.RetryPolicy{Policy: webhook.RetryName(in.retry), NoClientErrors: !in.clientErrors},
		Timeout: seconds(in.timeout), MaxInFlight: whole(in.inFlight), RatePerSecond: number(in.rate), Ordered: in.ordered,
	}
	if set.Format == webhook.FormatCustom {
		custom := in.custom
		set.Custom = &custom
	}
	for _, h := range in.headers {
		set.Headers = append(set.Headers, webhook.Header{Name: h.name, Value: h.value, Secret: h.kind != headerPlain})
	}
	if set.Retry.Policy == webhook.RetryCustom {
		for _, wait := range lines(in.delays) {
			set.Retry.Delays = append(set.Retry.Delays, seconds(wait))
		}
	}
	if in.slack {
		in.toChannels(&set)
	}
	return set
}

// payloadFilter is the one of both that was chosen; the other is kept in the
// form only.
func (in endpointInput) payloadFilter() webhook.PayloadFilter {
	if in.byExpression {
		return webhook.PayloadFilter{Expression: strings.TrimRight(in.expression, " \n")}
	}
	return webhook.PayloadFilter{Rows: in.payload}
}

// withGroups ticks all topics of the groups that were ticked whole.
func (in endpointInput) withGroups(topics []webhook.Topic) endpointInput {
	for _, t := range topics {
		if slices.Contains(in.groups, string(t.Group)) && !t.Deprecated && !slices.Contains(in.ticked, t.Name) {
			in.ticked = append(in.ticked, t.Name)
		}
	}
	in.groups = nil
	return in
}

// dropRow is the form without the row whose button was pressed.
func (in endpointInput) dropRow() endpointInput {
	if i, ok := rowAfter(in.do, endpoints.DoDropPayload); ok && i < len(in.payload) {
		in.payload = slices.Delete(slices.Clone(in.payload), i, i+1)
	}
	if i, ok := rowAfter(in.do, endpoints.DoDropHeader); ok && i < len(in.headers) {
		in.headers = slices.Delete(slices.Clone(in.headers), i, i+1)
	}
	return in
}

func rowAfter(do, what string) (int, bool) {
	digits, ok := strings.CutPrefix(do, what)
	i, err := strconv.Atoi(digits)
	return i, ok && err == nil && i >= 0
}

// lines are the lines of a text that have something on them.
func lines(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// unreadable is outside the bounds of every number in the form.
const unreadable = -1

// number reads a number that is not negative; nothing typed is 0.
func number(text string) float64 {
	if text == "" {
		return 0
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0 && n <= math.MaxInt32) {
		return unreadable
	}
	return n
}

func whole(text string) int {
	n := number(text)
	if n != math.Trunc(n) {
		return unreadable
	}
	return int(n)
}

// seconds reads a duration; nothing typed is 0, and a typed 0 is as wrong as a
// word.
func seconds(text string) time.Duration {
	n := number(text)
	if text != "" && n <= 0 {
		return unreadable
	}
	return time.Duration(n * float64(time.Second))
}

// freshEndpoint is the form before anything is typed; topic, if not empty, is
// ticked.
func freshEndpoint(topic string) endpointInput {
	in := endpointInput{clientErrors: true}
	if topic != "" {
		in.ticked = []string{topic}
	}
	return in
}

// storedEndpoint is the form of an endpoint as it is; names are the topics
// that can be ticked, other ones stand among the patterns.
func storedEndpoint(e webhook.Endpoint, names []string) endpointInput {
	in := endpointInput{
		name: e.Name, url: e.URL, format: string(e.Format), payload: e.Payload.Rows,
		byExpression: e.Payload.Expression != "", expression: e.Payload.Expression,
		prompts: promptInput{strings.Join(e.Prompt.Names, "\n"), strings.Join(e.Prompt.Tags, "\n"), strings.Join(e.Prompt.Labels, "\n")},
		retry:   string(e.Retry.Policy), clientErrors: !e.Retry.NoClientErrors, timeout: secondsText(e.Timeout), ordered: e.Ordered,
	}
	if e.Custom != nil {
		in.custom = *e.Custom
	}
	in.template = e.Template
	if e.Channel != nil {
		in.slack, in.channels = true, []webhook.SlackChannel{*e.Channel}
	}
	var patterns, delays []string
	for _, topic := range e.Topics {
		if slices.Contains(names, topic) {
			in.ticked = append(in.ticked, topic)
		} else {
			patterns = append(patterns, topic)
		}
	}
	for _, h := range e.Headers {
		row := headerInput{name: h.Name, kind: headerPlain, value: h.Value}
		if h.Secret {
			row.kind, row.value = headerKept, ""
		}
		in.headers = append(in.headers, row)
	}
	for _, wait := range e.Retry.Delays {
		delays = append(delays, secondsText(wait))
	}
	in.patterns, in.delays = strings.Join(patterns, "\n"), strings.Join(delays, "\n")
	if e.MaxInFlight > 0 {
		in.inFlight = strconv.Itoa(e.MaxInFlight)
	}
	if e.RatePerSecond > 0 {
		in.rate = strconv.FormatFloat(e.RatePerSecond, 'f', -1, 64)
	}
	return in
}

func secondsText(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

// inOldOrder is a list as it was before if it has the same entries: the form
// sorts topics its own way, which alone is no change.
func inOldOrder(before, now []string) []string {
	if len(before) != len(now) {
		return now
	}
	for _, entry := range now {
		if !slices.Contains(before, entry) {
			return now
		}
	}
	return before
}
