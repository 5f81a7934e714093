package web

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bellwire/bellwire/internal/retry"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// operators of payload rows in the order of the choice, with what they read
// like.
var operators = []struct {
	op    webhook.Operator
	label string
}{
	{webhook.OpEquals, "is"},
	{webhook.OpNotEquals, "is not"},
	{webhook.OpOneOf, "is one of"},
	{webhook.OpContains, "contains"},
	{webhook.OpStartsWith, "starts with"},
	{webhook.OpGlob, "matches"},
	{webhook.OpLess, "<"},
	{webhook.OpAtMost, "≤"},
	{webhook.OpMore, ">"},
	{webhook.OpAtLeast, "≥"},
	{webhook.OpExists, "exists"},
}

func operatorLabel(op webhook.Operator) string {
	for _, known := range operators {
		if known.op == op {
			return known.label
		}
	}
	return string(op)
}

func operatorOptions(chosen webhook.Operator) []component.Option {
	options := make([]component.Option, len(operators))
	for i, known := range operators {
		options[i] = component.Option{Value: string(known.op), Label: known.label, Selected: known.op == chosen}
	}
	return options
}

// The choices of a format of one's own.
var (
	signedOptions = []component.Option{
		{Value: "body", Label: "body"}, {Value: "{t}.{body}", Label: "{t}.{body}"}, {Value: "{id}.{t}.{body}", Label: "{id}.{t}.{body}"},
	}
	encodingOptions = []component.Option{{Value: "hex", Label: "hex"}, {Value: "base64", Label: "base64"}}
	bodyOptions     = []component.Option{
		{Value: "plain", Label: "id, type, timestamp, data"}, {Value: "flat", Label: "flat: members of data beside the envelope's"},
		{Value: "data", Label: "data alone"},
	}
)

// presentForm is the form without what depends on where it stands.
func presentForm(form endpointForm, topics []webhook.Topic) endpoints.FormModel {
	in, isNew := form.input, form.before == nil
	f := endpointFaults(form.wrong, len(in.ticked))
	input := func(field, value string) component.Input {
		return component.Input{Value: value, Error: f.fields[field]}
	}
	m := endpoints.FormModel{
		New: isNew, Mistakes: f.mistakes,
		Name: input("name", in.name), URL: input("url", in.url), Secret: input("secret", in.secret),
		Formats: formatOptions(in.format, isNew), FormatError: f.fields["format"],
		Custom: endpoints.Custom{
			Header: input("customHeader", in.custom.Header), Value: input("customValue", in.custom.Value),
			Signed: selected(signedOptions, in.custom.Signed), Encodings: selected(encodingOptions, in.custom.Encoding),
			Bodies: selected(bodyOptions, in.custom.Body), SignedError: f.fields["customSigned"],
			EncodingError: f.fields["customEncoding"], BodyError: f.fields["customBody"],
		},
		Template: input("template", in.template),
		Topics:   topicGroups(topics, in.ticked), Patterns: input(topicPatterns, in.patterns), TopicsError: f.fields["topics"],
		PromptNames: input("promptNames", in.prompts.names), PromptTags: input("promptTags", in.prompts.tags),
		PromptLabels: input("promptLabels", in.prompts.labels),
		ByExpression: in.byExpression, Expression: input("expression", in.expression), Operators: operatorOptions(webhook.OpEquals),
		Payload: payloadRows(in, f), PayloadError: f.fields["payload"], Headers: headerRows(in, f), HeadersError: f.fields["headers"],
		Retries: retryOptions(in.retry, isNew), RetryError: f.fields["retry"], Delays: input("delays", in.delays), ClientErrors: in.clientErrors,
		Timeout: input("timeout", in.timeout), MaxInFlight: input("maxInFlight", in.inFlight), Rate: input("rate", in.rate), Ordered: in.ordered,
	}
	if !isNew {
		m.Was = form.before.Name
	}
	m.Now = presentFolds(m, in)
	return m
}

func formatOptions(chosen string, offerDefault bool) []endpoints.FormatOption {
	var options []endpoints.FormatOption
	if offerDefault {
		options = append(options, endpoints.FormatOption{
			Title: chooseForMe, Selected: chosen == "",
			Text: "The format that their group's documents promise, Standard Webhooks for mixed ones.",
		})
	}
	for _, known := range wire.Formats() {
		options = append(options, endpoints.FormatOption{
			Value: string(known.Name), Title: known.Title, Header: known.SignatureHeader, Text: known.Description,
			Selected: chosen == string(known.Name),
		})
	}
	return options
}

// topicGroups are the picker. A topic on its way out is offered only to those
// who have it.
func topicGroups(topics []webhook.Topic, ticked []string) []endpoints.TopicGroup {
	var groups []endpoints.TopicGroup
	for _, title := range groupTitles {
		group := endpoints.TopicGroup{Title: title.title, Note: title.note, Key: string(title.group)}
		if title.group == webhook.GroupOperational {
			group.Key = "" // each by its name
		}
		for _, t := range topics {
			on := slices.Contains(ticked, t.Name)
			if t.Group != title.group || t.Deprecated && !on {
				continue
			}
			hint := t.Description
			if t.Deprecated {
				hint = "Deprecated. " + hint
			}
			group.Topics = append(group.Topics, component.Option{Value: t.Name, Label: t.Name, Hint: hint, Selected: on})
			group.Open = group.Open || on
		}
		if len(group.Topics) > 0 {
			groups = append(groups, group)
		}
	}
	if len(groups) > 0 && len(ticked) == 0 {
		groups[0].Open = true
	}
	return groups
}

// spares is how many empty rows follow the filled ones: always one, and
// another for who asked.
func spares(do, ask string) int {
	if do == ask {
		return 2
	}
	return 1
}

func payloadRows(in endpointInput, f faults) []endpoints.PayloadRow {
	var rows []endpoints.PayloadRow
	for i, row := range in.payload {
		rows = append(rows, endpoints.PayloadRow{Path: row.Path, Operators: operatorOptions(row.Operator), Value: row.Value, Error: f.payload[i]})
	}
	for range spares(in.do, endpoints.DoAddPayload) {
		rows = append(rows, endpoints.PayloadRow{Operators: operatorOptions(webhook.OpEquals)})
	}
	return rows
}

func headerRows(in endpointInput, f faults) []endpoints.HeaderRow {
	var rows []endpoints.HeaderRow
	for i, row := range in.headers {
		// A value typed over a kept one is shown: it is not the stored one.
		kept := row.kind == headerKept && row.value == ""
		rows = append(rows, endpoints.HeaderRow{Name: row.name, Value: row.value, Secret: row.kind != headerPlain, Kept: kept, Error: f.headers[i]})
	}
	for range spares(in.do, endpoints.DoAddHeader) {
		rows = append(rows, endpoints.HeaderRow{})
	}
	return rows
}

func retryOptions(chosen string, offerDefault bool) []component.Option {
	schedules := retry.Schedules()
	waits := func(name webhook.RetryName) string {
		var list []string
		for _, wait := range schedules[name] {
			list = append(list, span(wait))
		}
		return "after " + strings.Join(list, ", ")
	}
	options := []component.Option{
		{Value: string(webhook.RetryStandard), Label: fmt.Sprintf("Standard: %d retries", len(schedules[webhook.RetryStandard])), Hint: waits(webhook.RetryStandard)},
		{Value: string(webhook.RetryShort), Label: fmt.Sprintf("Short: %d retries", len(schedules[webhook.RetryShort])), Hint: waits(webhook.RetryShort)},
		{Value: string(webhook.RetryCustom), Label: "Your own waits", Hint: fmt.Sprintf("up to %d", webhook.MaxRetryDelays)},
	}
	if offerDefault {
		options = append([]component.Option{{Label: "As the format promises", Hint: "short for AI Commerce, standard for all others"}}, options...)
	}
	return selected(options, chosen)
}

// presentFolds says in the line of each closed fold what it holds.
func presentFolds(m endpoints.FormModel, in endpointInput) endpoints.Now {
	now := endpoints.Now{Prompts: "all prompts", Payload: "whatever it says", Headers: "none", Secret: "made for you"}
	if lists := len(lines(in.prompts.names)) + len(lines(in.prompts.tags)) + len(lines(in.prompts.labels)); lists > 0 {
		now.Prompts = plural(int64(lists), "entry", "entries")
	}
	switch {
	case in.byExpression:
		now.Payload = "one expression"
	case len(in.payload) > 0:
		now.Payload = plural(int64(len(in.payload)), "condition", "conditions")
	}
	var names []string
	for _, h := range in.headers {
		names = append(names, h.name)
	}
	if len(names) > 0 {
		now.Headers = strings.Join(names, ", ")
	}
	for _, f := range m.Formats {
		if f.Selected {
			now.Format = f.Title
		}
	}
	for _, r := range m.Retries {
		if r.Selected {
			now.Retry = r.Label
		}
	}
	if in.secret != "" {
		now.Secret = "your own"
	}
	now.Body = "as the format says"
	if in.template != "" {
		now.Body = "your own template"
	}
	now.Limits = limitsNow(in)
	return now
}

func limitsNow(in endpointInput) string {
	parts := []string{"standard timeout", "64 at once", "no rate"}
	if in.timeout != "" {
		parts[0] = in.timeout + " s"
	}
	if in.inFlight != "" {
		parts[1] = in.inFlight + " at once"
	}
	if in.rate != "" {
		parts[2] = in.rate + " per second"
	}
	if in.ordered {
		parts = append(parts, "in order")
	}
	return strings.Join(parts, ", ")
}
