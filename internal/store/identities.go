package store

import (
	"context"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// UserByIdentity finds whom an identity is bound to.
func (s *Store) UserByIdentity(ctx context.Context, identity account.Identity) (account.User, error) {
	row, err := one[userRow](s.db(ctx), "user", "SELECT "+userColumns+" FROM identities i JOIN users u ON u.id = i.user_id WHERE i.issuer = ? AND i.subject = ?",
		clean(identity.Issuer), clean(identity.Subject))
	return row.user(), wrap("find a user by identity", err)
}

// BindIdentity lets an identity stand for a user; a Conflict if it stands for
// somebody, or the user has one of that issuer.
func (s *Store) BindIdentity(ctx context.Context, id webhook.UserID, identity account.Identity, entry webhook.AuditEntry) error {
	return s.tx(ctx, "bind an identity", func(tx *gorm.DB) error {
		err := met(tx.Exec("INSERT INTO identities (issuer, subject, user_id, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
			clean(identity.Issuer), clean(identity.Subject), uid(id.UUID), ms(entry.At)),
			"this account already belongs to another identity at that provider; ask an administrator")
		if err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}
