package store

import (
	"context"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// touchEvery keeps last-use stamps from becoming a write per request.
const touchEvery = time.Minute

type userRow struct {
	ID           uid `gorm:"primaryKey"`
	Email        string
	Name         string
	Role         string
	PasswordHash string
	CreatedAt    int64 `gorm:"autoCreateTime:false"`
	LastSeenAt   int64
	DisabledAt   int64
	ConfirmedAt  int64 `gorm:"column:totp_confirmed_at;->"`
}

func (userRow) TableName() string { return "users" }

func newUserRow(u account.User) userRow {
	return userRow{
		ID: uid(u.ID.UUID), Email: strings.ToLower(clean(u.Email)), Name: clean(u.Name), Role: string(u.Role), PasswordHash: u.PasswordHash,
		CreatedAt: ms(u.CreatedAt), LastSeenAt: ms(u.LastSeenAt), DisabledAt: ms(u.DisabledAt),
	}
}

func (r userRow) user() account.User {
	return account.User{
		ID: webhook.UserID{UUID: webhook.UUID(r.ID)}, Email: r.Email, Name: r.Name, Role: account.Role(r.Role), PasswordHash: r.PasswordHash,
		CreatedAt: at(r.CreatedAt), LastSeenAt: at(r.LastSeenAt), DisabledAt: at(r.DisabledAt),
		SecondFactorAt: at(r.ConfirmedAt),
	}
}

const userColumns = "u.id, u.email, u.name, u.role, u.password_hash, u.created_at, u.last_seen_at, u.disabled_at, u.totp_confirmed_at"

// HasAdmin says whether there is an admin who can sign in: enabled and with a
// password.
func (s *Store) HasAdmin(ctx context.Context) (bool, error) {
	has, err := hasAdmin(s.db(ctx))
	return has, wrap("look for an admin", err)
}

func hasAdmin(db *gorm.DB) (bool, error) {
	var has bool
	err := db.Raw("SELECT EXISTS (SELECT 1 FROM users u WHERE u.role = ? AND u.password_hash <> '' AND u.disabled_at = 0)", string(account.Admin)).Scan(&has).Error
	return has, err
}

// Users lists people by email.
func (s *Store) Users(ctx context.Context, filter webhook.UserFilter) (webhook.Page[account.User], error) {
	var none webhook.Page[account.User]
	email, id, err := readNameCursor(filter.Cursor)
	if err != nil {
		return none, err
	}
	var where conditions
	if filter.Query != "" {
		part := containing(filter.Query)
		where.and(`(lower(u.email) LIKE ? ESCAPE '\' OR lower(u.name) LIKE ? ESCAPE '\')`, part, part)
	}
	if filter.Cursor != "" {
		where.and("(lower(u.email), u.id) > (?, ?)", email, scope(id))
	}
	var rows []userRow
	limit := limitOf(filter.Limit)
	err = s.db(ctx).Raw("SELECT "+userColumns+" FROM users u"+where.sql()+" ORDER BY lower(u.email), u.id LIMIT ?", where.with(limit+1)...).Scan(&rows).Error
	if err != nil {
		return none, wrap("list users", err)
	}
	return paged(rows, limit, plain(userRow.user), func(r userRow) string { return nameCursor(r.Email, r.ID) })
}

// User reads one user.
func (s *Store) User(ctx context.Context, id webhook.UserID) (account.User, error) {
	row, err := one[userRow](s.db(ctx), "user", "SELECT "+userColumns+" FROM users u WHERE u.id = ?", uid(id.UUID))
	return row.user(), wrap("read a user", err)
}

// UserByEmail finds a user by email, in any case.
func (s *Store) UserByEmail(ctx context.Context, email string) (account.User, error) {
	row, err := userByEmail(s.db(ctx), email)
	return row.user(), wrap("read a user", err)
}

func userByEmail(db *gorm.DB, email string) (userRow, error) {
	return one[userRow](db, "user", "SELECT "+userColumns+" FROM users u WHERE lower(u.email) = ?", strings.ToLower(clean(email)))
}

// MembershipsOf answers somebody's roles by project.
func (s *Store) MembershipsOf(ctx context.Context, id webhook.UserID) (map[webhook.ProjectID]account.Role, error) {
	var rows []memberRow
	err := s.db(ctx).Raw("SELECT m.project_id, m.user_id, m.role, m.created_at FROM members m WHERE m.user_id = ?", uid(id.UUID)).Scan(&rows).Error
	roles := make(map[webhook.ProjectID]account.Role, len(rows))
	for _, r := range rows {
		roles[webhook.ProjectID{UUID: webhook.UUID(r.ProjectID)}] = account.Role(r.Role)
	}
	return roles, wrap("read memberships", err)
}

// CreateUser stores a user; a Conflict if the email is taken.
func (s *Store) CreateUser(ctx context.Context, user account.User, entry webhook.AuditEntry) error {
	return s.tx(ctx, "create a user", func(tx *gorm.DB) error {
		if err := createUser(tx, user); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

func createUser(tx *gorm.DB, user account.User) error {
	row := newUserRow(user)
	if err := tx.Create(&row).Error; err != nil {
		return taken(err, "somebody has the email %s already", user.Email)
	}
	return endSetUp(tx)
}

// endSetUp removes the set-up links once there is an admin who can sign in, so
// that none of them counts again should that admin ever be gone.
func endSetUp(tx *gorm.DB) error {
	has, err := hasAdmin(tx)
	if err != nil || !has {
		return err
	}
	return tx.Where("kind = ? AND used_at = 0", string(account.LinkSetup)).Delete(&linkRow{}).Error
}

// CreateFirstAdmin stores the first admin who can sign in; a Conflict if there
// is one already. Somebody who has the email becomes that admin.
func (s *Store) CreateFirstAdmin(ctx context.Context, admin account.User, entry webhook.AuditEntry) (account.User, error) {
	var stored account.User
	err := s.tx(ctx, "create the first admin", func(tx *gorm.DB) (err error) {
		stored, err = s.createFirstAdmin(tx, admin, entry)
		return err
	})
	return stored, err
}

func (s *Store) createFirstAdmin(tx *gorm.DB, admin account.User, entry webhook.AuditEntry) (account.User, error) {
	if s.dialect == Postgres {
		// Two first admins at once would not see each other otherwise.
		if err := tx.Exec("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE").Error; err != nil {
			return admin, err
		}
	}
	has, err := hasAdmin(tx)
	if err != nil {
		return admin, err
	}
	if has {
		return admin, webhook.Conflict("there is an admin already")
	}
	known, err := userByEmail(tx, admin.Email)
	switch webhook.KindOf(err) {
	case webhook.KindNotFound:
		err = createUser(tx, admin)
	default:
		if err == nil {
			entry = byKnown(entry, known.user())
			admin, err = promote(tx, known.user(), admin)
		}
	}
	if err != nil {
		return admin, err
	}
	return admin, addAudit(tx, entry)
}

// promote makes somebody known the admin. Their sessions end: they were begun
// by somebody who had less to lose.
func promote(tx *gorm.DB, known, admin account.User) (account.User, error) {
	known.Role, known.PasswordHash, known.DisabledAt = admin.Role, admin.PasswordHash, time.Time{}
	if err := tx.Exec("DELETE FROM sessions WHERE user_id = ?", uid(known.ID.UUID)).Error; err != nil {
		return known, err
	}
	err := tx.Exec("UPDATE users SET role = ?, password_hash = ?, disabled_at = 0 WHERE id = ?",
		string(known.Role), known.PasswordHash, uid(known.ID.UUID)).Error
	if err != nil {
		return known, err
	}
	return known, endSetUp(tx)
}

// byKnown names somebody who was known before in an entry that was written for
// a newcomer.
func byKnown(entry webhook.AuditEntry, user account.User) webhook.AuditEntry {
	if entry.Actor.Type == webhook.ActorUser {
		entry.Actor.ID, entry.Actor.Name = user.ID.UUID, nameOf(user)
	}
	entry.Object, entry.ObjectName = user.ID.String(), user.Email
	return entry
}

// UpdateUser writes name, role, password hash and DisabledAt. Who was read may
// be another by now: a Conflict if any of them but the name is no longer as in
// was, or if no admin would be left. Who is disabled or gets another role or
// password is signed out everywhere with it, and leaves no links open that they
// could not make any more.
func (s *Store) UpdateUser(ctx context.Context, was, user account.User, entry webhook.AuditEntry) error {
	return s.tx(ctx, "update a user", func(tx *gorm.DB) error {
		if err := s.lockAdmins(tx, was, user); err != nil {
			return err
		}
		if err := writeUser(tx, newUserRow(was), newUserRow(user)); err != nil {
			return err
		}
		if err := endSetUp(tx); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

func writeUser(tx *gorm.DB, old, row userRow) error {
	if _, err := one[userRow](tx, "user", "SELECT "+userColumns+" FROM users u WHERE u.id = ?", row.ID); err != nil {
		return err
	}
	err := met(tx.Exec("UPDATE users SET name = ?, role = ?, password_hash = ?, disabled_at = ? WHERE id = ? AND role = ? AND password_hash = ? AND disabled_at = ?",
		row.Name, row.Role, row.PasswordHash, row.DisabledAt, row.ID, old.Role, old.PasswordHash, old.DisabledAt), "the account was changed meanwhile; try again")
	if err != nil || row.Role == old.Role && row.DisabledAt == old.DisabledAt && row.PasswordHash == old.PasswordHash {
		return err
	}
	if err := tx.Exec("DELETE FROM sessions WHERE user_id = ?", row.ID).Error; err != nil {
		return err
	}
	return dropLinksBy(tx, row)
}

// lockAdmins refuses to take the last admin who can sign in. On PostgreSQL two
// admins who take each other's role would not see each other otherwise.
func (s *Store) lockAdmins(tx *gorm.DB, was, user account.User) error {
	counts := func(u account.User) bool {
		return u.Role == account.Admin && u.PasswordHash != "" && u.DisabledAt.IsZero()
	}
	if !counts(was) || counts(user) {
		return nil
	}
	if s.dialect == Postgres {
		if err := tx.Exec("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE").Error; err != nil {
			return err
		}
	}
	var others int64
	err := tx.Raw("SELECT count(*) FROM users WHERE role = ? AND password_hash <> '' AND disabled_at = 0 AND id <> ?", string(account.Admin), uid(user.ID.UUID)).Scan(&others).Error
	if err == nil && others == 0 {
		err = webhook.Conflict("they are the only admin; make somebody else an admin first")
	}
	return err
}

// TouchUser stamps LastSeenAt unless it is less than a minute old.
func (s *Store) TouchUser(ctx context.Context, id webhook.UserID, seen time.Time) error {
	return wrap("stamp a user", s.write.WithContext(ctx).Exec("UPDATE users SET last_seen_at = ? WHERE id = ? AND last_seen_at <= ?",
		ms(seen), uid(id.UUID), ms(seen.Add(-touchEvery))).Error)
}
