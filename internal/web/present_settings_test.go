package web

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/webhook"
)

// told is what the settings say, a sentence a line.
func told(e webhook.Endpoint) []string {
	var lines []string
	for _, g := range presentSettings(e) {
		for _, s := range g.Sentences {
			line := ""
			for _, w := range s {
				line += w.Text
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func TestPresentSettings_tells_the_whole_form(t *testing.T) {
	t.Parallel()
	e := wellEndpoint()
	e.Version, e.Topics, e.MaxInFlight, e.RatePerSecond = 3, []string{"product.*", "chat.*", "x.y"}, 8, 2.5
	e.Format = webhook.FormatCustom
	e.Custom = &webhook.CustomFormat{Header: "X-Sig", Value: "v1={signature}", Signed: "body", Encoding: "hex", Body: "flat"}
	e.Prompt = webhook.PromptFilter{Labels: []string{"production", "latest"}}
	e.Payload = webhook.PayloadFilter{Rows: []webhook.PayloadRow{{Path: "price", Operator: webhook.OpAtMost, Value: "10"}, {Path: "sku", Operator: webhook.OpExists}}}
	e.Headers = []webhook.Header{{Name: "X-S", Value: "****", Secret: true}, {Name: "X-T", Value: "4711"}}
	e.Retry = webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: []time.Duration{90 * time.Second, time.Hour}, NoClientErrors: true}
	want := []string{
		"Every delivery is a POST to https://example.com/hook.",
		"These settings are version 3; each attempt in the log names the version that counted for it.",
		"The format is your own. The body is flat: the members of data lie beside eventId, eventType and timestamp.",
		"The signature is in X-Sig: v1={signature}, an HMAC-SHA256 over the raw body in hex.",
		"Beside it every request carries the Standard Webhooks headers webhook-id, webhook-timestamp and webhook-signature.",
		"It also carries X-S, whose value is secret.",
		"It also carries X-T: 4711.",
		"It takes events of product.*, chat.* and x.y.",
		"Of prompts, only those labelled production or latest.",
		"Only where price ≤ 10.",
		"Only where sku exists.",
		"An attempt may take 15 s. Only a 2xx answer counts as delivered.",
		"A failed delivery is tried again up to 2 times: after 90 s, then 1 h. A 4xx answer ends it at once, but for 408, 410 and 429.",
		"At most 8 requests go at once. Order is not kept.",
		"At most 2.5 go per second.",
	}
	if diff := cmp.Diff(want, told(e)); diff != "" {
		t.Error(diff)
	}
}

func TestPresentSettings_of_the_defaults(t *testing.T) {
	t.Parallel()
	e := wellEndpoint()
	e.Topics, e.Format, e.Ordered = []string{"*"}, webhook.FormatStandard, true
	e.Retry.Policy = webhook.RetryShort
	e.Payload.Expression = "data.price > 10"
	got := strings.Join(told(e), "\n")
	for _, want := range []string{"The format is Standard Webhooks.", "Only where the expression data.price > 10 is true.", "up to 3 times: after 10 s, then 1 min, then 5 min.", "Order is kept: one request at a time"} {
		if !strings.Contains(got, want) {
			t.Errorf("does not say %q:\n%s", want, got)
		}
	}
	e.Payload.Expression = ""
	if got := strings.Join(told(e), "\n"); !strings.Contains(got, "No filter narrows them.") {
		t.Errorf("without a filter:\n%s", got)
	}
}
