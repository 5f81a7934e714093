package endpoints

import (
	"strconv"

	"github.com/bellwire/bellwire/views/component"
)

// KindSlack is what "kind" posts for an endpoint that posts to channels.
const KindSlack = "slack"

// SlackForm is the first step of an endpoint that posts to channels. It posts:
//
//	kind (KindSlack)
//	channel (many: an id, a space and its name; one when an endpoint is changed)
//	channelID (an id that somebody typed), channelQuery (a part of a name)
type SlackForm struct {
	// Team is the workspace; empty while there is no connection.
	Team string
	// Problem says why no channel can be chosen, and Try what to do; empty if
	// channels are offered.
	Problem string
	Try     component.Link
	// One says that a single channel is chosen: an endpoint is changed.
	One      bool
	Channels []ChannelOption
	// More says that not all are listed; None stands for an empty list.
	More  string
	None  string
	Query component.Input
	ByID  component.Input
	Error string
	// Tried are the answers to a dry run, one for each channel.
	Tried []component.Flash
}

// ChannelOption is one channel to choose.
type ChannelOption struct {
	Value   string
	Name    string
	ID      string
	Private bool
	Chosen  bool
}

// kind is the input's type: several channels make several endpoints.
func (f SlackForm) kind() string {
	if f.One {
		return "radio"
	}
	return "checkbox"
}

// Message is what a channel would be told, as Slack shows it.
type Message struct {
	Title  string
	Fields []MessageField
	// Quote is the commit message, a line each.
	Quote  []string
	At     component.Time
	Button string
}

// MessageField is one line of facts.
type MessageField struct{ Name, Value string }

func (f SlackForm) chosen() string {
	n := 0
	for _, c := range f.Channels {
		if c.Chosen {
			n++
		}
	}
	return strconv.Itoa(n) + " of " + strconv.Itoa(len(f.Channels))
}

func nameHint(one bool) string {
	if one {
		return "How you find it again. Empty: the channel's name."
	}
	return "How you find it again; with several channels each name ends with its channel's. Empty: the channel's name."
}
