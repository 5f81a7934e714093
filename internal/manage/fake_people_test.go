package manage_test

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

func (m *memory) SecondFactor(_ context.Context, id webhook.UserID) (account.SecondFactor, error) {
	f := m.factors[id]
	for _, usable := range m.recovery {
		if usable {
			f.RecoveryLeft++
		}
	}
	return f, nil
}

func (m *memory) BeginSecondFactor(_ context.Context, id webhook.UserID, sealed []byte) error {
	if m.factors[id].On() {
		return webhook.Conflict("it is on")
	}
	m.factors[id] = account.SecondFactor{Sealed: sealed}
	return nil
}

func (m *memory) ConfirmSecondFactor(ctx context.Context, id webhook.UserID, sealed []byte, step int64, codes [][32]byte, entry webhook.AuditEntry) error {
	if f := m.factors[id]; f.On() || !bytes.Equal(f.Sealed, sealed) {
		return webhook.Conflict("something else was begun")
	}
	m.factors[id] = account.SecondFactor{Sealed: sealed, Since: entry.At, Step: step}
	return m.setProof(ctx, id, entry.At, codes, entry)
}

func (m *memory) setProof(ctx context.Context, id webhook.UserID, since time.Time, codes [][32]byte, entry webhook.AuditEntry) error {
	u := m.users[id]
	u.SecondFactorAt = since
	m.users[id] = u
	clear(m.recovery)
	for _, code := range codes {
		m.recovery[code] = true
	}
	return m.AddAudit(ctx, entry)
}

func (m *memory) DropSecondFactor(ctx context.Context, id webhook.UserID, entry webhook.AuditEntry) error {
	if !m.factors[id].On() {
		return webhook.Conflict("it is not on")
	}
	delete(m.factors, id)
	return m.setProof(ctx, id, time.Time{}, nil, entry)
}

func (m *memory) RenewRecoveryCodes(ctx context.Context, id webhook.UserID, codes [][32]byte, entry webhook.AuditEntry) error {
	if !m.factors[id].On() {
		return webhook.Conflict("it is not on")
	}
	return m.setProof(ctx, id, m.factors[id].Since, codes, entry)
}

func (m *memory) UseCode(_ context.Context, id webhook.UserID, step int64) error {
	f := m.factors[id]
	if step <= f.Step {
		return webhook.Conflict("used")
	}
	f.Step = step
	m.factors[id] = f
	return nil
}

func (m *memory) UseRecoveryCode(ctx context.Context, id webhook.UserID, hash [32]byte, entry webhook.AuditEntry) (int, error) {
	if !m.recovery[hash] {
		return 0, errMissing
	}
	m.recovery[hash] = false
	f, _ := m.SecondFactor(ctx, id)
	return f.RecoveryLeft, m.AddAudit(ctx, entry)
}

func (m *memory) SignedIn(ctx context.Context, id webhook.UserID, entry webhook.AuditEntry) (account.Failures, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	failed := m.failed[id]
	delete(m.failed, id)
	return failed, m.AddAudit(ctx, entry)
}

func (m *memory) SignInFailed(_ context.Context, id webhook.UserID, _ time.Duration, entry webhook.AuditEntry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failed[id] = account.Failures{Count: m.failed[id].Count + 1, At: entry.At, Addr: entry.Addr}
	return nil
}

func (m *memory) Invitations(_ context.Context, project webhook.ProjectID) ([]account.Link, error) {
	var found []account.Link
	for _, l := range m.links {
		if l.Kind == account.LinkInvitation && l.ProjectID == project {
			found = append(found, l)
		}
	}
	slices.SortFunc(found, func(a, b account.Link) int { return bytes.Compare(b.ID.UUID[:], a.ID.UUID[:]) })
	return found, nil
}

func (m *memory) CreateInvitation(_ context.Context, link account.Link, entry webhook.AuditEntry) error {
	for hash, l := range m.links {
		if l.Kind == account.LinkInvitation && l.Email == link.Email && l.ProjectID == link.ProjectID {
			delete(m.links, hash)
		}
	}
	return put(m, m.links, link.Hash, link, entry)
}

func (m *memory) RevokeInvitation(ctx context.Context, _ webhook.ProjectID, id webhook.LinkID, entry webhook.AuditEntry) error {
	for hash, l := range m.links {
		if l.ID == id {
			delete(m.links, hash)
		}
	}
	return m.AddAudit(ctx, entry)
}

func (m *memory) RenewInvitation(ctx context.Context, project webhook.ProjectID, id webhook.LinkID, hash [32]byte, expires time.Time, entry webhook.AuditEntry) error {
	for old, l := range m.links {
		if l.ID == id && l.ProjectID == project {
			delete(m.links, old)
			l.Hash, l.ExpiresAt = hash, expires
			m.links[hash] = l
		}
	}
	return m.AddAudit(ctx, entry)
}

func (m *memory) AcceptInvitation(ctx context.Context, hash [32]byte, _ time.Time, user account.User, newcomer bool, entry webhook.AuditEntry) error {
	link, err := get(m.links, hash)
	if err != nil {
		return err
	}
	delete(m.links, hash)
	if newcomer {
		m.users[user.ID] = user
	}
	return m.SetMember(ctx, account.Membership{ProjectID: link.ProjectID, UserID: user.ID, Role: link.Role}, entry)
}
