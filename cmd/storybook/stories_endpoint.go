package main

import (
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// endpointPageStories are one endpoint in every state it can be in.
func endpointPageStories() map[string]teller {
	show := func(model func(theme string) endpoints.ShowModel) teller {
		return func(theme string) templ.Component { return endpoints.Show(model(theme)) }
	}
	return map[string]teller{
		"endpoint":                     show(endpointDeliveries),
		"endpoint-new-one":             show(endpointStart),
		"endpoint-new-one-viewer":      show(endpointStartViewer),
		"endpoint-test-delivered":      show(endpointTestDelivered),
		"endpoint-paused":              show(func(t string) endpoints.ShowModel { return endpointPaused(t, pausedByPerson()) }),
		"endpoint-paused-gone":         show(func(t string) endpoints.ShowModel { return endpointPaused(t, pausedAsGone()) }),
		"endpoint-paused-failing":      show(func(t string) endpoints.ShowModel { return endpointPaused(t, pausedAsFailing()) }),
		"endpoint-paused-secret":       show(func(t string) endpoints.ShowModel { return endpointPaused(t, pausedBySecret()) }),
		"endpoint-suspended":           show(func(t string) endpoints.ShowModel { return endpointPaused(t, suspended()) }),
		"endpoint-deleted":             show(endpointDeleted),
		"endpoint-viewer":              show(endpointViewer),
		"endpoint-settings":            show(endpointSettings),
		"endpoint-secret":              show(func(t string) endpoints.ShowModel { return endpointSecret(t, endpoints.NoRotation) }),
		"endpoint-secret-wrong":        show(endpointSecretWrong),
		"endpoint-secret-next":         show(func(t string) endpoints.ShowModel { return endpointSecret(t, endpoints.NextMade) }),
		"endpoint-secret-next-refused": show(endpointSecretRefused),
		"endpoint-secret-grace":        show(func(t string) endpoints.ShowModel { return endpointSecret(t, endpoints.Grace) }),
		"endpoint-secret-viewer":       show(endpointSecretViewer),
		"endpoint-code":                show(func(t string) endpoints.ShowModel { return endpointCode(t, "Python", "python", pythonSample) }),
		"endpoint-code-curl":           show(func(t string) endpoints.ShowModel { return endpointCode(t, "cURL", "curl", shellSample) }),
	}
}

func topicOptions() []component.Option {
	return []component.Option{{Value: "product.price_changed", Label: "product.price_changed", Selected: true}, {Value: "commission.earned", Label: "commission.earned"}}
}

func testForm() endpoints.TestForm {
	return endpoints.TestForm{URL: "#", Topics: topicOptions(), Wait: "15 s"}
}

func endpointShow(theme, tab string) endpoints.ShowModel {
	m := endpoints.ShowModel{
		Shell: shell(theme, "Endpoints", "orders-prod"),
		Head: endpoints.Head{
			Name: "orders-prod", ID: id(7), Target: "https://hooks.nimbus.example/tenants/4711/orders", Mark: component.Mark{Tone: component.Bad, Text: "failing"},
			Notice: &endpoints.Notice{
				Tone: component.Bad, Title: "31 failures in a row.", Since: ago(2 * time.Hour), Text: "214 deliveries wait for the next try.",
				Way:  component.Link{Label: "The failed deliveries", URL: "/story/endpoint"},
				Copy: "Endpoint: orders-prod (" + id(7) + ")\nURL: https://hooks.nimbus.example/tenants/4711/orders\nFailures in a row: 31\nFirst of them: 21 Nov 2026, 07:56 UTC\nLast answer: 500 Internal Server Error, 21 Nov 2026, 09:56 UTC\nLast success: 21 Nov 2026, 07:55 UTC\nDeliveries that wait: 214\nhttps://bell.example/p/x/endpoints/y\n",
			},
			Figures: []component.Figure{
				{Label: "Success rate, 24 h", Value: "61.2 %", Tone: component.Bad, Note: "1,204 attempts"}, {Label: "p95 latency", Value: "1.2 s"},
				{Label: "Last success", Value: "2 h ago"}, {Label: "Waiting", Value: "214", Note: "oldest 2 h ago"},
			},
			EditURL: "/story/endpoint-form-wrong", Test: testForm(),
			Pause:  component.ConfirmModel{ID: "pause", Label: "Pause", Title: "Pause orders-prod?", Submit: "Pause the endpoint", Consequence: "Nothing more is sent to it. 214 waiting deliveries and all new events are held. Nothing is lost: what is held goes out when somebody resumes it.", URL: "#"},
			Delete: component.ConfirmModel{ID: "delete", Label: "Delete", Title: "Delete orders-prod?", Submit: "Delete the endpoint", Consequence: "214 waiting deliveries are cancelled. Its signing secret is wiped. Its log stays readable. This can't be undone.", URL: "#", Type: "orders-prod", Danger: true},
		},
	}
	for _, t := range []struct{ label, story string }{
		{"Deliveries", "endpoint"}, {"Settings", "endpoint-settings"}, {"Secret", "endpoint-secret"}, {"Code", "endpoint-code"}, {"Health", "endpoint-health"},
	} {
		m.Tabs = append(m.Tabs, component.Tab{Label: t.label, URL: "/story/" + t.story, Current: t.label == tab})
	}
	return m
}

func endpointDeliveries(theme string) endpoints.ShowModel {
	m := endpointShow(theme, "Deliveries")
	table := deliveryTable(16)
	table.HideEndpoint = true
	m.Deliveries, m.States = &table, states("")
	m.Test = &endpoints.TestResult{
		Mark: component.Mark{Tone: component.Bad}, Verdict: "Your server answered 500.", Detail: "The receiver's own code failed: look at its log at this time.",
		Facts: testFacts("1.2 s"), URL: "/story/delivery", Again: testForm(), Topic: "product.price_changed",
		Response: component.Body{Text: `{"error":"order 4711 is unknown"}`, Kind: "json", Size: "33 B"},
	}
	return m
}

func testFacts(took string) []component.Figure {
	return []component.Figure{{Label: "Topic", Value: "product.price_changed"}, {Label: "Signed with", Value: "current secret"}, {Label: "Took", Value: took}}
}

func endpointTestDelivered(theme string) endpoints.ShowModel {
	m := endpointStart(theme)
	m.Start.Steps[1].Done = true
	m.Test = &endpoints.TestResult{
		Mark: component.Mark{Tone: component.Good}, Verdict: "Your server answered 200 OK.", Facts: testFacts("84 ms"), URL: "/story/delivery",
		Again: testForm(), Topic: "product.price_changed", Response: component.Body{Text: hostile, Kind: "html", Size: "58 B"},
	}
	return m
}

func endpointStart(theme string) endpoints.ShowModel {
	m := endpointShow(theme, "Deliveries")
	m.Head.Notice, m.Head.Mark, m.Head.Delete.Type = nil, component.Mark{Tone: component.Wait, Text: "nothing sent yet"}, ""
	m.Head.Delete.Consequence = "Nothing was ever sent to it. Its signing secret is wiped."
	m.Head.Figures = []component.Figure{{Label: "Success rate, 24 h", Value: "–", Note: "0 attempts"}, {Label: "p95 latency", Value: "–"}, {Label: "Last success", Value: "–", Note: "none so far"}, {Label: "Waiting", Value: "0"}}
	m.Start = &endpoints.Start{Steps: []endpoints.StartStep{
		{Title: "Verify the signature", Text: "Copy a small receiver for this format, in your language, and give it the signing secret.", Way: component.Link{Label: "Get the code", URL: "/story/endpoint-code"}},
		{Title: "Send a test", Text: "One signed request with a topic's example, over the same path as real deliveries.", Test: testForm()},
		{Title: "Publish an event", Text: "Everything that matches this endpoint's topics and filters arrives here from now on.", Way: component.Link{Label: "Publish one", URL: "/story/events"}},
	}}
	return m
}

func endpointStartViewer(theme string) endpoints.ShowModel {
	m := endpointStart(theme)
	reduce(&m)
	m.Start.Steps[1].Test, m.Start.Steps[2].Way = endpoints.TestForm{}, component.Link{}
	return m
}

// reduce leaves what a viewer sees.
func reduce(m *endpoints.ShowModel) {
	h := &m.Head
	h.Target, h.EditURL, h.Test = "https://hooks.nimbus.example/…", "", endpoints.TestForm{}
	h.Pause, h.Delete = component.ConfirmModel{}, component.ConfirmModel{}
	if h.Notice != nil {
		h.Notice.Resume = endpoints.Resume{}
	}
}

func endpointViewer(theme string) endpoints.ShowModel {
	m := endpointPaused(theme, pausedByPerson())
	reduce(&m)
	return m
}

func resume() endpoints.Resume {
	return endpoints.Resume{URL: "#", Rates: []component.Option{
		{Value: "", Label: "as fast as it takes them", Selected: true}, {Value: "1", Label: "214 at 1/s, about 3 min"}, {Value: "10", Label: "214 at 10/s, about 22 s"},
	}}
}

func held(n endpoints.Notice) endpoints.Notice {
	n.Tone, n.Since, n.Text = component.Held, ago(2*time.Hour), "214 deliveries are held. Nothing is lost."
	return n
}

func pausedByPerson() endpoints.Notice {
	return held(endpoints.Notice{Title: "Paused by ada@nimbus.example", Resume: resume()})
}

func pausedAsGone() endpoints.Notice {
	return held(endpoints.Notice{Title: "Paused: the receiver answered 410 Gone", Try: "A 410 says that the address is gone for good. Put the new one into the URL, then resume.", Resume: resume()})
}

func pausedAsFailing() endpoints.Notice {
	return held(endpoints.Notice{Title: "Paused: nothing got through for days", Try: "Send a test. Once your server takes it, resume.", Resume: resume()})
}

func pausedBySecret() endpoints.Notice {
	return held(endpoints.Notice{Title: "Paused: the signing secret can't be read", Try: "Nothing is sent unsigned. Replace the secret on the Secret tab, or have an operator restore the master key, then resume.", Resume: resume(), Way: component.Link{Label: "To the secret", URL: "/story/endpoint-secret"}})
}

func suspended() endpoints.Notice {
	return held(endpoints.Notice{Title: "The project is suspended", Try: "An operator of this installation can lift the suspension; then everything held goes out."})
}

func endpointPaused(theme string, n endpoints.Notice) endpoints.ShowModel {
	m := endpointDeliveries(theme)
	m.Test = nil
	m.Head.Name, m.Head.Mark, m.Head.Notice = longName, component.Mark{Tone: component.Held, Text: "paused"}, &n
	m.Head.Pause, m.Head.Figures[3].Label = component.ConfirmModel{}, "Held"
	m.Head.Delete.Title, m.Head.Delete.Type = "Delete "+longName+"?", "delete"
	return m
}

func endpointDeleted(theme string) endpoints.ShowModel {
	m := endpointDeliveries(theme)
	m.Test, m.Tabs = nil, nil
	m.Head = endpoints.Head{
		Name: rtlName, ID: id(8), Target: "https://old.example/hook", Mark: component.Mark{Tone: component.Quiet, Text: "deleted"},
		Notice: &endpoints.Notice{Tone: component.Quiet, Title: "Deleted", Since: ago(50 * time.Hour), Text: "Nothing is sent to it any more. What it got stays in the log until its time is over."},
	}
	return m
}

func plain(text string) endpoints.Words { return endpoints.Words{Text: text} }

func typed(text string) endpoints.Words { return endpoints.Words{Text: text, Code: true} }

func endpointSettings(theme string) endpoints.ShowModel {
	m := endpointShow(theme, "Settings")
	m.Settings = []endpoints.SettingGroup{
		{Title: "Where", Sentences: []endpoints.Sentence{
			{plain("Every delivery is a POST to "), typed("https://hooks.nimbus.example/tenants/4711/orders"), plain(".")},
			{plain("These settings are version 3; each attempt in the log names the version that counted for it.")},
		}},
		{Title: "What it looks like", Sentences: []endpoints.Sentence{
			{plain("The format is Abba Baba. Commerce agents: the members of data lie flat beside eventId, eventType and timestamp.")},
			{plain("The signature is in "), typed("X-Abba-Signature: {signature}"), plain(", an HMAC-SHA256 over the raw body in hex.")},
			{plain("It also carries "), typed("X-Tenant-Token"), plain(", whose value is secret.")},
		}},
		{Title: "Which events", Sentences: []endpoints.Sentence{
			{plain("It takes events of "), typed("product.*"), plain(", "), typed("commission.earned"), plain(" and "), typed(longName), plain(".")},
			{plain("Only where "), typed("name"), plain(" equals "), typed(emoji), plain(".")},
			{plain("Only where "), typed("note"), plain(" contains "), typed(hostile), plain(".")},
		}},
		{Title: "How", Sentences: []endpoints.Sentence{
			{plain("An attempt may take 15 s. Only a 2xx answer counts as delivered.")},
			{plain("A failed delivery is tried again up to 9 times: after 5 s, then 5 min, then 30 min, then 2 h, then 5 h, then 10 h, then 14 h, then 20 h, then 24 h.")},
			{plain("Up to 64 requests go at once, fewer while it fails. Order is not kept.")},
		}},
	}
	return m
}

func receiversOf() []endpoints.Receiver {
	return []endpoints.Receiver{
		{Words: "Knows both secrets", Accepts: []bool{true, true, true, true}},
		{Words: "Old secret only, reads X-Abba-Signature", Accepts: []bool{true, true, false, false}},
		{Words: "Old secret only, reads -Previous too", Accepts: []bool{true, true, true, false}},
		{Words: "New secret only, reads X-Abba-Signature", Accepts: []bool{false, false, true, true}},
		{Words: "New secret only, reads -Next too", Accepts: []bool{false, true, true, true}},
	}
}

func endpointSecret(theme string, at endpoints.RotationStep) endpoints.ShowModel {
	m := endpointShow(theme, "Secret")
	s := &endpoints.Secret{
		Step: at, Stage: int(at), Since: ago(90 * 24 * time.Hour), Masked: "whsec_••••••••••••", Header: "X-Abba-Signature", RevealURL: "#", CodeURL: "/story/endpoint-code",
		Sent:   []endpoints.SentLine{{Header: "X-Abba-Signature", Signer: "current secret", Tone: component.Good}, {Header: "webhook-signature", Signer: "current secret", Tone: component.Good}},
		Graces: []component.Option{{Value: "24", Label: "24 hours"}, {Value: "0", Label: "no time at all"}, {Value: "168", Label: "7 days"}},
		Stages: []string{"Before", "Next made", "Switched", "Retired"}, Receivers: receiversOf(),
		Compromised: component.ConfirmModel{ID: "compromised", Label: "Replace it now", Title: "Replace the secret at once?", Submit: "Replace and wipe", Consequence: "The old secret is wiped and signs nothing any more; a new one is made and signs from now on. There is no grace and no undo. Until your receiver has the new secret it refuses what is sent, the 214 that wait now too; refused deliveries are tried again.", URL: "#", Danger: true},
	}
	switch at {
	case endpoints.NoRotation:
		s.RotateURL, s.Revealed, s.HideAfter, s.Raw = "#", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 3600, true
	case endpoints.NextMade:
		s.MaskedNext, s.SwitchAt, s.SwitchURL, s.UndoURL, s.GraceFor, s.OldEnds, s.Test = s.Masked, in(26*time.Hour), "#", "#", "24 h", "23 Nov 2026, 14:00 UTC", testForm()
		s.Tested = &endpoints.TestResult{Mark: component.Mark{Tone: component.Good, Text: "accepted"}, Verdict: "Your server answered 200 OK. The receiver knows the next secret: you can switch."}
		s.Sent = append(s.Sent[:1:1], endpoints.SentLine{Header: "X-Abba-Signature-Next", Signer: "next secret", Tone: component.Accent}, endpoints.SentLine{Header: "webhook-signature", Signer: "current and next secrets", Tone: component.Good})
	case endpoints.Grace:
		s.GraceEnds, s.OldEnds, s.UndoURL = in(22*time.Hour), "22 Nov 2026, 10:00 UTC", "#"
		s.Sent = append(s.Sent[:1:1], endpoints.SentLine{Header: "X-Abba-Signature-Previous", Signer: "previous secret", Tone: component.Wait}, endpoints.SentLine{Header: "webhook-signature", Signer: "current and previous secrets", Tone: component.Good})
	}
	m.Secret = s
	return m
}

func endpointSecretWrong(theme string) endpoints.ShowModel {
	m := endpointSecret(theme, endpoints.NoRotation)
	m.Secret.Revealed, m.Secret.Raw, m.Secret.NeedsPassword = "", false, true
	m.Secret.Rotate = endpoints.RotateInput{
		SwitchAt: component.Input{Value: "2020-01-01T00:00", Error: "must be in the future"}, Grace: component.Input{Value: "168"},
		Secret: component.Input{Error: "must have 16 to 256 characters, this one has 4"},
	}
	return m
}

func endpointSecretRefused(theme string) endpoints.ShowModel {
	m := endpointSecret(theme, endpoints.NextMade)
	m.Secret.RevealedNext, m.Secret.HideAfter, m.Secret.SwitchAt = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", 3600, component.Time{}
	m.Secret.Tested = &endpoints.TestResult{Mark: component.Mark{Tone: component.Bad, Text: "failed"}, Verdict: "The test failed with 401 Unauthorized. Your receiver does not know the next secret yet."}
	return m
}

func endpointSecretViewer(theme string) endpoints.ShowModel {
	m := endpointSecret(theme, endpoints.Grace)
	reduce(&m)
	m.Secret.RevealURL, m.Secret.UndoURL, m.Secret.Compromised = "", "", component.ConfirmModel{}
	return m
}

func endpointCode(theme, label, kind, text string) endpoints.ShowModel {
	m := endpointShow(theme, "Code")
	c := &endpoints.Code{
		Language: label, Kind: kind, Text: text, File: "receiver.py", Download: "#", Run: "WEBHOOK_SECRET='…' python3 receiver.py", SecretURL: "/story/endpoint-secret", Sends: kind == "curl",
		Scheme: []endpoints.SettingRow{
			{Label: "Format", Values: []string{"ABV prompts"}}, {Label: "Header", Values: []string{"x-abv-signature: t={t},s={signature}"}, Mono: true},
			{Label: "Signed", Values: []string{"time, a dot, the raw body"}, Note: "HMAC-SHA256, written in hex"}, {Label: "Key", Values: []string{"the secret as text, whsec_ included"}},
			{Label: "Replays", Values: []string{"refused after 5 minutes"}, Note: "Each attempt is signed anew, so a retry a day later passes."},
			{Label: "While rotating", Values: []string{"the other secret signs x-abv-signature-Next, then -Previous"}}, {Label: "Answer", Values: []string{"any 2xx"}, Note: "Anything else is tried again, with the same webhook-id."},
		},
	}
	if !c.Sends {
		c.Frameworks = []endpoints.CodeTip{{Place: "Flask", Code: "verify(request.headers, request.get_data())"}, {Place: "FastAPI", Code: "verify(request.headers, await request.body())"}}
		c.Library = endpoints.CodeTip{Place: "pip install standardwebhooks", Code: "Webhook(secret).verify(body, headers)"}
	}
	for _, l := range []string{"Python", "Node", "Go", "PHP", "Ruby", "cURL"} {
		c.Languages = append(c.Languages, component.Chip{Label: l, URL: "/story/endpoint-code", On: l == label})
	}
	m.Code = c
	return m
}

const pythonSample = `"""Receives webhooks and verifies them."""
import hmac, hashlib, os

SECRETS = os.environ["WEBHOOK_SECRET"].split()  # while the secret is rotated: both


def verify(headers, body):
    for secret in SECRETS:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        if hmac.compare_digest(f"sha256={digest}", headers.get("X-Signature", "")):
            return True
    return False
`

const shellSample = `# Signs a sample as a real delivery is signed and posts it to your receiver.
secret=${WEBHOOK_SECRET%% *}
body='{"type":"product.viewed","data":{"a-very-long-member":"of a body that does not fit on one line and has to be scrolled, whatever the window's width may be"}}'
digest=$(printf %s "$body" | openssl dgst -sha256 -hmac "$secret" -r | cut -d' ' -f1)
curl --header "X-Signature: sha256=$digest" --data-binary "$body" http://localhost:8000/
`
