package store

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

type sessionRow struct {
	TokenHash  []byte `gorm:"primaryKey"`
	UserID     uid
	Data       []byte
	CreatedAt  int64 `gorm:"autoCreateTime:false"`
	LastSeenAt int64
	ExpiresAt  int64
	Addr       string
	Agent      string
}

func (sessionRow) TableName() string { return "sessions" }

func (r sessionRow) session() account.Session {
	return account.Session{
		Token: string(r.TokenHash), UserID: webhook.UserID{UUID: webhook.UUID(r.UserID)}, CreatedAt: at(r.CreatedAt),
		LastSeenAt: at(r.LastSeenAt), ExpiresAt: at(r.ExpiresAt), Addr: r.Addr, Agent: r.Agent,
	}
}

// maxAgent is how much of a browser's name is kept, in bytes.
const maxAgent = 300

// Tokens come hashed; nobody can sign in with what stands here.

// SessionFind reads the data of a session that has not expired.
func (s *Store) SessionFind(ctx context.Context, token string) (data []byte, found bool, err error) {
	now, err := s.hot.now(ctx)
	if err != nil {
		return nil, false, wrap("read a session", err)
	}
	var rows []sessionRow
	err = s.db(ctx).Raw("SELECT data FROM sessions WHERE token_hash = ? AND expires_at > ?", []byte(token), now).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, false, wrap("read a session", err)
	}
	return rows[0].Data, true, nil
}

// SessionCommit writes the data of a session.
func (s *Store) SessionCommit(ctx context.Context, token string, data []byte, expires time.Time) error {
	return s.tx(ctx, "write a session", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		row := sessionRow{TokenHash: []byte(token), Data: data, CreatedAt: now, LastSeenAt: now, ExpiresAt: ms(expires)}
		return tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "token_hash"}},
			DoUpdates: clause.AssignmentColumns([]string{"data", "last_seen_at", "expires_at"}),
		}).Create(&row).Error
	})
}

// SessionUpdate is SessionCommit for a session that the request came with:
// NotFound if it was ended meanwhile, so that no request brings it back.
func (s *Store) SessionUpdate(ctx context.Context, token string, data []byte, expires time.Time) error {
	return s.tx(ctx, "write a session", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		return changed(tx.Exec("UPDATE sessions SET data = ?, last_seen_at = ?, expires_at = ? WHERE token_hash = ?",
			data, now, ms(expires), []byte(token)), "session")
	})
}

// SessionDelete ends a session; one that is not there has ended already.
func (s *Store) SessionDelete(ctx context.Context, token string) error {
	return wrap("end a session", s.write.WithContext(ctx).Exec("DELETE FROM sessions WHERE token_hash = ?", []byte(token)).Error)
}

// BindSession says whose session it is, since when and where it runs.
func (s *Store) BindSession(ctx context.Context, token string, user webhook.UserID, since time.Time, addr, agent string) error {
	result := s.write.WithContext(ctx).Exec("UPDATE sessions SET user_id = ?, created_at = ?, addr = ?, agent = ? WHERE token_hash = ?",
		uid(user.UUID), ms(since), clean(addr), clean(agent[:min(len(agent), maxAgent)]), []byte(token))
	return wrap("bind a session", changed(result, "session"))
}

// SessionsOf lists where a user is signed in, last used first.
func (s *Store) SessionsOf(ctx context.Context, user webhook.UserID) ([]account.Session, error) {
	now, err := s.hot.now(ctx)
	if err != nil {
		return nil, wrap("list sessions", err)
	}
	var rows []sessionRow
	err = s.db(ctx).Raw(`SELECT token_hash, user_id, created_at, last_seen_at, expires_at, addr, agent FROM sessions
 WHERE user_id = ? AND expires_at > ? ORDER BY last_seen_at DESC, token_hash`, uid(user.UUID), now).Scan(&rows).Error
	sessions := make([]account.Session, len(rows))
	for i, r := range rows {
		sessions[i] = r.session()
	}
	return sessions, wrap("list sessions", err)
}

// EndSession ends one session of a user; NotFound if it has ended or is
// somebody else's.
func (s *Store) EndSession(ctx context.Context, user webhook.UserID, token string) error {
	result := s.write.WithContext(ctx).Exec("DELETE FROM sessions WHERE user_id = ? AND token_hash = ?", uid(user.UUID), []byte(token))
	return wrap("end a session", changed(result, "session"))
}

// EndSessions ends every session of a user but the one with the token.
func (s *Store) EndSessions(ctx context.Context, user webhook.UserID, except string) error {
	return wrap("end sessions", s.write.WithContext(ctx).Exec("DELETE FROM sessions WHERE user_id = ? AND token_hash <> ?",
		uid(user.UUID), []byte(except)).Error)
}
