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

const (
	// localPort is where the guide's receiver on this machine listens, or the
	// first free one after it.
	localPort = 9000
	// usualForward is where a developer's program often listens.
	usualForward = "http://localhost:3000/webhooks"
)

// guideOf is what the guide's steps are made from.
type guideOf struct {
	journey
	asked
	promise promise
	caller  account.Caller
	topics  []webhook.Topic
	// local says that endpoints may be on this machine.
	local bool
	// chosen says that the visitor has just chosen a way.
	chosen bool
	now    time.Time
}

func (g guideOf) connected() bool { return !g.endpoint.ID.IsZero() }

// connectable reports whether the short form for an endpoint is shown.
func (g guideOf) connectable() bool {
	return !g.connected() && g.way != wayForward && g.caller.May(account.ChangeEndpoint, g.project.ID) == nil
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
	case g.connected() && g.endpoint.Kind == webhook.KindForward, wish == wayForward:
		return wayForward
	case g.connected() && !onThisMachine(g.endpoint.URL), wish == wayURL, !g.local:
		return wayURL
	}
	return wayLocal
}

// ways are the receivers to choose from: once there is one, the way on is to
// have a program without a public URL instead.
func (g guideOf) ways() []component.Chip {
	var ways []component.Chip
	for _, way := range []struct {
		name, label string
		offered     bool
	}{
		{wayLocal, "A test receiver", g.local && !g.connected()},
		{wayURL, "My own URL", !g.connected()},
		{wayForward, "My local program", !g.connected() || g.endpoint.Kind != webhook.KindForward},
	} {
		if way.offered || way.name == g.way {
			ways = append(ways, component.Chip{Label: way.label, On: way.name == g.way, URL: startURL(g.project.ID, way.name, 0)})
		}
	}
	return ways
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

// forwardable reports whether a program can be posted to at a URL.
func forwardable(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

func (w *Web) chooseStep(g guideOf) overview.ChooseStep {
	s := overview.ChooseStep{Progress: overview.Current, Ways: g.ways(), Command: g.command, Secret: g.secret}
	if g.connected() {
		s.Progress = overview.Done
	}
	switch g.way {
	case wayLocal:
		g.chooseLocal(&s)
	case wayURL:
		g.chooseURL(&s)
	case wayForward:
		g.chooseForward(&s)
		if g.command != "" {
			s.Note = "The key in it is shown now and not again. The command prints the signing secret for your program."
		} else if s.Form == nil && g.endpoint.Kind != webhook.KindForward {
			s.Command = w.forwardCommand(usualForward, "KEY")
			s.Note = "Put your program's address in place of " + usualForward + ", and a key with the scopes manage and read in place of KEY: an owner of this project can make one."
		}
	}
	return s
}

// elsewhere is for people who started the server from its source or a container.
const elsewhere = "If your terminal does not know bellwire: it is the program that serves this page."

func (g guideOf) chooseLocal(s *overview.ChooseStep) {
	s.Text = "Comes with Bellwire: run this in a terminal and leave it running. It verifies each signature and prints what arrives."
	switch {
	case g.command != "":
		s.Note = elsewhere
	case g.connectable():
		s.Command = listenCommand(g.promise.port, g.promise.secret, "")
		s.Note = "The secret in it will be that of the endpoint that you connect next. " + elsewhere
	case g.connected() && g.caller.Could(account.UseSecrets, g.project.ID):
		s.Text = "It should be running in a terminal now: it verifies each signature and prints what arrives."
		s.Form = &overview.ChooseForm{Action: g.commandURL(), Label: "Show the command with its secret"}
	}
}

func (g guideOf) chooseURL(s *overview.ChooseStep) {
	schemes := "https"
	if g.local {
		schemes = "http or https"
	}
	s.Text = "A program of yours that takes POST requests over " + schemes + ", answers 2xx at once and does its work afterwards."
	switch {
	case g.connectable():
		s.Secret = g.promise.secret
		s.Note = "Your program verifies signatures with this secret: it will be that of the endpoint that you connect next."
	case g.connected():
		s.Text = "Your program verifies each request with the endpoint's signing secret, in the format " + string(g.endpoint.Format) + "."
		s.More = component.Link{Label: "Code that does, in six languages", URL: tabURL(g.endpoint, "code")}
		if g.secret == "" && g.caller.Could(account.UseSecrets, g.project.ID) {
			s.Form = &overview.ChooseForm{Action: g.commandURL(), Label: "Show the signing secret"}
		}
	}
}

func (g guideOf) chooseForward(s *overview.ChooseStep) {
	s.Text = "No public URL needed: a command on your machine fetches the deliveries from here and posts them, signed, to your program. Its answers show up here."
	switch {
	case g.command != "":
	case g.endpoint.Kind == webhook.KindForward:
		s.Text = "A command on " + g.endpoint.Name + " fetches the deliveries and posts them, signed, to your program. It printed the signing secret when it started."
		s.More = component.Link{Label: "Code that verifies, in six languages", URL: tabURL(g.endpoint, "code")}
	case g.caller.Could(account.CreateKeys, g.project.ID):
		s.Form = &overview.ChooseForm{
			Action: g.commandURL(), Label: "Make a key and show the command", To: component.Input{Value: g.forwardTo, Error: g.wrong["to"]}, AsksTo: true,
		}
		if g.forwardTo == "" && g.wrong == nil {
			s.Form.To.Value = usualForward
		}
	}
}

// commandURL is posted to for what is shown once.
func (g guideOf) commandURL() string {
	return under(g.project.ID, "start", "command") + "?way=" + g.way
}

func (g guideOf) connectStep() overview.ConnectStep {
	s := overview.ConnectStep{Progress: overview.Current}
	if g.connected() {
		s.Progress = overview.Done
		s.Endpoint, s.Target = component.Link{Label: g.endpoint.Name, URL: pathEndpoint(g.endpoint)}, g.endpoint.URL
		s.Text = subscribedTo(g.endpoint.Topics)
		return s
	}
	switch {
	case g.way == wayForward:
		s.Text = "Nothing to do: the command makes an endpoint of its own when it starts, and it shows up here."
	case g.caller.May(account.ChangeEndpoint, g.project.ID) != nil:
		s.Text = "Your role may look but not connect anything: ask an owner or developer of this project."
	default:
		s.Text = "An endpoint is where events are posted to: signed, and tried again until they arrive."
		s.Form = g.connectForm()
	}
	return s
}

func subscribedTo(topics []string) string {
	if len(topics) == 1 && topics[0] == "*" {
		return "It gets the events of every topic."
	}
	return "It gets events of " + strings.Join(topics[:min(len(topics), shownTopics)], ", ") + more(len(topics)-shownTopics) + "."
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
		Action: under(g.project.ID, "start", "endpoint"), FullURL: under(g.project.ID, "endpoints", "new"), Way: g.way, Focus: g.chosen && g.way == wayURL,
		Name: component.Input{Value: g.form.name, Error: g.wrong["name"]}, URL: component.Input{Value: g.form.url, Error: g.wrong["url"]},
	}
	f.Secret = g.promise.secret
	if g.way == wayLocal && g.wrong == nil {
		f.Name.Value, f.URL.Value = "test-receiver", "http://"+net.JoinHostPort("127.0.0.1", g.promise.port)+"/"
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
		if _, ok := takes(g.endpoint.Topics, t.Name); ok && t.Group != webhook.GroupOperational {
			return t.Name
		}
	}
	return ""
}

func (g guideOf) publishStep() overview.PublishStep {
	s := overview.PublishStep{Text: "An event of the topic's own example, the way your backend would publish it."}
	if !g.connected() {
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
	if !g.connected() {
		return g.way == wayForward
	}
	return g.delivery.ID.IsZero() || !g.delivery.State.Ended()
}

func (g guideOf) arriveStep() overview.ArriveStep {
	d := g.delivery
	if d.ID.IsZero() {
		return overview.ArriveStep{Text: "The request and your server's answer appear here."}
	}
	s := overview.ArriveStep{Progress: overview.Current, Mark: mark(d, g.now), Delivery: component.Link{Label: "Everything about this delivery", URL: pathDelivery(d.Delivery)}}
	switch {
	case d.State == webhook.Delivered:
		s.Progress = overview.Done
		who := "Your server"
		if g.way == wayLocal {
			who = "The test receiver verified the signature and"
		}
		s.Text = fmt.Sprintf("%s answered %d in %s. That is the whole way: published, matched, signed, delivered.", who, d.LastStatus, took(time.Duration(d.LastDurationMS)*time.Millisecond))
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

// remedies are what to do about the first failure. It is nearly always one of
// two things: nothing listens, or it verifies with another secret.
func (g guideOf) remedies() []string {
	d := g.delivery
	refused := d.LastStatus == 401 || d.LastStatus == 403
	switch {
	case g.way == wayLocal && unreachable(d.LastCause):
		return []string{
			"Nothing listens on port " + portOf(g.endpoint.URL) + ": start the command of step 1 in a terminal and leave it running.",
			"Then send it again. It is also tried again by itself.",
		}
	case g.way == wayLocal && refused:
		return []string{"What listens on port " + portOf(g.endpoint.URL) + " runs with another secret, or is another program: end it, and start the command of step 1."}
	case g.endpoint.Kind == webhook.KindForward && unreachable(d.LastCause):
		return []string{"Nothing listens at " + g.endpoint.URL + ": start your program there.", "Then send it again. It is also tried again by itself."}
	case g.endpoint.Kind == webhook.KindForward && refused:
		return []string{"Your program verifies with another secret: the command printed the right one when it started."}
	case refused:
		return []string{"Your program verifies with another secret, or not the raw body: step 1 shows the right secret, and code that verifies."}
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
