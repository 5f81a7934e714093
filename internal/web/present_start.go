package web

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/overview"
)

// localPort is where the guide's receiver on this machine listens.
const localPort = "9000"

// guideOf is what the guide's steps are made from.
type guideOf struct {
	journey
	asked
	caller account.Caller
	topics []webhook.Topic
	// local says that endpoints may be on this machine.
	local bool
	now   time.Time
}

// startURL is the guide at a step, 0 for its top.
func startURL(project webhook.ProjectID, way string, step int) string {
	u := under(project, "start")
	if way != "" {
		u += "?way=" + url.QueryEscape(way)
	}
	if step > 0 {
		u += fmt.Sprintf("#step-%d", step)
	}
	return u
}

// chosenWay is the kind of receiver: of the endpoint that there is, else as
// asked for, else the one that is nearest at hand.
func (g guideOf) chosenWay(wish string) string {
	if g.way != "" {
		wish = g.way
	}
	switch {
	case !g.endpoint.ID.IsZero() && wish != wayForward:
		if onThisMachine(g.endpoint.URL) {
			return wayLocal
		}
		return wayURL
	case wish == wayURL, wish == wayForward, wish == wayLocal && g.local:
		return wish
	case g.local:
		return wayLocal
	}
	return wayURL
}

// onThisMachine reports whether a URL leads to the machine it is read on.
func onThisMachine(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.IsLoopback() || u.Hostname() == "localhost"
}

func portOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Port() == "" {
		return localPort
	}
	return u.Port()
}

func listenCommand(target, secret string, format webhook.FormatName) string {
	command := "bellwire listen --port " + portOf(target) + " --secret " + quoted(secret)
	if format != "" && format != webhook.FormatStandard {
		command += " --format " + string(format)
	}
	return command
}

func (w *Web) forwardCommand(key string) string {
	command := "bellwire listen --forward http://localhost:3000/webhooks --key " + key
	if w.BaseURL != nil {
		command += " --url " + w.BaseURL.String()
	}
	return command
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-+/=.:@", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func (w *Web) chooseStep(g guideOf) overview.ChooseStep {
	s := overview.ChooseStep{Progress: overview.Current, Command: g.command, Once: g.command != ""}
	connected := !g.endpoint.ID.IsZero()
	if connected {
		s.Progress = overview.Done
	}
	for _, way := range []struct {
		name, label string
		offered     bool
	}{
		{wayLocal, "On this machine", g.local}, {wayURL, "I have a URL", true}, {wayForward, "No public URL", true},
	} {
		if way.offered {
			s.Ways = append(s.Ways, component.Chip{Label: way.label, On: way.name == g.way, URL: startURL(g.project.ID, way.name, 0)})
		}
	}
	command := under(g.project.ID, "start", "command") + "?way=" + g.way
	switch g.way {
	case wayLocal:
		s.Text = "Run this in a terminal: it listens here, verifies each signature and prints what comes."
		switch {
		case g.command == "" && !connected && g.caller.May(account.ChangeEndpoint, g.project.ID) == nil:
			s.Command = listenCommand("", g.form.secret, "")
			s.Note = "The secret in it becomes that of the endpoint which you connect below."
		case g.command == "" && connected && g.caller.Could(account.UseSecrets, g.project.ID):
			s.CommandURL, s.CommandLabel = command, "Show the command with its secret"
		}
	case wayURL:
		s.Text = "Any program of yours that takes POST requests over https. It should answer 2xx at once and do its work afterwards."
		if connected {
			s.Note = "Its signing secret is on the endpoint's Secret tab, code that verifies it on the tab Code."
		}
	case wayForward:
		s.Text = "A command on your machine fetches the deliveries from here and posts them, signed, to your local program. Its answers show up in this dashboard."
		if g.caller.Could(account.CreateKeys, g.project.ID) {
			s.CommandURL, s.CommandLabel = command, "Make a key and show the command"
		} else if g.command == "" {
			s.Command = w.forwardCommand("KEY")
			s.Note = "Put a key with the scopes manage and read in place of KEY: an owner of this project can make one."
		}
		if g.command != "" {
			s.CommandURL = ""
		}
	}
	return s
}

func (g guideOf) connectStep() overview.ConnectStep {
	s := overview.ConnectStep{Progress: overview.Current}
	if !g.endpoint.ID.IsZero() {
		s.Progress = overview.Done
		s.Endpoint, s.Target = component.Link{Label: g.endpoint.Name, URL: pathEndpoint(g.endpoint)}, g.endpoint.URL
		s.Text = "Subscribed to " + strings.Join(g.endpoint.Topics[:min(len(g.endpoint.Topics), shownTopics)], ", ") + more(len(g.endpoint.Topics)-shownTopics) + "."
		return s
	}
	switch {
	case g.way == wayForward:
		s.Text = "The command makes its own endpoint as soon as it runs. This page notices."
	case g.caller.May(account.ChangeEndpoint, g.project.ID) != nil:
		s.Text = "Your role may look but not connect anything: ask an owner or developer of this project."
	default:
		s.Text = "An endpoint is where events are posted to: signed, and tried again until they arrive."
		s.Form = g.connectForm()
	}
	return s
}

func more(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// connectForm is as it was typed, or filled in as far as it can be.
func (g guideOf) connectForm() *overview.ConnectForm {
	f := &overview.ConnectForm{
		Action: under(g.project.ID, "start", "endpoint"), FullURL: under(g.project.ID, "endpoints", "new"), Way: g.way,
		Name: component.Input{Value: g.form.name, Error: g.wrong["name"]}, URL: component.Input{Value: g.form.url, Error: g.wrong["url"]},
	}
	if g.way == wayLocal {
		f.Secret = g.form.secret
		if g.wrong == nil {
			f.Name.Value, f.URL.Value = "on-this-machine", "http://"+net.JoinHostPort("127.0.0.1", localPort)+"/"
		}
	}
	for field, text := range g.wrong {
		switch {
		case strings.HasPrefix(field, "topics"):
			f.TopicError = text
		case field != "name" && field != "url":
			f.Mistakes = append(f.Mistakes, component.Mistake{Text: text})
		}
	}
	chosen := g.firstTopic()
	if len(g.form.ticked) > 0 {
		chosen = g.form.ticked[0]
	}
	for _, group := range groupTitles {
		one := overview.TopicGroup{Title: group.title}
		for _, t := range g.topics {
			if t.Group == group.group && !t.Deprecated && t.Group != webhook.GroupOperational {
				one.Topics = append(one.Topics, component.Option{Value: t.Name, Label: t.Name, Selected: t.Name == chosen})
			}
		}
		if len(one.Topics) > 0 {
			f.Topics = append(f.Topics, one)
		}
	}
	return f
}

// firstTopic is one of the platform's own, if it has any with an example: that
// is what its developers came for.
func (g guideOf) firstTopic() string {
	first := ""
	for _, t := range g.topics {
		switch {
		case t.Deprecated || t.Group == webhook.GroupOperational:
		case t.Group == webhook.GroupCustom && len(t.Example) > 0:
			return t.Name
		case first == "":
			first = t.Name
		}
	}
	return first
}

// topic is the one to try the endpoint with: the first that it subscribes to.
func (g guideOf) topic() string {
	for _, t := range g.topics {
		if t.Group != webhook.GroupOperational && len(takers([]webhook.Endpoint{g.endpoint}, t.Name)) > 0 {
			return t.Name
		}
	}
	return ""
}

func (g guideOf) publishStep() overview.PublishStep {
	s := overview.PublishStep{Text: "An event of the topic's own example, the way your backend would publish it."}
	if g.endpoint.ID.IsZero() {
		return s
	}
	s.Progress = overview.Current
	if !g.delivery.ID.IsZero() {
		s.Progress = overview.Done
	}
	s.Topic = g.topic()
	switch {
	case s.Topic == "":
		s.Text = "None of the topics that this endpoint subscribes to has an example: publish one through the API."
	case g.caller.May(account.Publish, g.project.ID) != nil:
		s.Text = "Your role may not publish: ask an owner or developer of this project."
	default:
		s.Action, s.Label = under(g.project.ID, "start", "event")+"?way="+g.way, "Publish "+s.Topic
		s.Other = component.Link{Label: "Change its data first", URL: under(g.project.ID, "events", "new") + "?topic=" + url.QueryEscape(s.Topic)}
		if s.Progress == overview.Done {
			s.Label = "Publish another " + s.Topic
		}
	}
	return s
}

// waits reports whether something is about to happen that the page should show
// by itself. It does not while a form is being filled in.
func (g guideOf) waits() bool {
	if g.endpoint.ID.IsZero() {
		return g.way == wayForward
	}
	return g.delivery.ID.IsZero() || !g.delivery.State.Ended()
}

func (g guideOf) arriveStep() overview.ArriveStep {
	d := g.delivery
	if d.ID.IsZero() {
		return overview.ArriveStep{Text: "The request and your server's answer appear here by themselves."}
	}
	s := overview.ArriveStep{Progress: overview.Current, Mark: mark(d, g.now), Delivery: component.Link{Label: "Everything about this delivery", URL: pathDelivery(d.Delivery)}}
	switch {
	case d.State == webhook.Delivered:
		s.Progress = overview.Done
		s.Text = fmt.Sprintf("Your server answered %d in %s. That is the whole way: published, matched, signed, delivered.", d.LastStatus, took(time.Duration(d.LastDurationMS)*time.Millisecond))
		s.Next = g.nextSteps()
	case d.Shown() == webhook.Held:
		s.Text = heldWords(d)
	case d.LastCause != "" && !d.State.Ended() && !d.DueAt.After(g.now):
		s.Text = "On its way again. The last time your server " + did(d.LastCause, d.LastStatus) + "."
	case d.LastCause != "":
		s.Text, s.Try = "Your server "+did(d.LastCause, d.LastStatus)+".", g.remedies()
		if g.caller.May(account.SendAgain, g.project.ID) == nil {
			s.AgainURL = under(g.project.ID, "start", "again") + "?way=" + g.way
		}
	default:
		s.Text = "On its way."
	}
	return s
}

// remedies are what to do about the first failure. On this machine it is
// nearly always one of two things.
func (g guideOf) remedies() []string {
	d := g.delivery
	if onThisMachine(g.endpoint.URL) {
		switch {
		case unreachable(d.LastCause):
			return []string{
				"Nothing listens on port " + portOf(g.endpoint.URL) + ": start the command of step 1 in a terminal and leave it running.",
				"Then send it again. It is also tried again by itself.",
			}
		case d.LastStatus == 401 || d.LastStatus == 403:
			return []string{"The receiver runs with another secret: end it, and start it with the command of step 1."}
		}
	}
	return advice(d.LastCause, d.LastStatus)
}

// nextSteps are offered to those who may take them.
func (g guideOf) nextSteps() []overview.NextStep {
	project, e := g.project.ID, g.endpoint
	var steps []overview.NextStep
	add := func(action account.Action, label, text, address string) {
		if g.caller.Could(action, project) {
			steps = append(steps, overview.NextStep{Link: component.Link{Label: label, URL: address}, Text: text})
		}
	}
	add(account.ViewEndpoints, "Verify the signature in your own code", "Ready to paste, in six languages.", tabURL(e, "code"))
	add(account.ChangeEndpoint, "Choose more topics and filters", "With a preview of what would match.", pathEndpoint(e, "edit"))
	add(account.ViewKeys, "Make an API key for your backend", "It publishes events with the scope publish.", under(project, "keys"))
	add(account.ChangeMembers, "Invite a colleague", "By a link that signs them in.", under(project, "members"))
	add(account.ViewDeliveries, "Watch what is delivered", "The log shows each attempt as it happens.", under(project, "deliveries"))
	return steps
}
