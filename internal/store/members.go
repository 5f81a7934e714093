package store

import (
	"context"
	"errors"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

type memberRow struct {
	ProjectID uid `gorm:"primaryKey"`
	UserID    uid `gorm:"primaryKey"`
	Role      string
	CreatedAt int64 `gorm:"autoCreateTime:false"`
}

func (memberRow) TableName() string { return "members" }

// Members lists the people of a project by email.
func (s *Store) Members(ctx context.Context, project webhook.ProjectID) ([]account.Membership, error) {
	var rows []struct {
		Row   memberRow `gorm:"embedded"`
		Email string
		Name  string
		Seen  int64
		Proof int64
	}
	err := s.db(ctx).Raw(`SELECT m.project_id, m.user_id, m.role, m.created_at, u.email, u.name, u.last_seen_at AS seen, u.totp_confirmed_at AS proof
 FROM members m JOIN users u ON u.id = m.user_id WHERE m.project_id = ? ORDER BY lower(u.email)`, uid(project.UUID)).Scan(&rows).Error
	members := make([]account.Membership, len(rows))
	for i, r := range rows {
		members[i] = account.Membership{
			ProjectID: webhook.ProjectID{UUID: webhook.UUID(r.Row.ProjectID)}, UserID: webhook.UserID{UUID: webhook.UUID(r.Row.UserID)},
			Email: r.Email, Name: r.Name, Role: account.Role(r.Row.Role), CreatedAt: at(r.Row.CreatedAt),
			LastSeenAt: at(r.Seen), SecondFactor: r.Proof != 0,
		}
	}
	return members, wrap("list members", err)
}

// SetMember adds a member or changes the role of one; a Conflict if a project
// would lose its last owner. Who can't invite any more leaves no invitations
// behind.
func (s *Store) SetMember(ctx context.Context, member account.Membership, entry webhook.AuditEntry) error {
	return s.tx(ctx, "set a member", func(tx *gorm.DB) error {
		role := clause.OnConflict{
			Columns:   []clause.Column{{Name: "project_id"}, {Name: "user_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"role"}),
		}
		if member.Role != account.Owner {
			if err := s.keepOwner(tx, member.ProjectID, member.UserID); err != nil {
				return err
			}
		}
		if err := addMember(tx, member, role); err != nil {
			return err
		}
		if member.Role != account.Owner {
			if err := dropInvitationsBy(tx, member.ProjectID, member.UserID); err != nil {
				return err
			}
		}
		return addAudit(tx, entry)
	})
}

// addMember inserts a membership; what becomes of one that stands already is
// the conflict's to say.
func addMember(tx *gorm.DB, member account.Membership, conflict clause.OnConflict) error {
	if _, err := one[projectRow](tx, "project", "SELECT "+projectColumns+" FROM projects p WHERE p.id = ? AND p.deleted_at = 0", uid(member.ProjectID.UUID)); err != nil {
		return err
	}
	row := memberRow{
		ProjectID: uid(member.ProjectID.UUID), UserID: uid(member.UserID.UUID), Role: string(member.Role), CreatedAt: ms(member.CreatedAt),
	}
	err := tx.Clauses(conflict).Create(&row).Error
	if errors.Is(err, gorm.ErrForeignKeyViolated) {
		return webhook.NotFound("there is no such user")
	}
	return err
}

// keepOwner refuses to take the last owner from a project that has other
// members. The owners are held, so that two who step down at once see each
// other.
func (s *Store) keepOwner(tx *gorm.DB, project webhook.ProjectID, user webhook.UserID) error {
	var owners []memberRow
	err := tx.Raw("SELECT m.project_id, m.user_id, m.role, m.created_at FROM members m WHERE m.project_id = ? AND m.role = ? ORDER BY m.user_id"+s.lock(),
		uid(project.UUID), string(account.Owner)).Scan(&owners).Error
	if err != nil || len(owners) != 1 || owners[0].UserID != uid(user.UUID) {
		return err
	}
	return webhook.Conflict("a project needs an owner; make somebody else an owner first")
}

// RemoveMember ends a membership, and the invitations that the person made; a
// Conflict if the project's other members would be left without an owner.
func (s *Store) RemoveMember(ctx context.Context, project webhook.ProjectID, user webhook.UserID, entry webhook.AuditEntry) error {
	return s.tx(ctx, "remove a member", func(tx *gorm.DB) error {
		var others int64
		err := tx.Raw("SELECT count(*) FROM members WHERE project_id = ? AND user_id <> ?", uid(project.UUID), uid(user.UUID)).Scan(&others).Error
		if err == nil && others > 0 {
			err = s.keepOwner(tx, project, user)
		}
		if err != nil {
			return err
		}
		result := tx.Where("project_id = ? AND user_id = ?", uid(project.UUID), uid(user.UUID)).Delete(&memberRow{})
		if err := changed(result, "member"); err != nil {
			return err
		}
		if err := dropInvitationsBy(tx, project, user); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}
