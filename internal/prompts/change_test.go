package prompts_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/prompts"
	"github.com/bellwire/bellwire/internal/webhook"
)

var (
	then = time.UnixMilli(1_700_000_000_000).UTC()
	now  = then.Add(time.Hour)
	ann  = webhook.Actor{Type: webhook.ActorUser, ID: webhook.UUID{9}, Name: "Ann"}
)

// critic is a prompt of three versions; the words are "labels of 1 | of 2 | of 3".
func critic(labels string, tags ...string) webhook.Prompt {
	p := webhook.Prompt{ID: webhook.PromptID{UUID: webhook.UUID{1}}, Name: "movie-critic", Type: webhook.PromptText, Tags: tags, Made: 3, CreatedAt: then, UpdatedAt: then}
	for i, words := range strings.Split(labels, "|") {
		p.Versions = append(p.Versions, webhook.PromptVersion{
			ID: webhook.PromptVersionID{UUID: webhook.UUID{2, byte(i)}}, Number: i + 1, Labels: strings.Fields(words), CreatedAt: then, UpdatedAt: then,
		})
	}
	return p
}

// told writes an outcome as "created 4 [a b] was []".
func told(out prompts.Outcome) []string {
	lines := []string{}
	for _, e := range out.Events {
		line := fmt.Sprintf("%s %d %v was %v", strings.TrimPrefix(e.Topic, "prompt."), e.Version.Number, e.Version.Labels, e.PreviousLabels)
		if fmt.Sprint(e.Tags) != fmt.Sprint(e.PreviousTags) {
			line += fmt.Sprintf(", tags %v were %v", e.Tags, e.PreviousTags)
		}
		lines = append(lines, line)
	}
	return lines
}

func labelsOf(p webhook.Prompt) string {
	parts := []string{}
	for _, v := range p.Versions {
		parts = append(parts, fmt.Sprintf("%d %s", v.Number, strings.Join(v.Labels, " ")))
	}
	return strings.Join(parts, " | ")
}

func TestWhatFollowsFromAChange(t *testing.T) {
	t.Parallel()
	create := func(d prompts.Draft) func(webhook.Prompt) (prompts.Outcome, error) {
		return func(p webhook.Prompt) (prompts.Outcome, error) {
			d.Type, d.Content, d.Config = webhook.PromptText, []byte(`"x"`), []byte(`{}`)
			return prompts.Create(p, d, webhook.PromptVersionID{UUID: webhook.UUID{7}}, ann, now)
		}
	}
	add := func(number int, labels ...string) func(webhook.Prompt) (prompts.Outcome, error) {
		return func(p webhook.Prompt) (prompts.Outcome, error) { return prompts.AddLabels(p, number, labels, now) }
	}
	set := func(number int, labels ...string) func(webhook.Prompt) (prompts.Outcome, error) {
		return func(p webhook.Prompt) (prompts.Outcome, error) { return prompts.SetLabels(p, number, labels, now) }
	}
	tag := func(tags ...string) func(webhook.Prompt) (prompts.Outcome, error) {
		return func(p webhook.Prompt) (prompts.Outcome, error) { return prompts.SetTags(p, tags, now), nil }
	}
	remove := func(numbers ...int) func(webhook.Prompt) (prompts.Outcome, error) {
		return func(p webhook.Prompt) (prompts.Outcome, error) { return prompts.Delete(p, numbers, now) }
	}
	cases := []struct {
		name   string
		before webhook.Prompt
		change func(webhook.Prompt) (prompts.Outcome, error)
		events []string
		after  string
	}{
		{"a first version is created and is the latest", webhook.Prompt{Name: "n"}, create(prompts.Draft{Labels: []string{"production"}, Tags: []string{"a"}}),
			[]string{"created 1 [production latest] was [], tags [a] were []"}, "1 production latest"},
		{"a version without labels takes latest", critic(" | | production latest"), create(prompts.Draft{}),
			[]string{"created 4 [latest] was []", "updated 3 [production] was [production latest]"}, "1  | 2  | 3 production | 4 latest"},
		{"a version takes the labels it is given from all that hold one", critic("a|b production|latest"), create(prompts.Draft{Labels: []string{"production", "a", "latest", "a"}}),
			[]string{"created 4 [production a latest] was []", "updated 1 [] was [a]", "updated 2 [b] was [b production]", "updated 3 [] was [latest]"},
			"1  | 2 b | 3  | 4 production a latest"},
		{"a version with other tags changes those of every labelled version, once each", critic("a| |latest", "x"), create(prompts.Draft{Tags: []string{"y"}}),
			[]string{"created 4 [latest] was [], tags [y] were []", "updated 1 [a] was [a], tags [y] were [x]", "updated 3 [] was [latest], tags [y] were [x]"},
			"1 a | 2  | 3  | 4 latest"},
		{"a version with the same tags in another order changes no tags", critic(" | |latest", "x", "y"), create(prompts.Draft{Tags: []string{"y", "x", "y"}}),
			[]string{"created 4 [latest] was [], tags [x y] were []", "updated 3 [] was [latest]"}, "1  | 2  | 3  | 4 latest"},
		{"a number is not given twice", critic("|latest"), create(prompts.Draft{}),
			[]string{"created 4 [latest] was []", "updated 2 [] was [latest]"}, "1  | 2  | 4 latest"},
		{"labels move", critic("production| |latest"), add(2, "production", "staging"),
			[]string{"updated 2 [production staging] was []", "updated 1 [] was [production]"}, "1  | 2 production staging | 3 latest"},
		{"labels that are there already change nothing", critic("production a| |latest"), add(1, "a"), []string{}, "1 production a | 2  | 3 latest"},
		{"no labels change nothing", critic("production| |latest"), add(1), []string{}, "1 production | 2  | 3 latest"},
		{"labels are replaced, and latest stays", critic("a|b|c latest"), set(3, "b", "d"),
			[]string{"updated 3 [b d latest] was [c latest]", "updated 2 [] was [b]"}, "1 a | 2  | 3 b d latest"},
		{"labels in another order are the same", critic("a b| |latest"), set(1, "b", "a"), []string{}, "1 a b | 2  | 3 latest"},
		{"a label is taken away", critic("a b| |latest"), set(1, "b"), []string{"updated 1 [b] was [a b]"}, "1 b | 2  | 3 latest"},
		{"tags change", critic("a| |latest", "x"), tag("y", "x"),
			[]string{"updated 1 [a] was [a], tags [y x] were [x]", "updated 3 [latest] was [latest], tags [y x] were [x]"}, "1 a | 2  | 3 latest"},
		{"the same tags", critic("a| |latest", "x", "y"), tag("y", "x"), []string{}, "1 a | 2  | 3 latest"},
		{"a version is deleted", critic("a| |latest"), remove(1), []string{"deleted 1 [a] was [a]"}, "2  | 3 latest"},
		{"latest falls back", critic("a|b|c latest"), remove(3), []string{"deleted 3 [c latest] was [c latest]", "updated 2 [b latest] was [b]"}, "1 a | 2 b latest"},
		{"a whole prompt is deleted", critic("a| |latest"), remove(3, 1, 2),
			[]string{"deleted 1 [a] was [a]", "deleted 2 [] was []", "deleted 3 [latest] was [latest]"}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			was := labelsOf(c.before)
			out, err := c.change(c.before)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.events, told(out)); diff != "" {
				t.Errorf("events:\n%s", diff)
			}
			if diff := cmp.Diff(c.after, labelsOf(out.After)); diff != "" {
				t.Errorf("afterwards:\n%s", diff)
			}
			if labelsOf(c.before) != was {
				t.Errorf("what stood before became %s", labelsOf(c.before))
			}
			if out.Changed != (len(c.events) > 0) || !out.Changed && out.After.UpdatedAt.Equal(now) {
				t.Errorf("changed %v, updated %s", out.Changed, out.After.UpdatedAt)
			}
			for _, e := range out.Events {
				if fresh := e.Version.UpdatedAt.Equal(now); fresh != (e.Topic != webhook.TopicPromptDeleted) {
					t.Errorf("%s of %d is stamped %s", e.Topic, e.Version.Number, e.Version.UpdatedAt)
				}
			}
		})
	}
}

func TestChangesThatCannotBeMade(t *testing.T) {
	t.Parallel()
	p := critic("a| |latest")
	full := p
	full.Versions = make([]webhook.PromptVersion, prompts.MaxVersions)
	heavy := critic("latest")
	heavy.Versions[0].Bytes = prompts.MaxBytes
	text := prompts.Draft{Type: webhook.PromptText, Content: []byte(`"x"`)}
	create := func(p webhook.Prompt, d prompts.Draft) error {
		_, err := prompts.Create(p, d, webhook.PromptVersionID{}, ann, now)
		return err
	}
	_, unknown := prompts.AddLabels(p, 9, []string{"a"}, now)
	_, gone := prompts.Delete(p, []int{1, 9}, now)
	_, latest := prompts.AddLabels(p, 3, []string{"a", "latest"}, now)
	for name, c := range map[string]struct {
		err  error
		kind webhook.Kind
		says string
	}{
		"another type":          {create(p, prompts.Draft{Type: webhook.PromptChat, Content: []byte(`[]`)}), webhook.KindConflict, "Previous versions have different prompt type. Create a new prompt with a different name."},
		"too many versions":     {create(full, text), webhook.KindConflict, "delete some first"},
		"too much":              {create(heavy, text), webhook.KindConflict, "delete some first"},
		"a version not there":   {unknown, webhook.KindNotFound, "Prompt not found: 'movie-critic' with version 9"},
		"one of them not there": {gone, webhook.KindNotFound, "version 9"},
		"latest by hand":        {latest, webhook.KindConflict, "Label 'latest' is always assigned to the latest prompt version"},
	} {
		if webhook.KindOf(c.err) != c.kind || !strings.Contains(fmt.Sprint(c.err), c.says) {
			t.Errorf("%s: %v", name, c.err)
		}
	}
}

func TestAnEventReadsAsTheDocumentSays(t *testing.T) {
	t.Parallel()
	p := critic("a| |latest", "entertainment")
	p.ProjectID = webhook.ProjectID{UUID: webhook.UUID{4}}
	out := prompts.SetTags(p, []string{"<new>"}, now)
	e := out.Events[0]
	e.Version.Content, e.Version.Config = []byte(`"rate {{movie}} <b>"`), []byte(`{"temperature":0.70}`)
	data, err := prompts.Data(out.After, e, webhook.UUID{8}, ann)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"02000000-0000-0000-0000-000000000000","name":"movie-critic","version":1,"projectId":"04000000-0000-0000-0000-000000000000","labels":["a"],` +
		`"prompt":"rate {{movie}} <b>","type":"text","config":{"temperature":0.70},"tags":["<new>"],"createdAt":"2023-11-14T22:13:20.000Z","updatedAt":"2023-11-14T23:13:20.000Z",` +
		`"commitMessage":null,"changeId":"08000000-0000-0000-0000-000000000000","previous":{"labels":["a"],"tags":["entertainment"]},` +
		`"actor":{"type":"user","id":"09000000-0000-0000-0000-000000000000","name":"Ann"}}`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Error(diff)
	}
}
