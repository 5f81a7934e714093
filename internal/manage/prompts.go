package manage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/prompts"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

// maxPrompts is how many prompts a project can have.
const maxPrompts = 5000

// Prompts lists a project's prompts by name and counts all that the query finds.
func (s *Service) Prompts(ctx context.Context, c account.Caller, q webhook.PromptQuery) (heads []webhook.PromptHead, total int, err error) {
	if err := c.May(account.ViewPrompts, q.ProjectID); err != nil {
		return nil, 0, err
	}
	if q.Limit, err = limitOf(q.Limit); err != nil {
		return nil, 0, err
	}
	if q.Skip < 0 || q.Skip > maxPrompts {
		return nil, 0, webhook.Invalid("page", "lies beyond the last prompt that a project can have")
	}
	return s.Store.Prompts(ctx, q)
}

// PromptNames are the names of all prompts that a query finds, in order.
func (s *Service) PromptNames(ctx context.Context, c account.Caller, q webhook.PromptQuery) ([]string, error) {
	if err := c.May(account.ViewPrompts, q.ProjectID); err != nil {
		return nil, err
	}
	return s.Store.PromptNames(ctx, q)
}

// PromptNumbers are the numbers of the versions of listed prompts, and the
// configs of their newest ones.
func (s *Service) PromptNumbers(ctx context.Context, c account.Caller, project webhook.ProjectID, heads []webhook.PromptHead) (map[webhook.PromptID][]int, map[webhook.PromptID][]byte, error) {
	if err := c.May(account.ViewPrompts, project); err != nil {
		return nil, nil, err
	}
	ids := make([]webhook.PromptID, len(heads))
	for i, h := range heads {
		ids[i] = h.ID
	}
	return s.Store.PromptNumbers(ctx, project, ids)
}

// PromptWords are labels and tags that a project's prompts have, some hundred
// at most.
func (s *Service) PromptWords(ctx context.Context, c account.Caller, project webhook.ProjectID) (labels, tags []string, err error) {
	if err := c.May(account.ViewPrompts, project); err != nil {
		return nil, nil, err
	}
	return s.Store.PromptWords(ctx, project, MaxLimit)
}

// Which picks a version: by number, or by label; with neither it is the newest.
type Which struct {
	Number int
	Label  string
}

// Prompt answers a prompt with one version whole. An admin who looks into a
// project that they don't belong to leaves an audit entry.
func (s *Service) Prompt(ctx context.Context, c account.Caller, project webhook.ProjectID, name string, which Which) (p webhook.Prompt, v webhook.PromptVersion, err error) {
	if err := c.May(account.ViewPrompts, project); err != nil {
		return p, v, err
	}
	if p, err = s.Store.Prompt(ctx, project, name); err != nil {
		if webhook.KindOf(err) == webhook.KindNotFound {
			err = noPrompt(name, which)
		}
		return p, v, err
	}
	found := which.of(p)
	if found == nil {
		return p, v, noPrompt(name, which)
	}
	if c.PayloadOf(project) == account.PayloadAudited {
		detail := fmt.Sprintf("version %d", found.Number)
		if err := s.Store.AddAudit(ctx, s.entry(c, "prompt.viewed", promptObject(p), detail)); err != nil {
			return p, v, err
		}
	}
	v, err = s.Store.PromptVersion(ctx, project, found.ID)
	return p, v, err
}

func (w Which) of(p webhook.Prompt) *webhook.PromptVersion {
	switch {
	case w.Number != 0:
		return p.Version(w.Number)
	case w.Label != "":
		return p.Labelled(w.Label)
	}
	return p.Labelled(webhook.LabelLatest)
}

func noPrompt(name string, which Which) error {
	text := "Prompt not found: '" + name + "'"
	switch {
	case which.Number != 0:
		text += fmt.Sprintf(" with version %d", which.Number)
	case which.Label != "":
		text += " with label '" + which.Label + "'"
	}
	return webhook.NotFound("%s", text)
}

func promptObject(p webhook.Prompt) object {
	return object{project: p.ProjectID, id: p.ID.UUID, name: p.Name}
}

// CreatePrompt adds a version to a prompt, which need not exist yet.
func (s *Service) CreatePrompt(ctx context.Context, c account.Caller, project webhook.ProjectID, name string, d prompts.Draft) (webhook.Prompt, webhook.PromptVersion, error) {
	var p webhook.Prompt
	err := prompts.CheckName(name)
	if checked := prompts.CheckDraft(d); err == nil {
		err = checked
	}
	if err != nil {
		return p, webhook.PromptVersion{}, firstMay(c, project, err)
	}
	p, err = s.changePrompt(ctx, c, project, name, "prompt.version_created", func(found webhook.Prompt) (prompts.Outcome, string, error) {
		now := s.now()
		if !found.Exists() {
			found = webhook.Prompt{ID: webhook.PromptID{UUID: mint.UUID(now)}, ProjectID: project, Name: name}
			if err := s.roomForPrompt(ctx, project); err != nil {
				return prompts.Outcome{}, "", err
			}
		}
		out, err := prompts.Create(found, d, webhook.PromptVersionID{UUID: mint.UUID(now)}, c.Actor, now)
		detail := fmt.Sprintf("version %d", out.After.Made)
		if d.CommitMessage != "" {
			detail += ": " + d.CommitMessage
		}
		return out, detail, err
	})
	if err != nil {
		return p, webhook.PromptVersion{}, err
	}
	return p, *p.Version(p.Made), nil
}

// firstMay refuses callers for what they may not before what they sent.
func firstMay(c account.Caller, project webhook.ProjectID, fault error) error {
	if err := c.May(account.ChangePrompts, project); err != nil {
		return err
	}
	return fault
}

func (s *Service) roomForPrompt(ctx context.Context, project webhook.ProjectID) error {
	_, total, err := s.Store.Prompts(ctx, webhook.PromptQuery{ProjectID: project, Limit: 1})
	if err == nil && total >= maxPrompts {
		return webhook.Conflict("this project has %d prompts, the most it can have: delete some first", maxPrompts)
	}
	return err
}

// AddPromptLabels moves labels to a version, which keeps those it has.
func (s *Service) AddPromptLabels(ctx context.Context, c account.Caller, project webhook.ProjectID, name string, number int, labels []string) (webhook.Prompt, error) {
	if err := prompts.CheckLabels("newLabels", labels); err != nil {
		return webhook.Prompt{}, firstMay(c, project, err)
	}
	return s.label(ctx, c, project, name, number, labels, prompts.AddLabels)
}

// SetPromptLabels gives a version these labels and no others but latest, where
// that stands on it.
func (s *Service) SetPromptLabels(ctx context.Context, c account.Caller, project webhook.ProjectID, name string, number int, labels []string) (webhook.Prompt, error) {
	if err := prompts.CheckLabels("labels", labels); err != nil {
		return webhook.Prompt{}, firstMay(c, project, err)
	}
	return s.label(ctx, c, project, name, number, labels, prompts.SetLabels)
}

// label moves labels in one of the ways that the prompts package knows.
func (s *Service) label(ctx context.Context, c account.Caller, project webhook.ProjectID, name string, number int, labels []string,
	move func(p webhook.Prompt, number int, labels []string, now time.Time) (prompts.Outcome, error),
) (webhook.Prompt, error) {
	return s.changePrompt(ctx, c, project, name, "prompt.labelled", func(found webhook.Prompt) (prompts.Outcome, string, error) {
		if found.Version(number) == nil {
			return prompts.Outcome{}, "", noPrompt(name, Which{Number: number})
		}
		out, err := move(found, number, labels, s.now())
		return out, labelled(number, out), err
	})
}

func labelled(number int, out prompts.Outcome) string {
	v := out.After.Version(number)
	if v == nil { // refused
		return ""
	}
	if len(v.Labels) == 0 {
		return fmt.Sprintf("version %d: no labels", number)
	}
	return fmt.Sprintf("version %d: %s", number, strings.Join(v.Labels, ", "))
}

// LabelledVersion is a version of a prompt that the caller just changed, whole
// and with the labels that it was given.
func (s *Service) LabelledVersion(ctx context.Context, c account.Caller, p webhook.Prompt, number int) (webhook.PromptVersion, error) {
	if err := c.May(account.ChangePrompts, p.ProjectID); err != nil {
		return webhook.PromptVersion{}, err
	}
	v := p.Version(number)
	if v == nil {
		return webhook.PromptVersion{}, noPrompt(p.Name, Which{Number: number})
	}
	stored, err := s.Store.PromptVersion(ctx, p.ProjectID, v.ID)
	stored.Labels, stored.UpdatedAt = v.Labels, v.UpdatedAt
	return stored, err
}

// SetPromptTags replaces the tags of a prompt.
func (s *Service) SetPromptTags(ctx context.Context, c account.Caller, project webhook.ProjectID, name string, tags []string) (webhook.Prompt, error) {
	if err := prompts.CheckTags("tags", tags); err != nil {
		return webhook.Prompt{}, firstMay(c, project, err)
	}
	return s.changePrompt(ctx, c, project, name, "prompt.tagged", func(found webhook.Prompt) (prompts.Outcome, string, error) {
		if !found.Exists() {
			return prompts.Outcome{}, "", noPrompt(name, Which{})
		}
		out := prompts.SetTags(found, tags, s.now())
		detail := "no tags"
		if len(out.After.Tags) > 0 {
			detail = strings.Join(out.After.Tags, ", ")
		}
		return out, detail, nil
	})
}

// DeletePrompt removes the version that which picks, or with neither number nor
// label the whole prompt.
func (s *Service) DeletePrompt(ctx context.Context, c account.Caller, project webhook.ProjectID, name string, which Which) (webhook.Prompt, error) {
	action := "prompt.deleted"
	if which != (Which{}) {
		action = "prompt.version_deleted"
	}
	return s.changePrompt(ctx, c, project, name, action, func(found webhook.Prompt) (prompts.Outcome, string, error) {
		var numbers []int
		detail := "with all versions"
		if which == (Which{}) {
			for _, v := range found.Versions {
				numbers = append(numbers, v.Number)
			}
		} else if v := which.of(found); v != nil {
			numbers, detail = []int{v.Number}, fmt.Sprintf("version %d", v.Number)
		}
		if len(numbers) == 0 {
			return prompts.Outcome{}, "", noPrompt(name, which)
		}
		out, err := prompts.Delete(found, numbers, s.now())
		return out, detail, err
	})
}

// changePrompt carries out a change with its events and its audit entry in one
// transaction, and answers the prompt as it stands then. The versions that
// events are about come whole.
func (s *Service) changePrompt(ctx context.Context, c account.Caller, project webhook.ProjectID, name, action string,
	decide func(found webhook.Prompt) (out prompts.Outcome, detail string, err error),
) (after webhook.Prompt, err error) {
	if err := c.May(account.ChangePrompts, project); err != nil {
		return after, err
	}
	_, err = s.Changer.Change(ctx, c, project, func(ctx context.Context, follow publish.Follow) (webhook.Admitted, error) {
		return s.Store.ChangePrompt(ctx, project, name, func(found webhook.Prompt, whole func(webhook.PromptVersionID) (webhook.PromptVersion, error)) (webhook.PromptEdit, error) {
			var edit webhook.PromptEdit
			out, detail, err := decide(found)
			if after = out.After; err != nil || !out.Changed {
				return edit, err
			}
			about := found
			if !found.Exists() {
				about = out.After
			}
			drafts, err := s.promptDrafts(c, about, out.Events, whole)
			if err != nil {
				return edit, err
			}
			entry := s.entry(c, action, promptObject(about), detail)
			edit.After, edit.Audit = out.After, &entry
			edit.Admission, err = follow(drafts)
			return edit, err
		})
	})
	return after, err
}

// promptDrafts are the events of one change, ready to be admitted.
func (s *Service) promptDrafts(c account.Caller, p webhook.Prompt, events []prompts.Event, whole func(webhook.PromptVersionID) (webhook.PromptVersion, error)) ([]publish.Draft, error) {
	change := mint.UUID(s.now())
	drafts := make([]publish.Draft, len(events))
	for i, e := range events {
		if e.Version.Content == nil {
			stored, err := whole(e.Version.ID)
			if err != nil {
				return nil, err
			}
			e.Version.Content, e.Version.Config = stored.Content, stored.Config
		}
		data, err := prompts.Data(p, e, change, c.Actor)
		if err != nil {
			return nil, fmt.Errorf("write an event of a prompt: %w", err)
		}
		drafts[i] = publish.Draft{Topic: e.Topic, Project: p.ProjectID, Data: data}
	}
	return drafts, nil
}
