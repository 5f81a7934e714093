package store

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

type linkRow struct {
	ID        uid `gorm:"primaryKey"`
	Kind      string
	Hash      []byte
	ProjectID uid
	Email     string
	Role      string
	CreatedAt int64 `gorm:"autoCreateTime:false"`
	ExpiresAt int64
	UsedAt    int64

	CreatedByType string
	CreatedByID   uid
	CreatedByName string
}

func (linkRow) TableName() string { return "links" }

func newLinkRow(l account.Link) linkRow {
	return linkRow{
		ID: uid(l.ID.UUID), Kind: string(l.Kind), Hash: l.Hash[:], ProjectID: uid(l.ProjectID.UUID), Email: clean(l.Email),
		Role: string(l.Role), CreatedAt: ms(l.CreatedAt), ExpiresAt: ms(l.ExpiresAt), UsedAt: ms(l.UsedAt),
		CreatedByType: string(l.CreatedBy.Type), CreatedByID: uid(l.CreatedBy.ID), CreatedByName: clean(l.CreatedBy.Name),
	}
}

func (r linkRow) link() account.Link {
	l := account.Link{
		ID: webhook.LinkID{UUID: webhook.UUID(r.ID)}, Kind: account.LinkKind(r.Kind), ProjectID: webhook.ProjectID{UUID: webhook.UUID(r.ProjectID)},
		Email: r.Email, Role: account.Role(r.Role), CreatedAt: at(r.CreatedAt), ExpiresAt: at(r.ExpiresAt), UsedAt: at(r.UsedAt),
		CreatedBy: actor(r.CreatedByType, r.CreatedByID, r.CreatedByName),
	}
	copy(l.Hash[:], r.Hash)
	return l
}

const linkColumns = `l.id, l.kind, l.hash, l.project_id, l.email, l.role, l.created_at, l.expires_at, l.used_at,
 l.created_by_type, l.created_by_id, l.created_by_name`

// CreateLink stores a link. Set-up links stand side by side: each node that
// starts on an empty database shows its own.
func (s *Store) CreateLink(ctx context.Context, link account.Link, entry webhook.AuditEntry) error {
	return s.tx(ctx, "create a link", func(tx *gorm.DB) error {
		row := newLinkRow(link)
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// Link finds an unused link by the SHA-256 of its token.
func (s *Store) Link(ctx context.Context, hash [32]byte) (account.Link, error) {
	row, err := one[linkRow](s.db(ctx), "link", "SELECT "+linkColumns+" FROM links l WHERE l.hash = ? AND l.used_at = 0", hash[:])
	return row.link(), wrap("read a link", err)
}

// useLink marks a link used; NotFound for one that is used or expired.
func useLink(tx *gorm.DB, kind account.LinkKind, hash [32]byte, now time.Time) (account.Link, error) {
	result := tx.Exec("UPDATE links SET used_at = ? WHERE hash = ? AND kind = ? AND used_at = 0 AND expires_at > ?", ms(now), hash[:], string(kind), ms(now))
	if err := changed(result, "link"); err != nil {
		return account.Link{}, err
	}
	row, err := one[linkRow](tx, "link", "SELECT "+linkColumns+" FROM links l WHERE l.hash = ?", hash[:])
	return row.link(), err
}

// UseSetupLink marks the link used and creates the first admin.
func (s *Store) UseSetupLink(ctx context.Context, hash [32]byte, now time.Time, admin account.User, entry webhook.AuditEntry) (account.User, error) {
	var stored account.User
	err := s.tx(ctx, "use a set-up link", func(tx *gorm.DB) (err error) {
		if _, err = useLink(tx, account.LinkSetup, hash, now); err != nil {
			return err
		}
		stored, err = s.createFirstAdmin(tx, admin, entry)
		return err
	})
	return stored, err
}

// UseSignInLink marks the link used and answers its user, who is made from
// newcomer if nobody has the email yet and becomes a member of the link's
// project if they are not.
func (s *Store) UseSignInLink(ctx context.Context, hash [32]byte, now time.Time, newcomer account.User, entry webhook.AuditEntry) (account.User, error) {
	user := newcomer
	err := s.tx(ctx, "use a sign-in link", func(tx *gorm.DB) error {
		link, err := useLink(tx, account.LinkSignIn, hash, now)
		if err != nil {
			return err
		}
		audit := entry
		known, err := userByEmail(tx, link.Email)
		switch webhook.KindOf(err) {
		case webhook.KindNotFound:
			user = newcomer
			err = createUser(tx, newcomer)
		default:
			user = known.user()
			audit = byKnown(audit, user)
		}
		if err != nil {
			return err
		}
		member := account.Membership{ProjectID: link.ProjectID, UserID: user.ID, Role: link.Role, CreatedAt: now}
		if err := addMember(tx, member, clause.OnConflict{DoNothing: true}); err != nil {
			return err
		}
		return addAudit(tx, audit)
	})
	return user, err
}

// nameOf is how a person is called in logs.
func nameOf(u account.User) string {
	if u.Name == "" {
		return u.Email
	}
	return u.Name
}
