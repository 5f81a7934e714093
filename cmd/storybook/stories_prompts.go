package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/prompts"
)

func promptStories() map[string]teller {
	return map[string]teller{
		"prompts":        func(t string) templ.Component { return prompts.List(promptList(t)) },
		"prompts-found":  func(t string) templ.Component { return prompts.List(promptFound(t)) },
		"prompts-empty":  func(t string) templ.Component { return prompts.List(promptEmpty(t)) },
		"prompt":         func(t string) templ.Component { return prompts.Show(promptShow(t)) },
		"prompt-long":    func(t string) templ.Component { return prompts.Show(promptLong(t)) },
		"prompt-chat":    func(t string) templ.Component { return prompts.Show(promptChat(t)) },
		"prompt-beside":  func(t string) templ.Component { return prompts.Show(promptBeside(t)) },
		"prompt-viewer":  func(t string) templ.Component { return prompts.Show(promptViewer(t)) },
		"prompt-new":     func(t string) templ.Component { return prompts.Form(promptForm(t)) },
		"prompt-wrong":   func(t string) templ.Component { return prompts.Form(promptWrong(t)) },
		"prompt-version": func(t string) templ.Component { return prompts.Form(promptVersion(t)) },
	}
}

func promptList(theme string) prompts.ListModel {
	m := prompts.ListModel{
		Shell: shell(theme, "Prompts"), Title: "Prompts", NewURL: "/story/prompt-new", HooksURL: "/story/endpoints", Action: "/story/prompts",
		Labels:  []component.Option{{Label: "any label"}, {Value: "production", Label: "production"}},
		Tags:    []component.Option{{Label: "any tag"}, {Value: "team:ops", Label: "team:ops"}},
		Folders: []prompts.Folder{{Name: "support", URL: "/story/prompts", Count: "12 prompts"}, {Name: strings.Repeat("a-long-folder-", 12), URL: "/story/prompts", Count: "1,204 prompts"}},
	}
	for i, name := range []string{"movie-critic", longName, rtlName + " " + emoji} {
		m.Rows = append(m.Rows, prompts.Row{
			Name: name, URL: "/story/prompt", Type: []string{"text", "chat"}[i%2], Labels: []string{"production", "staging", "canary", "eu-west-only-for-a-while"}[:4-i],
			Tags: []string{"team:support", "a rather long tag that says much"}[:1+i%2], Versions: fmt.Sprint(3 + i*400), Changed: ago(time.Duration(i*i+1) * 7 * time.Hour),
		})
	}
	m.Pager = component.Pager{Text: "1–50 of 1,204, by name", NextURL: "/story/prompts", NextLabel: "Next page"}
	return m
}

func promptFound(theme string) prompts.ListModel {
	m := promptList(theme)
	m.Folders, m.Query, m.Clear = nil, "critic", "/story/prompts"
	m.Chosen = []component.Chip{{Label: "name has “critic”", URL: "/story/prompts", On: true}, {Label: "tag " + strings.Repeat("long ", 30), URL: "/story/prompts", On: true}}
	return m
}

func promptEmpty(theme string) prompts.ListModel {
	m := promptList(theme)
	m.Folders, m.Rows = nil, nil
	m.Empty = component.EmptyModel{Title: "No prompt yet", Text: "Keep what you say to models here.", Action: component.Link{Label: "Make the first one", URL: "/story/prompt-new"}}
	return m
}

var production = prompts.Label{Text: "production", Marked: true}

func promptShow(theme string) prompts.ShowModel {
	m := prompts.ShowModel{
		Shell: shell(theme, "Prompts", "movie-critic"), Name: "movie-critic", Type: "text", Tags: []string{"entertainment", "team:film"}, NewURL: "/story/prompt-version",
		Events: component.Link{Label: "See events of prompts", URL: "/story/events"}, Action: "/story/prompt-beside",
		Open: prompts.Version{
			Number: "3", Labels: []prompts.Label{production, {Text: "latest"}}, By: "Ann Example", Made: ago(3 * time.Hour), Message: "Improved critic persona",
			Text:   component.Body{Text: "As a {{criticLevel}} movie critic, rate {{movie}} out of 10.\n\nSay in one sentence why.\n" + hostile, Kind: "text", Size: "141 B"},
			Config: component.Body{Text: "{\n  \"model\": \"gpt-4o\",\n  \"temperature\": 0.7\n}", Kind: "json"},
		},
		Compare: component.FieldModel{Name: "with", ID: "compare-with", Label: "Compare version 3 with"},
		Others:  []component.Option{{Value: "2", Label: "version 2 (staging)"}, {Value: "1", Label: "version 1"}},
		History: []prompts.Entry{
			{Number: "3", URL: "/story/prompt", Labels: []prompts.Label{production, {Text: "latest"}}, Message: "Improved critic persona", By: "Ann Example", Made: ago(3 * time.Hour), Current: true},
			{Number: "2", URL: "/story/prompt", Labels: []prompts.Label{{Text: "staging"}}, Message: strings.Repeat("words and more words ", 12), By: "the key “ci”", Made: ago(50 * time.Hour)},
			{Number: "1", URL: "/story/prompt", By: rtlName, Made: ago(900 * time.Hour)},
		},
		Older: "1,950 older versions not shown.",
	}
	m.Edit = &prompts.Edit{
		LabelsURL: "/story/prompt", TagsURL: "/story/prompt", LabelsNote: "A label stands on one version only: set here, it moves, and both versions are told as updated.",
		Labels:       component.FieldModel{Name: "labels", Label: "Labels", Input: component.Input{Value: "production"}, Mono: true, Hint: "Separated by spaces. Leave one out to take it away."},
		TagsField:    component.FieldModel{Name: "tags", Label: "Tags", Input: component.Input{Value: "entertainment\nteam:film"}, Rows: 3, Hint: "One per line."},
		DeleteOne:    component.ConfirmModel{ID: "delete-version", Label: "Delete version 3", Title: "Delete version 3 of movie-critic?", Consequence: "It goes for good, and prompt.deleted is sent.", URL: "/story/prompt", Danger: true},
		DeletePrompt: component.ConfirmModel{ID: "delete-prompt", Label: "Delete the whole prompt", Title: "Delete movie-critic?", Consequence: "All its 3 versions go for good.", URL: "/story/prompt", Danger: true},
	}
	return m
}

func promptLong(theme string) prompts.ShowModel {
	m := promptShow(theme)
	m.Name, m.Tags = longName, []string{strings.Repeat("tag-", 50), rtlName, emoji}
	m.Open.Labels = []prompts.Label{production, {Text: strings.Repeat("label", 7)}, {Text: "latest"}}
	m.Open.Message, m.Open.By = strings.Repeat("A long reason. ", 30), longName
	m.Open.Text.Text = strings.Repeat("word", 200) + "\n" + strings.Repeat("A sentence that goes on and on. ", 60)
	m.Edit.Labels.Input = component.Input{Value: "Not Good", Error: `labels[0] must be lowercase letters, digits, "_", "-" and "." only`}
	return m
}

func promptChat(theme string) prompts.ShowModel {
	m := promptShow(theme)
	m.Type = "chat"
	m.Open.Text = component.Body{}
	m.Open.Messages = []prompts.Message{
		{Role: "system", Text: "You help customers of {{shop}}.\nBe brief."}, {Text: "history", Placeholder: true}, {Role: "user", Text: strings.Repeat("Where is my parcel? ", 20) + hostile},
	}
	return m
}

func promptBeside(theme string) prompts.ShowModel {
	m := promptShow(theme)
	m.Beside = &prompts.Beside{Left: "2", Right: "3", BackURL: "/story/prompt", Lines: []prompts.Line{
		{Left: "You are a movie critic.", Right: "You are a movie critic."},
		{Left: "Rate {{movie}}.", Right: "As a {{criticLevel}} critic, rate {{movie}} out of 10, " + strings.Repeat("and say why ", 8), Changed: true},
		{Right: "Say in one sentence why.", Changed: true, LeftMissing: true},
		{Left: "", Right: ""}, {Left: strings.Repeat("x", 120), Right: strings.Repeat("x", 120)}, {Left: "Bye.", Changed: true, RightMissing: true},
	}}
	return m
}

func promptViewer(theme string) prompts.ShowModel {
	m := promptShow(theme)
	m.NewURL, m.Edit, m.Others, m.Older, m.Tags, m.Open.Config = "", nil, nil, "", nil, component.Body{}
	m.History = m.History[:1]
	return m
}

func promptForm(theme string) prompts.FormModel {
	return prompts.FormModel{
		Shell: shell(theme, "Prompts", "New"), Title: "New prompt", Action: "/story/prompt-wrong", CancelURL: "/story/prompts",
		Types:   []component.Option{{Value: "text", Label: "Text", Hint: "One text, with {{variables}} to fill in.", Selected: true}, {Value: "chat", Label: "Chat", Hint: "Messages as JSON."}},
		Content: component.FieldModel{Name: "prompt", Label: "Prompt", Rows: 12, Mono: true, Required: true, Placeholder: "Rate {{movie}} out of 10."},
		Config:  component.FieldModel{Name: "config", Label: "Config", Rows: 4, Mono: true, Optional: true, Hint: "Any JSON; it goes to programs as it is."},
	}
}

func promptWrong(theme string) prompts.FormModel {
	m := promptForm(theme)
	m.Name, m.Labels = component.Input{Value: "a|b", Error: `can't contain "|"`}, component.Input{Value: "Production", Error: "labels[0] must be lowercase letters"}
	m.Content.Input = component.Input{Value: "[{", Error: "must be JSON"}
	m.Mistakes = []component.Mistake{{Field: "name", Text: `name can't contain "|"`}, {Field: "labels", Text: "labels[0] must be lowercase letters"}, {Field: "prompt", Text: "prompt must be JSON"}}
	return m
}

func promptVersion(theme string) prompts.FormModel {
	m := promptForm(theme)
	m.Title, m.Known, m.Name = "New version of "+longName, true, component.Input{Value: longName}
	m.Content.Input.Value = "As a {{criticLevel}} movie critic, rate {{movie}} out of 10."
	return m
}
