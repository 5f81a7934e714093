package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/overview"
)

// startPages lead an empty project to its first delivered event.
func (w *Web) startPages() []line {
	return []line{
		{get, "/p/:project/start", member, w.showStart},
		{post, "/p/:project/start/command", member, w.showCommand},
		{post, "/p/:project/start/endpoint", member, w.connectFirst},
		{post, "/p/:project/start/event", member, w.publishFirst},
		{post, "/p/:project/start/again", member, w.tryFirstAgain},
	}
}

// The ways to receive a first event.
const (
	wayLocal   = "local"
	wayURL     = "url"
	wayForward = "forward"
)

// asked is what a visitor did on the guide that can't be read off the project:
// what was typed, and a command that is shown once.
type asked struct {
	way   string
	form  endpointInput
	wrong map[string]string
	// command and secret are shown once.
	command, secret string
	// forwardTo is the local program's URL as it was typed.
	forwardTo string
}

// journey is how far a project has come to its first delivery.
type journey struct {
	project webhook.Project
	// endpoint is the newest; none if its id is zero.
	endpoint webhook.Endpoint
	// delivery is the endpoint's newest that is no test; none likewise.
	delivery webhook.DeliveryRow
	// reached says that some delivery of the project was delivered.
	reached bool
}

// journeyOf reads it off what there is.
func (w *Web) journeyOf(c *gin.Context, list standings) (journey, error) {
	ctx, caller := c.Request.Context(), w.caller(c)
	j := journey{project: w.project(c), reached: reached(list)}
	var newest standing
	for _, one := range list {
		if newest.ID.IsZero() || one.CreatedAt.After(newest.CreatedAt) {
			newest = one
		}
	}
	if newest.ID.IsZero() {
		return j, nil
	}
	var err error
	if j.endpoint, err = w.Manage.Endpoint(ctx, caller, newest.ID); err != nil {
		return j, err
	}
	page, err := w.Manage.Deliveries(ctx, caller, webhook.DeliveryFilter{ProjectID: j.project.ID, EndpointID: newest.ID, Limit: 20})
	if at := slices.IndexFunc(page.Items, func(d webhook.DeliveryRow) bool { return !d.Test }); at >= 0 {
		j.delivery = page.Items[at]
	}
	return j, err
}

// journeyNow is journeyOf for who has not read how the endpoints stand.
func (w *Web) journeyNow(c *gin.Context) (journey, error) {
	list, err := w.standings(c.Request.Context(), w.caller(c), w.project(c).ID)
	if err != nil {
		return journey{}, err
	}
	return w.journeyOf(c, list)
}

// reached reports whether any endpoint ever got something.
func reached(list standings) bool {
	return slices.ContainsFunc(list, func(s standing) bool { return !s.LastSuccessAt.IsZero() })
}

func (w *Web) showStart(c *gin.Context) error { return w.start(c, http.StatusOK, asked{}) }

func (w *Web) start(c *gin.Context, status int, a asked) error {
	list, err := w.standings(c.Request.Context(), w.caller(c), w.project(c).ID)
	if err != nil {
		return err
	}
	guide, err := w.guide(c, list, a)
	if err != nil {
		return err
	}
	shell, err := w.shell(c, atOverview, "Getting started", component.Link{Label: "Getting started"})
	if err != nil {
		return err
	}
	return w.render(c, status, overview.Start(overview.StartModel{Shell: shell, Guide: guide}))
}

// showCommand answers the page with the receiver's command or secret in it,
// which is shown once.
func (w *Web) showCommand(c *gin.Context) error {
	way := c.PostForm("way")
	if way == "" {
		way = c.Query("way")
	}
	if way == wayForward {
		return w.showForward(c)
	}
	if err := w.caller(c).May(account.UseSecrets, w.project(c).ID); err != nil {
		return err
	}
	j, err := w.journeyNow(c)
	if err != nil {
		return err
	}
	if j.endpoint.ID.IsZero() {
		return webhook.Conflict("there is no endpoint yet whose secret could be shown")
	}
	revealed, err := w.Manage.RevealSecret(c.Request.Context(), w.caller(c), j.endpoint.ID)
	if err != nil {
		return err
	}
	a := asked{way: way}
	if way == wayURL {
		a.secret = revealed.Current
	} else {
		a.command = listenCommand(portOf(j.endpoint.URL), revealed.Current, j.endpoint.Format)
	}
	return w.start(c, http.StatusOK, a)
}

// showForward makes a key for listening and shows the command that holds it.
func (w *Web) showForward(c *gin.Context) error {
	if err := w.caller(c).May(account.CreateKeys, w.project(c).ID); err != nil {
		return err
	}
	a := asked{way: wayForward, forwardTo: strings.TrimSpace(c.PostForm("to"))}
	if !forwardable(a.forwardTo) {
		a.wrong = map[string]string{"to": "is a URL like " + usualForward}
		return w.start(c, http.StatusUnprocessableEntity, a)
	}
	key, err := w.Manage.CreateKey(c.Request.Context(), w.caller(c), manage.NewKey{
		ProjectID: w.project(c).ID, Name: "listen --forward", Scopes: []string{string(account.ScopeManage), string(account.ScopeRead)},
	})
	if err != nil {
		return err
	}
	a.command = w.forwardCommand(a.forwardTo, key.Secret)
	return w.start(c, http.StatusOK, a)
}

// connectFirst makes the endpoint of the short form.
func (w *Web) connectFirst(c *gin.Context) error {
	a := asked{way: c.PostForm("way"), form: endpointInput{
		name: strings.TrimSpace(c.PostForm("name")), url: strings.TrimSpace(c.PostForm("url")), secret: c.PostForm("secret"),
		ticked: c.PostFormArray("topic"),
	}}
	set := webhook.Settings{Name: a.form.name, URL: a.form.url, Topics: a.form.ticked}
	if a.way == wayLocal {
		set.Format = webhook.FormatStandard // what the command expects, whatever the topic
	}
	made, err := w.Manage.CreateEndpoint(c.Request.Context(), w.caller(c), manage.NewEndpoint{ProjectID: w.project(c).ID, Settings: set, Secret: a.form.secret})
	if wrong, ok := mistakes(err); ok {
		a.wrong = wrong
		return w.start(c, http.StatusUnprocessableEntity, a)
	}
	if err != nil {
		return err
	}
	w.forgetPromise(c, made.ProjectID)
	w.warn(c, made.Warnings)
	return w.redirect(c, startURL(made.ProjectID, a.way, 3))
}

// publishFirst publishes a topic's example, as a program of theirs would.
func (w *Web) publishFirst(c *gin.Context) error {
	project := w.project(c)
	if err := w.caller(c).May(account.Publish, project.ID); err != nil {
		return err
	}
	topic, err := w.Manage.Topic(c.Request.Context(), w.caller(c), c.PostForm("topic"))
	if err != nil {
		return err
	}
	data := topic.Example
	if len(data) == 0 {
		data = []byte("{}")
	}
	_, err = w.Publish.Publish(c.Request.Context(), w.caller(c), []publish.Draft{{Topic: topic.Name, Data: data, Project: project.ID}})
	if err != nil {
		return err
	}
	return w.redirect(c, startURL(project.ID, c.Query("way"), 4))
}

// tryFirstAgain sends what failed once more: at once if it waits for its next
// try, as a new delivery if it was given up.
func (w *Web) tryFirstAgain(c *gin.Context) error {
	if err := w.caller(c).May(account.SendAgain, w.project(c).ID); err != nil {
		return err
	}
	j, err := w.journeyNow(c)
	if err != nil {
		return err
	}
	switch {
	case j.delivery.ID.IsZero():
		return webhook.Conflict("nothing was sent yet that could be sent again")
	case j.delivery.State.Ended():
		_, err = w.Manage.Resend(c.Request.Context(), w.caller(c), j.delivery.ID)
	default:
		_, err = w.Manage.SendNow(c.Request.Context(), w.caller(c), j.delivery.ID)
	}
	if err != nil && webhook.KindOf(err) != webhook.KindConflict { // it goes out at this moment
		return err
	}
	return w.redirect(c, startURL(w.project(c).ID, c.Query("way"), 4))
}

// guide is the model of the four steps.
func (w *Web) guide(c *gin.Context, list standings, a asked) (overview.Guide, error) {
	j, err := w.journeyOf(c, list)
	if err != nil {
		return overview.Guide{}, err
	}
	topics, err := w.Manage.Topics(c.Request.Context(), w.caller(c))
	if err != nil {
		return overview.Guide{}, err
	}
	g := guideOf{journey: j, asked: a, caller: w.caller(c), topics: topics, local: w.Environment != "", chosen: c.Query("way") != "", now: w.Now()}
	g.way = g.chosenWay(c.Query("way"))
	if g.connectable() {
		g.promise = w.promised(c, g.project.ID)
		g.promise.secret = cmp.Or(g.form.secret, g.promise.secret)
	}
	m := overview.Guide{Choose: w.chooseStep(g), Connect: g.connectStep(), Publish: g.publishStep(), Arrive: g.arriveStep()}
	if m.Arrive, err = w.withExchange(c, g, m.Arrive); err != nil {
		return m, err
	}
	if g.waits() {
		m.Live = component.Live{URL: startURL(j.project.ID, g.way, 0)}
	}
	return m, nil
}

// withExchange adds what was sent and what came back, once that is settled:
// some people's looks are written down, and the page asks every second.
func (w *Web) withExchange(c *gin.Context, g guideOf, step overview.ArriveStep) (overview.ArriveStep, error) {
	if g.delivery.State != webhook.Delivered || w.caller(c).PayloadOf(g.project.ID) != account.PayloadOpen {
		return step, nil
	}
	d, err := w.Manage.Delivery(c.Request.Context(), w.caller(c), g.delivery.ID, "")
	if err != nil || len(d.Attempts) == 0 {
		return step, err
	}
	x := presentExchange(d, d.Attempts[len(d.Attempts)-1])
	step.Request = overview.Side{Line: x.Request.Line, Headers: x.Request.Headers, Body: x.Request.Body}
	step.Answer = overview.Side{Line: x.Response.Line, Tone: x.Response.Tone, Headers: x.Response.Headers, Body: x.Response.Body}
	return step, nil
}
