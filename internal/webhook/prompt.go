package webhook

import (
	"slices"
	"time"
)

// PromptType is what a prompt's versions hold.
type PromptType string

// The types of prompt: a text, or the messages of a chat.
const (
	PromptText PromptType = "text"
	PromptChat PromptType = "chat"
)

// The labels with a meaning of their own: latest always stands on the newest
// version, production is what programs get that name none.
const (
	LabelLatest     = "latest"
	LabelProduction = "production"
)

// The topics of what happens to prompts.
const (
	TopicPromptCreated = "prompt.created"
	TopicPromptUpdated = "prompt.updated"
	TopicPromptDeleted = "prompt.deleted"
)

// Prompt is what a program asks for by name; it stands in versions. The zero
// value is one that does not exist.
type Prompt struct {
	ID        PromptID
	ProjectID ProjectID
	// Name may hold a folder path: "support/billing".
	Name string
	Type PromptType
	// Tags belong to the prompt, labels to its versions.
	Tags []string
	// Made is the number of the newest version that was ever made: no number is
	// given twice.
	Made int
	// Versions are in order of their numbers, never none.
	Versions  []PromptVersion
	CreatedAt time.Time
	UpdatedAt time.Time
}

// PromptVersion is one version of a prompt. What it holds never changes; its
// labels do. No label stands on two versions of a prompt.
type PromptVersion struct {
	ID     PromptVersionID
	Number int
	Labels []string
	// Content is JSON: a string, or an array of messages; Config is any JSON.
	// Both are nil where only the rest was read.
	Content []byte
	Config  []byte
	// Bytes is the size of both.
	Bytes int
	// CommitMessage says why; empty for none.
	CommitMessage string
	CreatedBy     Actor
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// Exists reports whether there is such a prompt.
func (p Prompt) Exists() bool { return len(p.Versions) > 0 }

// Version finds a version by its number, nil if there is none.
func (p Prompt) Version(number int) *PromptVersion {
	i := slices.IndexFunc(p.Versions, func(v PromptVersion) bool { return v.Number == number })
	if i < 0 {
		return nil
	}
	return &p.Versions[i]
}

// Labelled finds the version that holds a label, nil if none does.
func (p Prompt) Labelled(label string) *PromptVersion {
	i := slices.IndexFunc(p.Versions, func(v PromptVersion) bool { return slices.Contains(v.Labels, label) })
	if i < 0 {
		return nil
	}
	return &p.Versions[i]
}

// Bytes is the size of what all versions hold.
func (p Prompt) Bytes() (n int) {
	for _, v := range p.Versions {
		n += v.Bytes
	}
	return n
}

// Labels are those of all versions, the newest version's first.
func (p Prompt) Labels() []string {
	var all []string
	for _, v := range slices.Backward(p.Versions) {
		all = append(all, v.Labels...)
	}
	return all
}

// PromptHead is a prompt as a list shows it.
type PromptHead struct {
	ID   PromptID
	Name string
	Type PromptType
	Tags []string
	// Labels are those of all versions.
	Labels []string
	// Latest is the number of the newest version, Count how many there are.
	Latest    int
	Count     int
	UpdatedAt time.Time
}

// PromptQuery narrows a list of a project's prompts, which is in order of name.
// Empty members narrow nothing.
type PromptQuery struct {
	ProjectID ProjectID
	// Name is the whole name, Search a part of it in any case, Folder what it
	// begins with up to a "/".
	Name   string
	Search string
	Folder string
	// Direct leaves out what lies in folders of the Folder.
	Direct bool
	Label  string
	Tag    string
	// Since and Until bound the time of the last change.
	Since, Until time.Time
	// Skip leaves out so many, Limit bounds the rest.
	Skip, Limit int
}

// PromptEdit is what a decision makes of a prompt: how it stands afterwards,
// without versions if it is gone, and what follows. Content of versions that
// stood before may be left out.
type PromptEdit struct {
	After     Prompt
	Admission Admission
	// Audit records it; nil for an edit that changes nothing.
	Audit *AuditEntry
}
