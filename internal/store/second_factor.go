package store

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// SecondFactor reads somebody's second factor, begun or on.
func (s *Store) SecondFactor(ctx context.Context, id webhook.UserID) (account.SecondFactor, error) {
	row, err := one[struct {
		Sealed    []byte
		Since     int64
		Step      int64
		Remaining int
	}](s.db(ctx), "user", `SELECT u.totp_sealed AS sealed, u.totp_confirmed_at AS since, u.totp_step AS step,
 (SELECT count(*) FROM recovery_codes c WHERE c.user_id = u.id AND c.used_at = 0) AS remaining FROM users u WHERE u.id = ?`, uid(id.UUID))
	return account.SecondFactor{Sealed: row.Sealed, Since: at(row.Since), Step: row.Step, RecoveryLeft: row.Remaining}, wrap("read a second factor", err)
}

// BeginSecondFactor keeps a secret that is not confirmed yet, in place of one
// begun before; a Conflict if the second factor is on.
func (s *Store) BeginSecondFactor(ctx context.Context, id webhook.UserID, sealed []byte) error {
	return s.tx(ctx, "begin a second factor", func(tx *gorm.DB) error {
		return met(tx.Exec("UPDATE users SET totp_sealed = ?, totp_step = 0 WHERE id = ? AND totp_confirmed_at = 0", sealed, uid(id.UUID)),
			"your second factor is on already")
	})
}

// ConfirmSecondFactor turns on what was begun with the sealed secret, with its
// recovery codes; a Conflict if something else was begun since. The person is
// signed out everywhere.
func (s *Store) ConfirmSecondFactor(ctx context.Context, id webhook.UserID, sealed []byte, step int64, codes [][32]byte, entry webhook.AuditEntry) error {
	return s.tx(ctx, "confirm a second factor", func(tx *gorm.DB) error {
		err := met(tx.Exec("UPDATE users SET totp_confirmed_at = ?, totp_step = ? WHERE id = ? AND totp_sealed = ? AND totp_confirmed_at = 0",
			ms(entry.At), step, uid(id.UUID), sealed), "another code was begun meanwhile; scan again")
		if err != nil {
			return err
		}
		if err := writeRecoveryCodes(tx, id, codes); err != nil {
			return err
		}
		return proofChanged(tx, id, entry)
	})
}

// DropSecondFactor turns it off with all its codes; a Conflict if it is not on.
// The person is signed out everywhere.
func (s *Store) DropSecondFactor(ctx context.Context, id webhook.UserID, entry webhook.AuditEntry) error {
	return s.tx(ctx, "drop a second factor", func(tx *gorm.DB) error {
		err := met(tx.Exec("UPDATE users SET totp_sealed = NULL, totp_confirmed_at = 0, totp_step = 0 WHERE id = ? AND totp_confirmed_at <> 0",
			uid(id.UUID)), "the second factor is not on")
		if err != nil {
			return err
		}
		if err := writeRecoveryCodes(tx, id, nil); err != nil {
			return err
		}
		return proofChanged(tx, id, entry)
	})
}

func proofChanged(tx *gorm.DB, id webhook.UserID, entry webhook.AuditEntry) error {
	if err := tx.Exec("DELETE FROM sessions WHERE user_id = ?", uid(id.UUID)).Error; err != nil {
		return err
	}
	return addAudit(tx, entry)
}

// RenewRecoveryCodes replaces all codes, used and unused; a Conflict if the
// second factor is not on.
func (s *Store) RenewRecoveryCodes(ctx context.Context, id webhook.UserID, codes [][32]byte, entry webhook.AuditEntry) error {
	return s.tx(ctx, "renew recovery codes", func(tx *gorm.DB) error {
		// The row is written so that turning off at the same time waits.
		err := met(tx.Exec("UPDATE users SET totp_step = totp_step WHERE id = ? AND totp_confirmed_at <> 0", uid(id.UUID)), "the second factor is not on")
		if err != nil {
			return err
		}
		if err := writeRecoveryCodes(tx, id, codes); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

func writeRecoveryCodes(tx *gorm.DB, id webhook.UserID, codes [][32]byte) error {
	if err := tx.Exec("DELETE FROM recovery_codes WHERE user_id = ?", uid(id.UUID)).Error; err != nil {
		return err
	}
	for _, code := range codes {
		if err := tx.Exec("INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)", uid(id.UUID), code[:]).Error; err != nil {
			return err
		}
	}
	return nil
}

// UseCode takes the code of a step; a Conflict if one of it or of a later step
// was taken before, on whichever node.
func (s *Store) UseCode(ctx context.Context, id webhook.UserID, step int64) error {
	return s.tx(ctx, "use a code", func(tx *gorm.DB) error {
		return met(tx.Exec("UPDATE users SET totp_step = ? WHERE id = ? AND totp_confirmed_at <> 0 AND totp_step < ?", step, uid(id.UUID), step),
			"this code was used already; wait for the next one")
	})
}

// UseRecoveryCode takes a recovery code and answers how many are left; NotFound
// for one that is unknown or was used.
func (s *Store) UseRecoveryCode(ctx context.Context, id webhook.UserID, hash [32]byte, entry webhook.AuditEntry) (int, error) {
	left := 0
	err := s.tx(ctx, "use a recovery code", func(tx *gorm.DB) error {
		result := tx.Exec(`UPDATE recovery_codes SET used_at = ? WHERE user_id = ? AND hash = ? AND used_at = 0
 AND EXISTS (SELECT 1 FROM users u WHERE u.id = recovery_codes.user_id AND u.totp_confirmed_at <> 0)`, ms(entry.At), uid(id.UUID), hash[:])
		if err := changed(result, "code"); err != nil {
			return err
		}
		if err := tx.Raw("SELECT count(*) FROM recovery_codes WHERE user_id = ? AND used_at = 0", uid(id.UUID)).Scan(&left).Error; err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
	return left, err
}

// met is a Conflict in the words given if no row met the statement's condition.
func met(result *gorm.DB, words string) error {
	if result.Error == nil && result.RowsAffected == 0 {
		return webhook.Conflict("%s", words)
	}
	return result.Error
}

type failedRow struct {
	FailedCount int
	FailedAt    int64
	FailedAddr  string
}

// SignedIn records a sign-in and answers what failed since the one before.
func (s *Store) SignedIn(ctx context.Context, id webhook.UserID, entry webhook.AuditEntry) (account.Failures, error) {
	var failed account.Failures
	err := s.tx(ctx, "record a sign-in", func(tx *gorm.DB) error {
		row, err := one[failedRow](tx, "user", "SELECT failed_count, failed_at, failed_addr FROM users WHERE id = ?"+s.lock(), uid(id.UUID))
		if err != nil {
			return err
		}
		failed = account.Failures{Count: row.FailedCount, At: at(row.FailedAt), Addr: row.FailedAddr}
		if row.FailedCount > 0 {
			if err := tx.Exec("UPDATE users SET failed_count = 0 WHERE id = ?", uid(id.UUID)).Error; err != nil {
				return err
			}
		}
		return addAudit(tx, entry)
	})
	return failed, err
}

// SignInFailed counts a failed sign-in. The audit log tells of one in a while
// only: whoever guesses must not fill it.
func (s *Store) SignInFailed(ctx context.Context, id webhook.UserID, every time.Duration, entry webhook.AuditEntry) error {
	return s.tx(ctx, "record a failed sign-in", func(tx *gorm.DB) error {
		err := changed(tx.Exec("UPDATE users SET failed_count = failed_count + 1, failed_at = ?, failed_addr = ? WHERE id = ?",
			ms(entry.At), clean(entry.Addr), uid(id.UUID)), "user")
		if err != nil {
			return err
		}
		told := tx.Exec("UPDATE users SET failed_audit_at = ? WHERE id = ? AND failed_audit_at <= ?", ms(entry.At), uid(id.UUID), ms(entry.At.Add(-every)))
		if told.Error != nil || told.RowsAffected == 0 {
			return told.Error
		}
		return addAudit(tx, entry)
	})
}
