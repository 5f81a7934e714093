package manage

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/webhook"
)

// changed tells which settings of an endpoint differ, and how.
func changed(old, now webhook.Settings) differences {
	var d differences
	d.add("name", old.Name, now.Name)
	d.add("kind", string(old.Kind), string(now.Kind))
	d.target(old.URL, now.URL)
	d.add("format", string(old.Format), string(now.Format))
	d.add("custom format", customWords(old.Custom), customWords(now.Custom))
	d.list("topics", old.Topics, now.Topics)
	d.list("prompt names", old.Prompt.Names, now.Prompt.Names)
	d.list("prompt tags", old.Prompt.Tags, now.Prompt.Tags)
	d.list("prompt labels", old.Prompt.Labels, now.Prompt.Labels)
	d.add("payload filter", payloadWords(old.Payload), payloadWords(now.Payload))
	d.headers(old.Headers, now.Headers)
	d.add("retry policy", retryWords(old.Retry), retryWords(now.Retry))
	d.add("timeout", waitWords(old.Timeout), waitWords(now.Timeout))
	d.add("requests at once", inFlightWords(old.MaxInFlight), inFlightWords(now.MaxInFlight))
	d.add("rate", rateWords(old.RatePerSecond), rateWords(now.RatePerSecond))
	d.add("in order", yesNo(old.Ordered), yesNo(now.Ordered))
	if len(d) == 0 && !same(old, now) {
		d.say("settings", "written in another way")
	}
	return d
}

// same takes nil and empty lists for equal.
func same(old, now webhook.Settings) bool {
	for _, set := range []*webhook.Settings{&old, &now} {
		set.Topics, set.Headers, set.Payload.Rows, set.Retry.Delays = full(set.Topics), full(set.Headers), full(set.Payload.Rows), full(set.Retry.Delays)
		set.Prompt = webhook.PromptFilter{Names: full(set.Prompt.Names), Tags: full(set.Prompt.Tags), Labels: full(set.Prompt.Labels)}
	}
	return reflect.DeepEqual(old, now)
}

func full[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// target shows hosts: paths and queries carry tokens.
func (d *differences) target(old, now string) {
	switch before, after := MaskURL(old), MaskURL(now); {
	case old == now:
	case before == after:
		d.say("URL", "another path or query at "+after)
	default:
		d.add("URL", before, after)
	}
}

// headers names them: even a value that nobody called secret may be one.
func (d *differences) headers(old, now []webhook.Header) {
	lines := len(*d)
	had, has := byName(old), byName(now)
	for _, h := range now {
		switch before, known := had[strings.ToLower(h.Name)]; {
		case !known:
			d.say("header "+h.Name, "added"+secretly(h))
		case before.Secret != h.Secret:
			d.say("header "+h.Name, "secret: "+yesNo(before.Secret)+" → "+yesNo(h.Secret))
		case before.Value != h.Value || string(before.Sealed) != string(h.Sealed):
			d.say("header "+h.Name, "another value"+secretly(h))
		}
	}
	for _, h := range old {
		if _, stays := has[strings.ToLower(h.Name)]; !stays {
			d.say("header "+h.Name, "removed"+secretly(h))
		}
	}
	if len(*d) == lines && !reflect.DeepEqual(full(old), full(now)) {
		d.say("headers", "in another order or spelling")
	}
}

func byName(headers []webhook.Header) map[string]webhook.Header {
	named := map[string]webhook.Header{}
	for _, h := range headers {
		named[strings.ToLower(h.Name)] = h
	}
	return named
}

func secretly(h webhook.Header) string {
	if h.Secret {
		return " (secret)"
	}
	return ""
}

func customWords(c *webhook.CustomFormat) string {
	if c == nil {
		return ""
	}
	return strings.Join([]string{c.Header + ": " + c.Value, "signs " + c.Signed, c.Encoding, c.Body + " body"}, ", ")
}

func payloadWords(f webhook.PayloadFilter) string {
	if f.Expression != "" {
		return f.Expression
	}
	rows := make([]string, len(f.Rows))
	for i, r := range f.Rows {
		rows[i] = strings.TrimSpace(r.Path + " " + filter.OperatorWords(r.Operator) + " " + r.Value)
	}
	return strings.Join(rows, ", and ")
}

func retryWords(r webhook.RetryPolicy) string {
	text := string(r.Policy)
	if r.Policy == webhook.RetryCustom {
		waits := make([]string, len(r.Delays))
		for i, wait := range r.Delays {
			waits[i] = waitWords(wait)
		}
		text = "after " + strings.Join(waits, ", ")
	}
	if r.NoClientErrors {
		text += ", not after 4xx"
	}
	return text
}

// waitWords has no zeros at its end: "1m", not "1m0s".
func waitWords(wait time.Duration) string {
	text := wait.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func inFlightWords(limit int) string {
	if limit == 0 {
		limit = webhook.DefaultMaxInFlight
	}
	return strconv.Itoa(limit)
}

func rateWords(perSecond float64) string {
	if perSecond == 0 {
		return "no limit"
	}
	return strconv.FormatFloat(perSecond, 'g', -1, 64) + " per second"
}

// topicChanged tells what of a topic differs, and how.
func topicChanged(old, now webhook.Topic) differences {
	var d differences
	d.add("group", string(old.Group), string(now.Group))
	d.add("description", old.Description, now.Description)
	d.add("schema", string(old.Schema), string(now.Schema))
	d.add("example", string(old.Example), string(now.Example))
	d.list("search keys", old.SearchKeys, now.SearchKeys)
	d.add("only warns", yesNo(old.WarnOnly), yesNo(now.WarnOnly))
	d.add("deprecated", yesNo(old.Deprecated), yesNo(now.Deprecated))
	return d
}
