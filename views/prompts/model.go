// Package prompts shows the prompt registry: its list by folders, one prompt
// with its versions, two versions side by side, and the form of a new version.
package prompts

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// ListModel is one folder of prompts, or what a search found.
type ListModel struct {
	Shell layout.AppModel
	// Title is the folder's path, "Prompts" at the top.
	Title string
	// NewURL is empty for people who may not write.
	NewURL   string
	HooksURL string
	// Action takes q, label and tag by GET; Folder is kept.
	Action string
	Query  string
	Labels []component.Option
	Tags   []component.Option
	// Chosen reads the search out, Clear takes it away.
	Chosen  []component.Chip
	Clear   string
	Folders []Folder
	Rows    []Row
	Pager   component.Pager
	Empty   component.EmptyModel
}

// Folder holds prompts, at any depth.
type Folder struct {
	Name  string
	URL   string
	Count string
}

// Row is one prompt in the list.
type Row struct {
	Name     string
	URL      string
	Type     string
	Labels   []string
	Tags     []string
	Versions string
	Changed  component.Time
}

// ShowModel is one prompt with one version opened, or two side by side.
type ShowModel struct {
	Shell layout.AppModel
	Name  string
	Type  string
	Tags  []string
	// NewURL and Edit are empty for people who may not write.
	NewURL string
	Edit   *Edit
	Events component.Link
	Open   Version
	// Beside is the other version; nil shows one.
	Beside *Beside
	// Compare takes "with" by GET; Version is kept.
	Compare component.FieldModel
	Others  []component.Option
	Action  string
	History []Entry
	// Older says how many versions the history leaves out; empty for none.
	Older string
}

// Edit is what people who may write can do.
type Edit struct {
	LabelsURL    string
	Labels       component.FieldModel
	LabelsNote   string
	TagsURL      string
	TagsField    component.FieldModel
	DeleteOne    component.ConfirmModel
	DeletePrompt component.ConfirmModel
}

// Version is one version, whole.
type Version struct {
	Number  string
	Labels  []Label
	By      string
	Made    component.Time
	Message string
	// Text is the prompt of type text; Messages those of a chat.
	Text     component.Body
	Messages []Message
	Config   component.Body
}

// Label is one label; Marked stands out: it is what programs get.
type Label struct {
	Text   string
	Marked bool
}

// Message is one message of a chat, or a placeholder for several.
type Message struct {
	Role        string
	Text        string
	Placeholder bool
}

// Entry is a version in the history.
type Entry struct {
	Number  string
	URL     string
	Labels  []Label
	Message string
	By      string
	Made    component.Time
	Current bool
}

// Beside is a comparison, the older version on the left.
type Beside struct {
	Left, Right string
	Lines       []Line
	// Note says what the lines leave out, or that nothing differs.
	Note string
	// BackURL shows the one version again.
	BackURL string
}

// Line is a line of two versions. Changed lines differ; a side that has none is
// missing there.
type Line struct {
	Left, Right               string
	Changed                   bool
	LeftMissing, RightMissing bool
}

// FormModel is the form of a new version.
type FormModel struct {
	Shell     layout.AppModel
	Title     string
	Action    string
	CancelURL string
	Mistakes  []component.Mistake
	// Known is set for a further version: name and type stand.
	Known   bool
	Name    component.Input
	Types   []component.Option
	Content component.FieldModel
	Config  component.FieldModel
	Labels  component.Input
	Tags    component.Input
	Message component.Input
}
