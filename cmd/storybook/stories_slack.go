package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
	"github.com/bellwire/bellwire/views/slack"
)

func slackStories() map[string]teller {
	return map[string]teller{
		"slack":               func(t string) templ.Component { return slack.Show(slackShow(t)) },
		"slack-empty":         func(t string) templ.Component { return slack.Show(slackEmpty(t)) },
		"slack-missing":       func(t string) templ.Component { return slack.Show(slackMissing(t)) },
		"slack-revoked":       func(t string) templ.Component { return slack.Show(slackRevoked(t)) },
		"slack-form":          func(t string) templ.Component { return endpoints.Form(slackForm(t)) },
		"slack-form-many":     func(t string) templ.Component { return endpoints.Form(slackFormMany(t)) },
		"slack-form-none":     func(t string) templ.Component { return endpoints.Form(slackFormNone(t)) },
		"endpoint-new-github": func(t string) templ.Component { return endpoints.Form(githubForm(t)) },
	}
}

func slackShow(theme string) slack.ShowModel {
	return slack.ShowModel{
		Shell: shell(theme, "Slack"), Team: "Lantern Labs", Mark: component.Mark{Tone: component.Good, Text: "connected"}, ConnectedBy: "Ada Okafor", ConnectedAt: ago(50 * time.Hour),
		Scopes: []string{"chat:write", "chat:write.public", "channels:read", "groups:read"}, ConnectURL: "#", Endpoints: "3 endpoints post here", EndpointsURL: "/story/endpoints",
		NewURL: "/story/slack-form", Disconnect: component.ConfirmModel{
			ID: "disconnect", Label: "Disconnect", Title: "Disconnect Lantern Labs?", Danger: true, Submit: "Disconnect Slack", URL: "#",
			Consequence: "The token is ended and forgotten. 3 endpoints are held from then on; nothing is lost, and what is held goes out once the workspace is connected again.",
		},
	}
}

func slackEmpty(theme string) slack.ShowModel {
	return slack.ShowModel{Shell: shell(theme, "Slack"), ConnectURL: "#"}
}

func slackMissing(theme string) slack.ShowModel {
	return slack.ShowModel{Shell: shell(theme, "Slack"), Missing: "This installation has no Slack app yet. An operator makes one at api.slack.com, registers https://hooks.nimbus.example/slack/callback as its redirect address, and sets BELLWIRE_SLACK_CLIENT_ID and BELLWIRE_SLACK_CLIENT_SECRET."}
}

func slackRevoked(theme string) slack.ShowModel {
	m := slackShow(theme)
	m.Team, m.Mark = longName, component.Mark{Tone: component.Bad, Text: "no longer taken"}
	m.Trouble = "3 endpoints are held because Slack does not take the connection. It was revoked in the workspace, or the app was removed there. Reconnect, and what is held goes out."
	m.Lacks = []string{"Private channels are not listed: groups:read was not granted."}
	return m
}

func slackForm(theme string) endpoints.FormModel {
	m := endpointForm(theme)
	m.Kinds = []component.Tab{{Label: "Webhook Call", URL: "/story/endpoint-new"}, {Label: "Slack Message", URL: "/story/slack-form", Current: true}}
	m.Slack = &endpoints.SlackForm{Team: "Lantern Labs", Tried: []component.Flash{{Tone: component.Good, Text: "#prompt-changes got the test message."}, {Tone: component.Bad, Text: "#old-news: The channel is archived; unarchive it, or choose another one (is_archived)"}}}
	for i, name := range []string{"prompt-changes", "production-alerts", "leads", "old-news", "team-billing", strings.Repeat("a-very-long-channel-name", 3)} {
		m.Slack.Channels = append(m.Slack.Channels, endpoints.ChannelOption{Value: name, Name: name, ID: fmt.Sprintf("C%09d", i), Private: i == 2, Chosen: i < 2})
	}
	m.Live.Request = endpoints.Request{Of: "The example of prompt.updated.", Message: &endpoints.Message{
		Title: "🚨 Production · Prompt updated", At: ago(time.Minute), Button: "View in Bellwire", Quote: []string{"Improved critic persona", rtlName},
		Fields: []endpoints.MessageField{{Name: "Name", Value: "movie-critic"}, {Name: "Version", Value: "3"}, {Name: "Action", Value: "updated"}, {Name: "Labels", Value: "production, latest"}, {Name: "Tags", Value: longName}},
	}}
	return m
}

func slackFormMany(theme string) endpoints.FormModel {
	m := slackForm(theme)
	m.Slack.Tried, m.Slack.Error, m.Slack.More = nil, "is missing: choose a channel", "And 1,204 other channels: type a part of the name and press Find."
	m.Mistakes = []component.Mistake{{Field: "channel", Text: "Channel: is missing: choose a channel"}}
	for i := range 60 {
		m.Slack.Channels = append(m.Slack.Channels, endpoints.ChannelOption{Value: fmt.Sprint(i), Name: fmt.Sprintf("team-%d", i), ID: fmt.Sprintf("C9%08d", i)})
	}
	return m
}

func slackFormNone(theme string) endpoints.FormModel {
	m := slackForm(theme)
	m.Slack = &endpoints.SlackForm{Problem: "Let Bellwire's app into your workspace first. Slack asks you which workspace, and what the app may do there.", Try: component.Link{Label: "Authenticate with Slack", URL: "#"}}
	return m
}

func githubForm(theme string) endpoints.FormModel {
	m := endpointForm(theme)
	m.Kinds = []component.Tab{{Label: "Webhook Call", URL: "/story/endpoint-new", Current: true}, {Label: "Slack Message", URL: "/story/slack-form"}}
	for _, title := range []string{"My own server", "GitHub Actions", "PagerDuty", "Discord", "Microsoft Teams", "Datadog events"} {
		m.Presets = append(m.Presets, component.Chip{Label: title, URL: "#", On: title == "GitHub Actions"})
	}
	m.Need = &endpoints.Need{Title: "GitHub Actions", Text: "Starts workflows that listen to repository_dispatch with this topic as its type. Put owner and repository into the URL.", Source: component.Link{Label: "What GitHub Actions documents", URL: "#"}}
	m.URL = component.Input{Value: "https://api.github.com/repos/OWNER/REPO/dispatches"}
	m.Template = component.Input{Value: "{\n  \"event_type\": \"{{topi}}\"\n}", Error: "line 2: {{topi}}: there is no name topi"}
	m.Now.Body = "your own template"
	m.Headers = []endpoints.HeaderRow{{Name: "Authorization", Secret: true}, {Name: "Accept", Value: "application/vnd.github+json"}, {}}
	return m
}
