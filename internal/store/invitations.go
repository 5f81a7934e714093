package store

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Invitations lists those of a project that nobody has accepted, newest first,
// with those that ran out lately.
func (s *Store) Invitations(ctx context.Context, project webhook.ProjectID) ([]account.Link, error) {
	var rows []linkRow
	err := s.db(ctx).Raw("SELECT "+linkColumns+" FROM links l WHERE l.project_id = ? AND l.kind = 'invitation' AND l.used_at = 0 ORDER BY l.id DESC",
		uid(project.UUID)).Scan(&rows).Error
	links := make([]account.Link, len(rows))
	for i, r := range rows {
		links[i] = r.link()
	}
	return links, wrap("list invitations", err)
}

// CreateInvitation stores an invitation in place of an earlier one of the same
// project for the same address.
func (s *Store) CreateInvitation(ctx context.Context, link account.Link, entry webhook.AuditEntry) error {
	return s.tx(ctx, "create an invitation", func(tx *gorm.DB) error {
		err := tx.Exec("DELETE FROM links WHERE project_id = ? AND kind = 'invitation' AND used_at = 0 AND lower(email) = lower(?)",
			uid(link.ProjectID.UUID), clean(link.Email)).Error
		if err != nil {
			return err
		}
		row := newLinkRow(link)
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// RevokeInvitation makes an invitation useless; NotFound if it was accepted.
func (s *Store) RevokeInvitation(ctx context.Context, project webhook.ProjectID, id webhook.LinkID, entry webhook.AuditEntry) error {
	return s.tx(ctx, "revoke an invitation", func(tx *gorm.DB) error {
		err := changed(tx.Exec("DELETE FROM links WHERE project_id = ? AND id = ? AND kind = 'invitation' AND used_at = 0",
			uid(project.UUID), uid(id.UUID)), "invitation")
		if err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// RenewInvitation gives an invitation another token and end.
func (s *Store) RenewInvitation(ctx context.Context, project webhook.ProjectID, id webhook.LinkID, hash [32]byte, expires time.Time, entry webhook.AuditEntry) error {
	return s.tx(ctx, "renew an invitation", func(tx *gorm.DB) error {
		err := changed(tx.Exec("UPDATE links SET hash = ?, expires_at = ? WHERE project_id = ? AND id = ? AND kind = 'invitation' AND used_at = 0",
			hash[:], ms(expires), uid(project.UUID), uid(id.UUID)), "invitation")
		if err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// AcceptInvitation marks the invitation used and makes the user a member of its
// project; a role that they have already stays. A newcomer is stored first: a
// Conflict if somebody has the email.
func (s *Store) AcceptInvitation(ctx context.Context, hash [32]byte, now time.Time, user account.User, newcomer bool, entry webhook.AuditEntry) error {
	return s.tx(ctx, "accept an invitation", func(tx *gorm.DB) error {
		link, err := useLink(tx, account.LinkInvitation, hash, now)
		if err != nil {
			return err
		}
		if newcomer {
			if err := createUser(tx, user); err != nil {
				return err
			}
		}
		member := account.Membership{ProjectID: link.ProjectID, UserID: user.ID, Role: link.Role, CreatedAt: now}
		if err := addMember(tx, member, clause.OnConflict{DoNothing: true}); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// dropLinksBy removes the links that somebody made and may make no more: all of
// them once they are disabled; once they are no admin, all but the invitations
// to projects that they own.
func dropLinksBy(tx *gorm.DB, u userRow) error {
	query := "DELETE FROM links WHERE used_at = 0 AND kind <> 'setup' AND created_by_id = ?"
	switch {
	case u.DisabledAt != 0:
		return tx.Exec(query, u.ID).Error
	case u.Role != string(account.Admin):
		return tx.Exec(query+" AND NOT (kind = 'invitation' AND project_id IN (SELECT m.project_id FROM members m WHERE m.user_id = ? AND m.role = ?))",
			u.ID, u.ID, string(account.Owner)).Error
	}
	return nil
}

// dropInvitationsBy removes what somebody leaves open behind them.
func dropInvitationsBy(tx *gorm.DB, project webhook.ProjectID, user webhook.UserID) error {
	return tx.Exec("DELETE FROM links WHERE project_id = ? AND kind = 'invitation' AND used_at = 0 AND created_by_id = ?",
		uid(project.UUID), uid(user.UUID)).Error
}
