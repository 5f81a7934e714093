package prompts

import (
	"fmt"
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// The bounds of a prompt.
const (
	MaxVersions = 1000
	// MaxBytes bounds what all versions of a prompt hold.
	MaxBytes = 32 << 20
)

// Event is one thing that happened to a version by a change.
type Event struct {
	Topic string
	// Version is as it stands after the change, a deleted one as it stood.
	Version webhook.PromptVersion
	Tags    []string
	// Labels and tags before the change; none for a version that is new.
	PreviousLabels []string
	PreviousTags   []string
}

// Outcome is what a change comes to. Without events nothing is different, but
// for tags that no labelled version shows.
type Outcome struct {
	// After is the prompt as it stands then, without versions if it is gone.
	After   webhook.Prompt
	Events  []Event
	Changed bool
}

// Draft is a new version as somebody asks for it, checked.
type Draft struct {
	Type          webhook.PromptType
	Content       []byte
	Config        []byte
	Labels        []string
	CommitMessage string
	// Tags nil leaves those that the prompt has.
	Tags []string
}

// Create adds a version to a prompt, which may not exist yet but has its name
// and project. The version gets the given id and becomes the latest; it takes
// its labels from those that hold them.
func Create(p webhook.Prompt, d Draft, id webhook.PromptVersionID, by webhook.Actor, now time.Time) (Outcome, error) {
	size := len(d.Content) + len(d.Config)
	switch {
	case p.Exists() && p.Type != d.Type:
		return Outcome{}, webhook.Conflict("Previous versions have different prompt type. Create a new prompt with a different name.")
	case len(p.Versions) >= MaxVersions:
		return Outcome{}, webhook.Conflict("%s has %d versions, the most a prompt can have: delete some first", p.Name, MaxVersions)
	case p.Bytes()+size > MaxBytes:
		return Outcome{}, webhook.Conflict("the versions of %s hold over %d MiB together: delete some first", p.Name, MaxBytes>>20)
	}
	after := edited(p, now)
	if !p.Exists() {
		after.Type, after.CreatedAt = d.Type, now
	}
	after.Made++
	if tags := unique(d.Tags); d.Tags != nil && !same(tags, p.Tags) {
		after.Tags = tags
	}
	labels := unique(append(without(d.Labels, webhook.LabelLatest), webhook.LabelLatest))
	take(after.Versions, labels)
	after.Versions = append(after.Versions, webhook.PromptVersion{
		ID: id, Number: after.Made, Labels: labels, Content: d.Content, Config: d.Config, Bytes: size, CommitMessage: d.CommitMessage,
		CreatedBy: by, CreatedAt: now,
	})
	return settle(p, after, after.Made, now), nil
}

// AddLabels moves labels to a version, which keeps those that it has.
func AddLabels(p webhook.Prompt, number int, labels []string, now time.Time) (Outcome, error) {
	v := p.Version(number)
	if v == nil {
		return Outcome{}, noVersion(p.Name, number)
	}
	return SetLabels(p, number, append(without(v.Labels, webhook.LabelLatest), labels...), now)
}

// SetLabels moves labels to a version and takes away all others but latest,
// which stays where it is.
func SetLabels(p webhook.Prompt, number int, labels []string, now time.Time) (Outcome, error) {
	v := p.Version(number)
	if v == nil {
		return Outcome{}, noVersion(p.Name, number)
	}
	if slices.Contains(labels, webhook.LabelLatest) {
		return Outcome{}, webhook.Conflict("Label 'latest' is always assigned to the latest prompt version")
	}
	after := edited(p, now)
	labels = unique(labels)
	take(after.Versions, labels)
	if slices.Contains(v.Labels, webhook.LabelLatest) {
		labels = append(labels, webhook.LabelLatest)
	}
	if !same(labels, v.Labels) {
		after.Version(number).Labels = labels
	} else {
		after.Version(number).Labels = v.Labels
	}
	return settle(p, after, number, now), nil
}

// SetTags replaces the tags of a prompt.
func SetTags(p webhook.Prompt, tags []string, now time.Time) Outcome {
	after := edited(p, now)
	if tags = unique(tags); !same(tags, p.Tags) {
		after.Tags = tags
	}
	return settle(p, after, 0, now)
}

// Delete removes versions. latest falls back to the newest of the others;
// without others the prompt is gone.
func Delete(p webhook.Prompt, numbers []int, now time.Time) (Outcome, error) {
	after := edited(p, now)
	for _, n := range numbers {
		if p.Version(n) == nil {
			return Outcome{}, noVersion(p.Name, n)
		}
	}
	after.Versions = slices.DeleteFunc(after.Versions, func(v webhook.PromptVersion) bool { return slices.Contains(numbers, v.Number) })
	if last := len(after.Versions) - 1; last >= 0 && after.Labelled(webhook.LabelLatest) == nil {
		after.Versions[last].Labels = append(slices.Clone(after.Versions[last].Labels), webhook.LabelLatest)
	}
	return settle(p, after, 0, now), nil
}

// settle compares a prompt before and after a change: it stamps what became
// different and says what follows. First comes what happened to the versions
// that are gone, then to the one that the change is about, then to the others in
// order of their numbers.
func settle(before, after webhook.Prompt, about int, now time.Time) Outcome {
	out := Outcome{After: after}
	retagged := !same(before.Tags, after.Tags)
	for _, v := range before.Versions {
		if after.Version(v.Number) == nil {
			out.Events = append(out.Events, Event{Topic: webhook.TopicPromptDeleted, Version: v, Tags: before.Tags, PreviousLabels: v.Labels, PreviousTags: before.Tags})
		}
	}
	var others []Event
	for i := range after.Versions {
		v := &after.Versions[i]
		e := Event{Topic: webhook.TopicPromptUpdated, Tags: after.Tags, PreviousTags: before.Tags}
		was := before.Version(v.Number)
		switch {
		case was == nil:
			e.Topic, e.PreviousTags = webhook.TopicPromptCreated, nil
		case same(was.Labels, v.Labels) && (!retagged || len(v.Labels) == 0):
			continue
		default:
			e.PreviousLabels = was.Labels
		}
		v.UpdatedAt = now
		if e.Version = *v; v.Number == about {
			out.Events = append(out.Events, e)
		} else {
			others = append(others, e)
		}
	}
	out.Events = append(out.Events, others...)
	if out.Changed = len(out.Events) > 0 || retagged; !out.Changed {
		out.After = before
	}
	return out
}

// edited is a copy whose versions can be changed.
func edited(p webhook.Prompt, now time.Time) webhook.Prompt {
	p.Versions = slices.Clone(p.Versions)
	p.UpdatedAt = now
	return p
}

// take takes labels away from whoever holds them.
func take(versions []webhook.PromptVersion, labels []string) {
	for i := range versions {
		versions[i].Labels = slices.DeleteFunc(slices.Clone(versions[i].Labels), func(l string) bool { return slices.Contains(labels, l) })
	}
}

// unique drops repeats and keeps the order.
func unique(words []string) []string {
	kept := make([]string, 0, len(words))
	for _, w := range words {
		if !slices.Contains(kept, w) {
			kept = append(kept, w)
		}
	}
	return kept
}

func without(words []string, word string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == word })
}

// same compares sets of words.
func same(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(w string) bool { return !slices.Contains(b, w) })
}

func noVersion(name string, number int) error {
	return webhook.NotFound("%s", fmt.Sprintf("Prompt not found: '%s' with version %d", name, number))
}
