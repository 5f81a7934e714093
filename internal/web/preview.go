package web

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// The bounds of what the preview lists.
const (
	previewRows    = 100
	previewChoices = 25
	previewPaths   = 60
)

// formatWords names the format that topics bring.
func formatWords(name webhook.FormatName, reached int) string {
	if reached == 0 {
		return chooseForMe
	}
	for _, known := range wire.Formats() {
		if known.Name == name {
			return known.Title + ", by the topics"
		}
	}
	return string(name)
}

// chooseForMe is the format of those who choose none.
const chooseForMe = "By the topics"

// previewSecret signs previews. It is public, so it is worth nothing.
var previewSecret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("preview only, not a real secret!"))

// unknownURL stands in a preview's request line until there is a URL.
const unknownURL = "https://…"

// live is what follows from a form as it stands: which of the last events
// match, the request that would be sent, what saving would change.
func (w *Web) live(c *gin.Context, form endpointForm, topics []webhook.Topic) (endpoints.LiveModel, error) {
	in, set := form.input, form.input.settings()
	reached := reachedTopics(set.Topics, topics)
	if set.Format == "" {
		set.Format = webhook.DefaultFormat(groupsOf(reached))
	}
	m := endpoints.LiveModel{
		Patterns: presentPatterns(lines(in.patterns), topics), Members: memberPaths(reached, topics),
		Prompts: slices.ContainsFunc(reached, func(t webhook.Topic) bool { return webhook.IsPromptTopic(t.Name) }),
		Format:  formatWords(set.Format, len(reached)), Fault: presentFault(in), Changes: presentChanges(form.before, set),
	}
	wish := manage.PreviewWish{ProjectID: w.project(c).ID, Settings: set, Sample: sampleEvent(in.sample)}
	found, err := w.Manage.PreviewMatches(c.Request.Context(), w.caller(c), wish)
	wrong, isWrong := mistakes(err)
	if err != nil && !isWrong {
		return m, err
	}
	m.Matches = w.presentMatches(c, in, found, wrong)
	m.Request = w.presentRequest(w.project(c).ID, in, set, reached, found)
	return m, nil
}

func (w *Web) presentMatches(c *gin.Context, in endpointInput, found manage.Preview, wrong map[string]string) endpoints.Matches {
	switch {
	case len(in.settings().Topics) == 0:
		return endpoints.Matches{Waiting: true, Problem: "Choose a topic to see which of the last events match."}
	case wrong != nil:
		return endpoints.Matches{Problem: sentence(endpointFaults(wrong, len(in.ticked)).mistakes[0].Text)}
	case len(found.Recent) == 0:
		return endpoints.Matches{Mark: component.Mark{Tone: component.Neutral, Text: "No event was published yet to try this on"}}
	}
	m := endpoints.Matches{Mark: component.Mark{Tone: component.Good, Text: matchWords(len(found.Matched), len(found.Recent))}}
	if len(found.Matched) == 0 {
		m.Mark.Tone = component.Bad
	}
	for _, ev := range found.Matched[:min(len(found.Matched), previewRows)] {
		m.Taken = append(m.Taken, w.tried(c, ev, nil))
	}
	for _, missed := range found.Missed[:min(len(found.Missed), previewRows)] {
		m.Missed = append(m.Missed, w.tried(c, missed.Event, missed.Because))
	}
	m.MissedTitle = "Why the other " + plural(int64(len(found.Missed)), "event would not", "events would not")
	return m
}

func matchWords(matched, looked int) string {
	last := "the last " + plural(int64(looked), "event", "events")
	switch {
	case looked == 1 && matched == 1:
		return "the only event would match"
	case looked == 1:
		return "the only event would not match"
	case matched == 0:
		return "none of " + last + " would match"
	case matched == looked:
		return "all of " + last + " would match"
	}
	return fmt.Sprintf("%d of %s would match", matched, last)
}

func (w *Web) tried(c *gin.Context, ev webhook.Event, because []filter.Line) endpoints.Tried {
	t := endpoints.Tried{ID: ev.ID.String(), Topic: ev.Topic, At: moment(ev.AcceptedAt, w.Now()), URL: pathEvent(w.project(c).ID, ev.ID)}
	for _, l := range because {
		t.Because = append(t.Because, conditionWords(l))
	}
	return t
}

// conditionWords is why a condition failed, as short as it is clear.
func conditionWords(l filter.Line) string {
	switch {
	case l.Why == "":
		return l.What
	case strings.HasPrefix(l.What, "topic is one of "), strings.HasPrefix(l.What, "expression: "):
		return l.Why
	}
	return l.What + ": " + l.Why
}

// presentPatterns says which topics each glob takes now.
func presentPatterns(patterns []string, topics []webhook.Topic) []endpoints.PatternMatch {
	const named = 6
	var list []endpoints.PatternMatch
	for _, pattern := range patterns {
		m := endpoints.PatternMatch{Pattern: pattern}
		for _, t := range reachedTopics([]string{pattern}, topics) {
			m.Topics = append(m.Topics, t.Name)
		}
		switch more := len(m.Topics) - named; {
		case filter.CheckTopicPattern(pattern) != nil:
			m.None = "can't be a topic or a glob"
		case len(m.Topics) == 0:
			m.None = "takes no topic that there is now"
		case more > 0:
			m.Topics, m.More = m.Topics[:named], fmt.Sprintf("and %d more", more)
		}
		list = append(list, m)
	}
	return list
}

// memberPaths are members of the chosen topics' examples, of all topics while
// none is chosen.
func memberPaths(reached, topics []webhook.Topic) []string {
	if len(reached) == 0 {
		reached = topics
	}
	var paths []string
	for _, t := range reached {
		paths = appendPaths(paths, "", t.Example, 2)
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	return paths[:min(len(paths), previewPaths)]
}

func appendPaths(paths []string, before string, object []byte, depth int) []string {
	for key, value := range rawjson.All(object) {
		name, _ := rawjson.Text(key)
		if value[0] == '{' && depth > 1 {
			paths = appendPaths(paths, before+name+".", value, depth-1)
			continue
		}
		paths = append(paths, before+name)
	}
	return paths
}

// presentFault places the expression's mistake in its line.
func presentFault(in endpointInput) *endpoints.ExpressionFault {
	if !in.byExpression || strings.TrimSpace(in.expression) == "" {
		return nil
	}
	var mistake *filter.ExpressionError
	if !errors.As(filter.CheckExpression(in.payloadFilter().Expression), &mistake) {
		return nil
	}
	f := &endpoints.ExpressionFault{Place: fmt.Sprintf("Line %d, column %d", mistake.Line, mistake.Column), Message: mistake.Message, At: " "}
	all := strings.Split(in.expression, "\n")
	line := []rune(all[min(mistake.Line, len(all))-1])
	at := min(mistake.Column-1, len(line))
	f.Before = string(line[:at])
	if at < len(line) {
		end := at + wordLength(line[at:])
		f.At, f.After = string(line[at:end]), string(line[end:])
	}
	return f
}

// wordLength is how far a name reaches; other characters stand alone.
func wordLength(text []rune) int {
	n := 0
	for n < len(text) && (unicode.IsLetter(text[n]) || unicode.IsDigit(text[n]) || text[n] == '_') {
		n++
	}
	return max(n, 1)
}

// reachedTopics are those that patterns take, in the patterns' order.
func reachedTopics(patterns []string, topics []webhook.Topic) []webhook.Topic {
	var reached []webhook.Topic
	for _, pattern := range patterns {
		for _, t := range topics {
			known := slices.ContainsFunc(reached, func(r webhook.Topic) bool { return r.Name == t.Name })
			if !known && filter.Topic(pattern, t.Name) {
				reached = append(reached, t)
			}
		}
	}
	return reached
}

func groupsOf(topics []webhook.Topic) []webhook.Group {
	var groups []webhook.Group
	for _, t := range topics {
		if !slices.Contains(groups, t.Group) {
			groups = append(groups, t.Group)
		}
	}
	return groups
}
