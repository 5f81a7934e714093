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
	}
}

const userColumns = "u.id, u.email, u.name, u.role, u.password_hash, u.created_at, u.last_seen_at, u.disabled_at"

// HasUsers says whether anybody can sign in yet.
func (s *Store) HasUsers(ctx context.Context) (bool, error) {
	has, err := hasUsers(s.db(ctx))
	return has, wrap("look for users", err)
}

func hasUsers(db *gorm.DB) (bool, error) {
	var has bool
	err := db.Raw("SELECT EXISTS (SELECT 1 FROM users)").Scan(&has).Error
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
	return taken(tx.Create(&row).Error, "somebody has the email %s already", user.Email)
}

// CreateFirstUser stores the first user; a Conflict if there is any already.
func (s *Store) CreateFirstUser(ctx context.Context, user account.User, entry webhook.AuditEntry) error {
	return s.tx(ctx, "create the first user", func(tx *gorm.DB) error {
		if err := s.createFirstUser(tx, user); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

func (s *Store) createFirstUser(tx *gorm.DB, user account.User) error {
	if s.dialect == Postgres {
		// Two first users at once would not see each other otherwise.
		if err := tx.Exec("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE").Error; err != nil {
			return err
		}
	}
	has, err := hasUsers(tx)
	if err != nil {
		return err
	}
	if has {
		return webhook.Conflict("there is a user already")
	}
	return createUser(tx, user)
}

// UpdateUser writes name, role, password hash and DisabledAt.
func (s *Store) UpdateUser(ctx context.Context, user account.User, entry webhook.AuditEntry) error {
	return s.tx(ctx, "update a user", func(tx *gorm.DB) error {
		row := newUserRow(user)
		result := tx.Model(&userRow{}).Where("id = ?", row.ID).Updates(map[string]any{
			"name": row.Name, "role": row.Role, "password_hash": row.PasswordHash, "disabled_at": row.DisabledAt,
		})
		if err := changed(result, "user"); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// TouchUser stamps LastSeenAt unless it is less than a minute old.
func (s *Store) TouchUser(ctx context.Context, id webhook.UserID, seen time.Time) error {
	return wrap("stamp a user", s.write.WithContext(ctx).Exec("UPDATE users SET last_seen_at = ? WHERE id = ? AND last_seen_at <= ?",
		ms(seen), uid(id.UUID), ms(seen.Add(-touchEvery))).Error)
}
