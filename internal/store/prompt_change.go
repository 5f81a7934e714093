package store

import (
	"context"
	"slices"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// ChangePrompt has decide make an edit of a prompt as it stands, and stores it
// with the events that follow and its audit entry in one transaction: all, or
// nothing. A prompt that is not there has no versions, as have those that decide
// leaves none. Changes of one prompt wait for each other. whole reads a version
// with what it holds, in the same transaction. decide may be run again.
func (s *Store) ChangePrompt(ctx context.Context, project webhook.ProjectID, name string,
	decide func(found webhook.Prompt, whole func(webhook.PromptVersionID) (webhook.PromptVersion, error)) (webhook.PromptEdit, error),
) (webhook.Admitted, error) {
	return s.changeAndAdmit(ctx, "change a prompt", func(tx *gorm.DB) (webhook.Admission, error) {
		if err := s.holdPrompt(tx, project, name); err != nil {
			return webhook.Admission{}, err
		}
		found, err := promptNamed(tx, project, name)
		if err != nil {
			return webhook.Admission{}, err
		}
		edit, err := decide(found, func(id webhook.PromptVersionID) (webhook.PromptVersion, error) { return versionWhole(tx, project, id) })
		if err != nil || edit.Audit == nil {
			return webhook.Admission{}, err
		}
		if err := writePrompt(tx, found, edit.After); err != nil {
			return webhook.Admission{}, err
		}
		return edit.Admission, addAudit(tx, *edit.Audit)
	})
}

// holdPrompt waits for others who change the prompt, which need not exist yet:
// there may be no row to lock. SQLite's writer is alone anyway.
func (s *Store) holdPrompt(tx *gorm.DB, project webhook.ProjectID, name string) error {
	if s.dialect == SQLite {
		return nil
	}
	return tx.Exec("SELECT pg_advisory_xact_lock(?)", keyed{project, "prompt " + clean(name)}.lockNumber()).Error
}

// writePrompt stores what is different.
func writePrompt(tx *gorm.DB, before, after webhook.Prompt) error {
	if !after.Exists() {
		return changed(tx.Exec("DELETE FROM prompts WHERE id = ? AND project_id = ?", uid(before.ID.UUID), uid(before.ProjectID.UUID)), "prompt")
	}
	row := newPromptRow(after)
	if !before.Exists() {
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
	} else if err := changed(tx.Exec(`UPDATE prompts SET tags = ?, labels = ?, latest = ?, versions = ?, made = ?, updated_at = ? WHERE id = ? AND project_id = ?`,
		row.Tags, row.Labels, row.Latest, row.Versions, row.Made, row.UpdatedAt, row.ID, row.ProjectID), "prompt"); err != nil {
		return err
	}
	for _, v := range before.Versions {
		if after.Version(v.Number) != nil {
			continue
		}
		if err := tx.Exec("DELETE FROM prompt_versions WHERE id = ? AND project_id = ?", uid(v.ID.UUID), row.ProjectID).Error; err != nil {
			return err
		}
	}
	for _, v := range after.Versions {
		if err := writeVersion(tx, before.Version(v.Number), after, v); err != nil {
			return err
		}
	}
	return nil
}

func writeVersion(tx *gorm.DB, was *webhook.PromptVersion, p webhook.Prompt, v webhook.PromptVersion) error {
	row := newPromptVersionRow(p, v)
	switch {
	case was == nil:
		return tx.Create(&row).Error
	case slices.Equal(was.Labels, v.Labels) && was.UpdatedAt.Equal(v.UpdatedAt):
		return nil
	}
	return tx.Exec("UPDATE prompt_versions SET labels = ?, updated_at = ? WHERE id = ? AND project_id = ?", row.Labels, row.UpdatedAt, row.ID, row.ProjectID).Error
}
