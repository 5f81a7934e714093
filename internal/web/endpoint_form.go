package web

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/preset"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// endpointForm is a form on its way to the page.
type endpointForm struct {
	input endpointInput
	// before is the stored endpoint; nil for a new one.
	before *webhook.Endpoint
	wrong  map[string]string
	// taken says that somebody else saved meanwhile.
	taken string
	// tried is what came of a dry run.
	tried []component.Flash
}

func (w *Web) newEndpoint(c *gin.Context) error {
	if err := w.caller(c).May(account.ChangeEndpoint, w.project(c).ID); err != nil {
		return err
	}
	in := freshEndpoint(c.Query("topic"))
	in.slack = c.Query("kind") == endpoints.KindSlack
	if p, ok := preset.Find(c.Query("for")); ok {
		in = presetEndpoint(in, p)
	}
	return w.showForm(c, http.StatusOK, endpointForm{input: in})
}

func (w *Web) editEndpoint(c *gin.Context) error {
	e, err := w.changeable(c)
	if err != nil {
		return err
	}
	names, err := w.topicNames(c)
	if err != nil {
		return err
	}
	return w.showForm(c, http.StatusOK, endpointForm{input: storedEndpoint(e, names), before: &e})
}

// changeable is the endpoint in the path, for those who may change it.
func (w *Web) changeable(c *gin.Context) (webhook.Endpoint, error) {
	e, err := w.endpoint(c)
	if err == nil {
		err = w.caller(c).May(account.ChangeEndpoint, e.ProjectID)
	}
	return e, err
}

func (w *Web) topicNames(c *gin.Context) ([]string, error) {
	topics, err := w.Manage.Topics(c.Request.Context(), w.caller(c))
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = t.Name
	}
	return names, err
}

// readForm reads the posted form.
func (w *Web) readForm(c *gin.Context) (endpointInput, error) {
	if err := c.Request.ParseForm(); err != nil {
		return endpointInput{}, webhook.Invalid("form", "can't be read: %v", err)
	}
	in := readEndpoint(c.Request.PostForm)
	if len(in.groups) == 0 {
		return in, nil
	}
	topics, err := w.Manage.Topics(c.Request.Context(), w.caller(c))
	return in.withGroups(topics), err
}

func (w *Web) createEndpoint(c *gin.Context) error {
	in, err := w.readForm(c)
	if err != nil {
		return err
	}
	form := endpointForm{input: in}
	switch {
	case in.do != endpoints.DoSave:
		return w.showAgain(c, form)
	case in.slack:
		return w.createForChannels(c, form)
	}
	made, err := w.Manage.CreateEndpoint(c.Request.Context(), w.caller(c), manage.NewEndpoint{
		ProjectID: w.project(c).ID, Settings: in.settings(), Secret: in.secret,
	})
	if wrong, ok := mistakes(err); ok {
		form.wrong = wrong
		return w.showForm(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	w.done(c, made.Name+" is ready. Put its signing secret into your receiver, then send a test.")
	w.warn(c, made.Warnings)
	return w.redirect(c, tabURL(made.Endpoint, tabSecret))
}

// showAgain answers the buttons that save nothing: preview, one row more or
// less.
func (w *Web) showAgain(c *gin.Context, form endpointForm) error {
	if err := w.caller(c).May(account.ChangeEndpoint, w.project(c).ID); err != nil {
		return err
	}
	if form.input.do == endpoints.DoTry && form.input.slack {
		return w.tryChannels(c, form)
	}
	form.input = form.input.dropRow()
	return w.showForm(c, http.StatusOK, form)
}

func (w *Web) warn(c *gin.Context, warnings []string) {
	for _, text := range warnings {
		w.flash(c, component.Flash{Tone: component.Retry, Text: sentence(text)})
	}
}

func (w *Web) updateEndpoint(c *gin.Context) error {
	e, err := w.changeable(c)
	if err != nil {
		return err
	}
	in, err := w.readForm(c)
	if err != nil {
		return err
	}
	form := endpointForm{input: in, before: &e}
	if in.do != endpoints.DoSave {
		return w.showAgain(c, form)
	}
	if version := c.Query("version"); version != "" && version != strconv.FormatInt(e.Version, 10) {
		form.taken = "Somebody else saved this endpoint meanwhile; it is at version " + strconv.FormatInt(e.Version, 10) +
			" now. What you typed is all here and nothing was saved: what saving changes, against their version, stands in the preview."
		return w.showForm(c, http.StatusConflict, form)
	}
	changed, warnings, err := w.Manage.UpdateEndpoint(c.Request.Context(), w.caller(c), e.ID, patchOf(e, in, c.Query("version")))
	if wrong, ok := mistakes(err); ok {
		form.wrong = wrong
		return w.showForm(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	if changed.Version == e.Version {
		w.done(c, "Nothing was different, so nothing was changed.")
	} else {
		w.done(c, "Saved. URL and headers count from the next attempt, filters from the next event.")
	}
	w.warn(c, warnings)
	return w.redirect(c, tabURL(changed, tabSettings))
}

// patchOf is the whole form as a change of the version that it was made on,
// which the form's address carries.
func patchOf(e webhook.Endpoint, in endpointInput, version string) manage.EndpointPatch {
	set := in.settings()
	topics := inOldOrder(e.Topics, set.Topics)
	patch := manage.EndpointPatch{
		Name: &set.Name, URL: &set.URL, Custom: set.Custom, Template: &set.Template, Topics: &topics, Prompt: &set.Prompt, Payload: &set.Payload,
		Headers: &set.Headers, Retry: &set.Retry, Timeout: &set.Timeout, MaxInFlight: &set.MaxInFlight,
		RatePerSecond: &set.RatePerSecond, Ordered: &set.Ordered,
	}
	if e.Kind == webhook.KindSlack {
		patch.URL, patch.Headers, patch.Template = nil, nil, nil
		if len(in.channels) > 0 {
			patch.Channel = &in.channels[len(in.channels)-1].ID // one that was typed comes last
		}
	} else if set.Format != "" {
		patch.Format = &set.Format
	}
	patch.Version, _ = strconv.ParseInt(version, 10, 64) // without one the present version is changed
	return patch
}

// showForm draws the form as it was typed, with what is wrong in its places.
func (w *Web) showForm(c *gin.Context, status int, form endpointForm) error {
	project := w.project(c).ID
	title, crumbs := "New endpoint", []component.Link{{Label: "Endpoints", URL: under(project, "endpoints")}}
	if form.before != nil {
		title = "Change " + form.before.Name
		crumbs = append(crumbs, component.Link{Label: form.before.Name, URL: pathEndpoint(*form.before)})
	}
	shell, err := w.shell(c, atEndpoints, title, append(crumbs, component.Link{Label: title})...)
	if err != nil {
		return err
	}
	topics, err := w.Manage.Topics(c.Request.Context(), w.caller(c))
	if err != nil {
		return err
	}
	m := presentForm(form, topics)
	m.Shell = shell
	if form.input.slack {
		if m.Slack, err = w.slackStep(c, form); err != nil {
			return err
		}
	}
	m.Kinds = kindTabs(project, form.input.slack)
	if m.New && !form.input.slack {
		m.Presets, m.Need = presetChips(project, c.Query("for"))
	}
	m.CancelURL, m.Action = under(project, "endpoints"), under(project, "endpoints", "new")
	m.PreviewURL, m.Taken = previewURL(project, form.before), form.taken
	if e := form.before; e != nil {
		m.CancelURL = tabURL(*e, tabSettings)
		m.Action = pathEndpoint(*e, "edit") + "?version=" + strconv.FormatInt(e.Version, 10)
	}
	if m.Live, err = w.live(c, form, topics); err != nil {
		return err
	}
	if form.input.format == "" && form.before == nil {
		m.Now.Format = m.Live.Format
	}
	return w.render(c, status, endpoints.Form(m))
}

// previewURL is where the form is tried while it is typed; the endpoint that
// it changes is named for what saving would change.
func previewURL(project webhook.ProjectID, before *webhook.Endpoint) string {
	at := under(project, "endpoints", "preview")
	if before != nil {
		at += "?endpoint=" + before.ID.String()
	}
	return at
}

// previewEndpoint answers what follows from the form alone, part by part. What
// is wrong is said inside: the form is still being typed.
func (w *Web) previewEndpoint(c *gin.Context) error {
	if err := w.caller(c).May(account.ChangeEndpoint, w.project(c).ID); err != nil {
		return err
	}
	in, err := w.readForm(c)
	if err != nil {
		return err
	}
	form := endpointForm{input: in}
	if id, err := webhook.ParseUUID(c.Query("endpoint")); err == nil {
		e, err := w.Manage.Endpoint(c.Request.Context(), w.caller(c), webhook.EndpointID{UUID: id})
		if err == nil && e.ProjectID != w.project(c).ID {
			err = webhook.NotFound("there is no such endpoint in this project")
		}
		if err != nil {
			return err
		}
		form.before = &e
	}
	topics, err := w.Manage.Topics(c.Request.Context(), w.caller(c))
	if err != nil {
		return err
	}
	m, err := w.live(c, form, topics)
	if err != nil {
		return err
	}
	return w.render(c, http.StatusOK, endpoints.Live(m))
}
