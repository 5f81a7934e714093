package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/blocks"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// listedChannels is how many the form offers; Find narrows them.
const listedChannels = 200

// readChannels takes chosen channels apart, each an id, a space and its name.
// The names are for the preview only.
func readChannels(form url.Values) []webhook.SlackChannel {
	var list []webhook.SlackChannel
	for _, value := range append(slices.Clone(form["channel"]), strings.TrimSpace(form.Get("channelID"))) {
		id, name, _ := strings.Cut(value, " ")
		if id == "" || slices.ContainsFunc(list, func(c webhook.SlackChannel) bool { return c.ID == id }) {
			continue
		}
		if name == "" {
			name = id
		}
		list = append(list, webhook.SlackChannel{ID: id, Name: name})
	}
	return list
}

func (in endpointInput) channelIDs() []string {
	ids := make([]string, len(in.channels))
	for i, c := range in.channels {
		ids[i] = c.ID
	}
	return ids
}

// toChannels makes settings those of an endpoint that posts to channels, shown
// with the first of them.
func (in endpointInput) toChannels(set *webhook.Settings) {
	set.Kind, set.Format, set.URL, set.Template, set.Headers, set.Custom = webhook.KindSlack, webhook.FormatSlack, "", "", nil, nil
	if len(in.channels) > 0 {
		first := in.channels[0]
		set.Channel, set.URL = &first, "#"+first.Name
	}
	if set.RatePerSecond == 0 {
		set.RatePerSecond = webhook.SlackRate
	}
}

// kindTabs are the two ways of a new endpoint.
func kindTabs(project webhook.ProjectID, slack bool) []component.Tab {
	return []component.Tab{
		{Label: "Webhook Call", URL: under(project, "endpoints", "new"), Current: !slack},
		{Label: "Slack Message", URL: newSlackURL(project), Current: slack},
	}
}

// slackStep is the first step of the form: the workspace's channels, or why
// there are none to choose.
func (w *Web) slackStep(c *gin.Context, form endpointForm) (*endpoints.SlackForm, error) {
	project := w.project(c).ID
	in := form.input
	f := &endpoints.SlackForm{
		One: form.before != nil, Query: component.Input{Value: in.channelQuery}, ByID: component.Input{Value: in.channelID}, Tried: form.tried,
		Error: endpointFaults(form.wrong, len(in.ticked)).fields["channel"],
	}
	state, err := w.Manage.SlackState(c.Request.Context(), w.caller(c), project)
	if err != nil {
		return nil, err
	}
	connect := component.Link{URL: under(project, "slack", "connect") + "?next=" + url.QueryEscape(slackFormURL(project, form.before))}
	switch {
	case !state.Offered:
		f.Problem = "This installation has no Slack app yet: an operator sets BELLWIRE_SLACK_CLIENT_ID and BELLWIRE_SLACK_CLIENT_SECRET."
		return f, nil
	case state.Install == nil:
		connect.Label = "Authenticate with Slack"
		f.Problem, f.Try = "Let Bellwire's app into your workspace first. Slack asks you which workspace, and what the app may do there.", connect
		return f, nil
	}
	f.Team = state.Install.TeamName
	found, err := w.Manage.SlackChannels(c.Request.Context(), w.caller(c), project, in.channelQuery)
	switch webhook.KindOf(err) {
	case webhook.KindConflict:
		connect.Label = "Reconnect Slack"
		f.Problem, f.Try = "Channels of "+f.Team+" can't be listed: "+err.Error()+".", connect
		return f, nil
	case webhook.KindUnavailable:
		w.Log.WarnContext(c.Request.Context(), "Slack can't be reached", "error", err)
		f.None = "Slack can't be reached at the moment. Try again in a minute, or type the channel's ID below."
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	offerChannels(f, in, found)
	return f, nil
}

// slackFormURL is where somebody who connects goes on.
func slackFormURL(project webhook.ProjectID, before *webhook.Endpoint) string {
	if before != nil {
		return pathEndpoint(*before, "edit")
	}
	return newSlackURL(project)
}

// offerChannels lists chosen channels first, then what was found.
func offerChannels(f *endpoints.SlackForm, in endpointInput, found manage.Channels) {
	byID := map[string]webhook.SlackChannel{}
	for _, ch := range found.List {
		byID[ch.ID] = ch
	}
	for _, ch := range in.channels {
		if known, ok := byID[ch.ID]; ok {
			ch = known
		}
		f.Channels = append(f.Channels, channelOption(ch, true))
	}
	for _, ch := range found.List {
		if len(f.Channels) == listedChannels {
			break
		}
		if !slices.Contains(in.channelIDs(), ch.ID) {
			f.Channels = append(f.Channels, channelOption(ch, false))
		}
	}
	switch more := len(found.List) - len(f.Channels); {
	case found.Cut:
		f.More = "The workspace has more channels than Slack lists at once: find one by its name, or type its ID."
	case more > 0:
		f.More = "And " + plural(int64(more), "other channel", "other channels") + ": type a part of the name and press Find."
	}
	switch {
	case len(f.Channels) > 0:
	case in.channelQuery != "":
		f.None = "No channel of the workspace has " + inQuotes(in.channelQuery) + " in its name."
	default:
		f.None = "The app sees no channel in this workspace. Invite it to one with /invite, or make a public channel."
	}
}

func channelOption(ch webhook.SlackChannel, chosen bool) endpoints.ChannelOption {
	return endpoints.ChannelOption{Value: ch.ID + " " + ch.Name, Name: ch.Name, ID: ch.ID, Private: ch.Private, Chosen: chosen}
}

// createForChannels makes an endpoint for each chosen channel.
func (w *Web) createForChannels(c *gin.Context, form endpointForm) error {
	project := w.project(c).ID
	set := form.input.settings()
	set.Channel, set.URL = nil, ""
	made, err := w.Manage.CreateSlackEndpoints(c.Request.Context(), w.caller(c), manage.NewEndpoint{ProjectID: project, Settings: set}, form.input.channelIDs())
	if wrong, ok := mistakes(err); ok {
		form.wrong = wrong
		return w.showForm(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	w.warn(c, made[0].Warnings)
	if len(made) == 1 {
		w.done(c, made[0].Name+" is ready: events that match become messages in "+made[0].URL+".")
		return w.redirect(c, pathEndpoint(made[0].Endpoint))
	}
	w.done(c, plural(int64(len(made)), "endpoint is", "endpoints are")+" ready, one for each channel.")
	return w.redirect(c, under(project, "endpoints"))
}

// tryChannels posts a test to every chosen channel and shows the form again.
func (w *Web) tryChannels(c *gin.Context, form endpointForm) error {
	ctx, project := c.Request.Context(), w.project(c).ID
	wished, _ := strings.CutPrefix(form.input.sample, sampleTopic)
	if strings.HasPrefix(form.input.sample, samplePast) {
		wished = ""
	}
	if len(form.input.channels) == 0 {
		form.wrong = map[string]string{"channel": "is missing: choose one to try"}
		return w.showForm(c, http.StatusUnprocessableEntity, form)
	}
	topic, err := w.Manage.SlackTopic(ctx, form.input.settings().Topics, wished)
	if err != nil {
		form.wrong = map[string]string{"topics": "choose one first: its example is what is posted"}
		return w.showForm(c, http.StatusUnprocessableEntity, form)
	}
	for _, channel := range form.input.channels[:min(len(form.input.channels), maxTries)] {
		_, err := w.Manage.TrySlack(ctx, w.caller(c), project, channel.ID, topic)
		tried := component.Flash{Tone: component.Good, Text: "#" + channel.Name + " got the test message."}
		switch webhook.KindOf(err) {
		case webhook.KindConflict, webhook.KindInvalid:
			tried = component.Flash{Tone: component.Bad, Text: "#" + channel.Name + ": " + sentence(problemText(err))}
		case webhook.KindUnavailable:
			w.Log.WarnContext(ctx, "Slack can't be reached", "error", err)
			tried = component.Flash{Tone: component.Bad, Text: "#" + channel.Name + ": Slack can't be reached at the moment. Try again in a minute."}
		default:
			if err != nil {
				return err
			}
		}
		form.tried = append(form.tried, tried)
	}
	return w.showForm(c, http.StatusOK, form)
}

// maxTries is how many channels one dry run posts to.
const maxTries = 20

// problemText is an error's own words without its place.
func problemText(err error) string {
	if wrong, ok := mistakes(err); ok {
		for _, text := range wrong {
			return text
		}
	}
	return err.Error()
}

func (w *Web) presentMessage(m blocks.Message) *endpoints.Message {
	shown := &endpoints.Message{Title: m.Title, At: moment(m.At, w.Now())}
	for _, f := range m.Fields {
		shown.Fields = append(shown.Fields, endpoints.MessageField{Name: f.Name, Value: f.Value})
	}
	if m.Quote != "" {
		shown.Quote = strings.Split(m.Quote, "\n")
	}
	if m.Link != "" {
		shown.Button = blocks.LinkText
	}
	return shown
}
