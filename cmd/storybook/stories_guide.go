package main

import (
	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/overview"
)

func guideStories() map[string]teller {
	guide := func(make func() overview.Guide) teller {
		return func(theme string) templ.Component {
			return overview.Start(overview.StartModel{Shell: shell(theme, "Overview", "Getting started"), Guide: make()})
		}
	}
	return map[string]teller{
		"start-local":           guide(guideLocal),
		"start-url":             guide(guideURL),
		"start-url-wrong":       guide(guideWrong),
		"start-url-connected":   guide(guideConnected),
		"start-forward":         guide(guideForward),
		"start-forward-asks":    guide(guideForwardAsks),
		"start-forward-runs":    guide(guideForwardRuns),
		"start-viewer":          guide(guideViewer),
		"start-failed":          guide(guideFailed),
		"start-arrived":         guide(guideArrived),
		"start-arrived-hostile": guide(guideHostile),
	}
}

const storySecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func ways(on string) []component.Chip {
	var chips []component.Chip
	for _, w := range []string{"A test receiver", "My own URL", "My local program"} {
		chips = append(chips, component.Chip{Label: w, URL: "#", On: w == on})
	}
	return chips
}

func guideLocal() overview.Guide {
	return overview.Guide{
		Choose: overview.ChooseStep{
			Progress: overview.Current, Ways: ways("A test receiver"), Text: "Comes with Bellwire: run this in a terminal and leave it running. It verifies each signature and prints what arrives.",
			Command: "bellwire listen --port 9000 --secret " + storySecret,
			Note:    "The secret in it will be that of the endpoint that you connect next. If your terminal does not know bellwire: it is the program that serves this page.",
		},
		Connect: overview.ConnectStep{Progress: overview.Current, Text: "An endpoint is where events are posted to: signed, and tried again until they arrive.", Form: connectForm("http://127.0.0.1:9000/")},
		Publish: overview.PublishStep{Text: "An event of the topic's own example, the way your backend would publish it."},
		Arrive:  overview.ArriveStep{Text: "The request and your server's answer appear here."},
	}
}

func connectForm(url string) *overview.ConnectForm {
	return &overview.ConnectForm{
		Action: "#", Way: "local", Secret: storySecret, URL: component.Input{Value: url}, Name: component.Input{Value: "test-receiver"}, FullURL: "/story/endpoint-new",
		Topics: []overview.TopicGroup{{Title: "Commerce agent", Topics: topicOptions()}, {Title: "Prompts", Topics: []component.Option{{Value: "prompt.created", Label: "prompt.created"}}}},
	}
}

func guideURL() overview.Guide {
	g := guideLocal()
	g.Choose = overview.ChooseStep{
		Progress: overview.Current, Ways: ways("My own URL"), Text: "A program of yours that takes POST requests over https, answers 2xx at once and does its work afterwards.",
		Secret: storySecret, Note: "Your program verifies signatures with this secret: it will be that of the endpoint that you connect next.",
	}
	g.Connect.Form = connectForm("")
	g.Connect.Form.Name.Value = ""
	return g
}

func guideWrong() overview.Guide {
	g := guideURL()
	g.Connect.Form = connectForm("http://169.254.169.254/latest")
	g.Connect.Form.URL.Error, g.Connect.Form.TopicError = "must begin with https://", "is not a topic"
	g.Connect.Form.Name.Value = longName
	g.Connect.Form.Mistakes = []component.Mistake{{Text: "secret: must have 16 to 256 characters"}}
	return g
}

func guideConnected() overview.Guide {
	g := guideFailed()
	g.Choose = overview.ChooseStep{
		Progress: overview.Done, Ways: ways("My own URL")[1:], Text: "Your program verifies each request with the endpoint's signing secret.",
		Form: &overview.ChooseForm{Action: "#", Label: "Show the signing secret"}, More: component.Link{Label: "Code that does, in six languages", URL: "#"},
	}
	g.Connect = overview.ConnectStep{Progress: overview.Done, Endpoint: component.Link{Label: longName, URL: "/story/endpoint"}, Target: "https://hooks.nimbus.example/in", Text: "It gets events of product.price_changed."}
	g.Publish.Progress, g.Publish.Label = overview.Current, "Publish product.price_changed"
	g.Arrive = guideLocal().Arrive
	return g
}

func guideForward() overview.Guide {
	g := guideForwardAsks()
	g.Choose.Form = nil
	g.Choose.Command = "bellwire listen --forward http://localhost:3000/webhooks --key bwsk_kq3mN7vT1xZ9aB4cD6eF8gH0jK2lM5nP --url https://bell.example"
	g.Choose.Note = "The key in it is shown now and not again. The command prints the signing secret for your program."
	return g
}

func guideForwardAsks() overview.Guide {
	g := guideLocal()
	g.Choose = overview.ChooseStep{
		Progress: overview.Current, Ways: ways("My local program"),
		Text: "No public URL needed: a command on your machine fetches the deliveries from here and posts them, signed, to your program. Its answers show up here.",
		Form: &overview.ChooseForm{Action: "#", Label: "Make a key and show the command", AsksTo: true, To: component.Input{Value: "localhost:3000", Error: "is a URL like http://localhost:3000/webhooks"}},
	}
	g.Connect = overview.ConnectStep{Progress: overview.Current, Text: "Nothing to do: the command makes an endpoint of its own when it starts, and it shows up here."}
	return g
}

func guideForwardRuns() overview.Guide {
	g := guideConnected()
	g.Choose.Ways, g.Choose.Form = ways("My local program")[2:], nil
	g.Choose.Text = "A command on " + longName + " fetches the deliveries and posts them, signed, to your program. It printed the signing secret when it started."
	g.Connect.Text = "It gets the events of every topic."
	g.Publish.Other = component.Link{}
	return g
}

func guideViewer() overview.Guide {
	g := guideLocal()
	g.Choose.Command, g.Choose.Note, g.Connect.Form = "", "", nil
	g.Connect.Text = "Your role may look but not connect anything: ask an owner or developer of this project."
	return g
}

func guideFailed() overview.Guide {
	g := guideLocal()
	g.Choose.Progress, g.Choose.Command, g.Choose.Note, g.Choose.Ways = overview.Done, "", "", []component.Chip{ways("A test receiver")[0], ways("")[2]}
	g.Choose.Text = "It should be running in a terminal now: it verifies each signature and prints what arrives."
	g.Choose.Form = &overview.ChooseForm{Action: "#", Label: "Show the command with its secret"}
	g.Connect = overview.ConnectStep{Progress: overview.Done, Endpoint: component.Link{Label: "test-receiver", URL: "/story/endpoint"}, Target: "http://127.0.0.1:9000/", Text: "It gets events of product.price_changed."}
	g.Publish = overview.PublishStep{Progress: overview.Done, Text: g.Publish.Text, Action: "#", Topic: "product.price_changed", Label: "Publish another product.price_changed", Other: component.Link{Label: "Change its data first", URL: "#"}}
	g.Arrive = overview.ArriveStep{
		Progress: overview.Current, Mark: component.Mark{Tone: component.Retry, Text: "retrying in 4 min"}, Text: "Your server refused the connection.", AgainURL: "#",
		Try:      []string{"Nothing listens on port 9000: start the command of step 1 in a terminal and leave it running.", "Then send it again. It is also tried again by itself."},
		Delivery: component.Link{Label: "Everything about this delivery", URL: "/story/delivery"},
	}
	return g
}

func guideArrived() overview.Guide {
	g := guideFailed()
	g.Arrive = overview.ArriveStep{
		Progress: overview.Done, Mark: component.Mark{Tone: component.Good, Text: "delivered"}, Text: "Your server answered 200 in 12 ms. That is the whole way: published, matched, signed, delivered.",
		Delivery: component.Link{Label: "Everything about this delivery", URL: "/story/delivery"},
		Request:  overview.Side{Line: "POST http://127.0.0.1:9000/", Headers: []component.Header{{Name: "webhook-signature", Value: "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="}}, Body: component.Body{Text: payload, Kind: "json", Size: "312 B"}},
		Answer:   overview.Side{Line: "200 OK", Tone: component.Good, Body: component.Body{Text: `{"received":true}`, Kind: "json", Size: "17 B", Received: true}},
		Next: []overview.NextStep{
			{Link: component.Link{Label: "Verify the signature in your own code", URL: "#"}, Text: "Ready to paste, in six languages."},
			{Link: component.Link{Label: "Choose more topics and filters", URL: "#"}, Text: "With a preview of what would match."},
			{Link: component.Link{Label: "Make an API key for your backend", URL: "#"}, Text: "It publishes events with the scope publish."},
			{Link: component.Link{Label: "Invite a colleague", URL: "#"}, Text: "By a link that signs them in."},
		},
	}
	return g
}

// guideHostile is an answer that is long and means no good.
func guideHostile() overview.Guide {
	g := guideArrived()
	g.Connect.Endpoint.Label, g.Connect.Target = rtlName, "https://"+longName+".example/"+longName
	g.Arrive.Request.Line = "POST " + g.Connect.Target
	g.Arrive.Answer.Body = component.Body{Text: hostile + longName, Size: "1 KiB", Received: true}
	return g
}
