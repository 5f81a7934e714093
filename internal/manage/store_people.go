package manage

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// UserFilter narrows a list of users, which is sorted by email.
type UserFilter = webhook.UserFilter

// Users keeps the people who can sign in. Emails come lower-cased.
type Users interface {
	Users(ctx context.Context, filter UserFilter) (webhook.Page[account.User], error)
	User(ctx context.Context, id webhook.UserID) (account.User, error)
	UserByEmail(ctx context.Context, email string) (account.User, error)
	// MembershipsOf is empty for somebody without projects.
	MembershipsOf(ctx context.Context, id webhook.UserID) (map[webhook.ProjectID]account.Role, error)
	// CreateUser is a Conflict if the email is taken.
	CreateUser(ctx context.Context, user account.User, entry webhook.AuditEntry) error
	// CreateFirstAdmin is a Conflict if there is an enabled admin with a
	// password already. Somebody who has the email becomes the admin, with the
	// new password and without their sessions; it answers who is stored.
	CreateFirstAdmin(ctx context.Context, admin account.User, entry webhook.AuditEntry) (account.User, error)
	// UpdateUser writes name, role, password hash and DisabledAt; a Conflict if
	// any of them but the name is no longer as in was, or if it would take the
	// last admin who can sign in. Who is disabled or gets another role or password
	// is signed out everywhere and leaves no links open that they could not make
	// any more.
	UpdateUser(ctx context.Context, was, user account.User, entry webhook.AuditEntry) error
	// TouchUser stamps LastSeenAt unless it is less than a minute old.
	TouchUser(ctx context.Context, id webhook.UserID, at time.Time) error
}

// Identities keeps who people are at an identity provider.
type Identities interface {
	// UserByIdentity goes by issuer and subject alone.
	UserByIdentity(ctx context.Context, identity account.Identity) (account.User, error)
	// BindIdentity is a Conflict if the identity stands for somebody, or the user
	// has one of that issuer.
	BindIdentity(ctx context.Context, id webhook.UserID, identity account.Identity, entry webhook.AuditEntry) error
}

// SecondFactors keeps what people prove themselves with beside the password.
type SecondFactors interface {
	SecondFactor(ctx context.Context, id webhook.UserID) (account.SecondFactor, error)
	// BeginSecondFactor keeps a sealed secret that is not confirmed, in place of
	// one begun before; a Conflict if the second factor is on.
	BeginSecondFactor(ctx context.Context, id webhook.UserID, sealed []byte) error
	// ConfirmSecondFactor turns on what was begun with the sealed secret; a
	// Conflict if that is not what stands there. The step is taken, the recovery
	// codes are kept, and the person is signed out everywhere.
	ConfirmSecondFactor(ctx context.Context, id webhook.UserID, sealed []byte, step int64, codes [][32]byte, entry webhook.AuditEntry) error
	// DropSecondFactor turns it off with its codes and signs the person out
	// everywhere; a Conflict if it is not on.
	DropSecondFactor(ctx context.Context, id webhook.UserID, entry webhook.AuditEntry) error
	// RenewRecoveryCodes replaces all codes; a Conflict if it is not on.
	RenewRecoveryCodes(ctx context.Context, id webhook.UserID, codes [][32]byte, entry webhook.AuditEntry) error
	// UseCode takes a step; a Conflict if it or a later one was taken.
	UseCode(ctx context.Context, id webhook.UserID, step int64) error
	// UseRecoveryCode takes a code and answers how many are left; NotFound if
	// it is unknown or was used.
	UseRecoveryCode(ctx context.Context, id webhook.UserID, hash [32]byte, entry webhook.AuditEntry) (int, error)
}

// SignIns keeps how sign-ins ended.
type SignIns interface {
	// SignedIn answers what failed since the sign-in before, and starts anew.
	SignedIn(ctx context.Context, id webhook.UserID, entry webhook.AuditEntry) (account.Failures, error)
	// SignInFailed counts one; the entry is written only if none was in the time
	// before.
	SignInFailed(ctx context.Context, id webhook.UserID, every time.Duration, entry webhook.AuditEntry) error
}

// Links keeps one-time links, found by the SHA-256 of their token.
type Links interface {
	CreateLink(ctx context.Context, link account.Link, entry webhook.AuditEntry) error
	// Link is NotFound once used; whether it has expired is the caller's to say.
	Link(ctx context.Context, hash [32]byte) (account.Link, error)
	// UseSetupLink marks the link used and does what CreateFirstAdmin does:
	// NotFound if it is used or expired at now, or was ended by an admin.
	UseSetupLink(ctx context.Context, hash [32]byte, now time.Time, admin account.User, entry webhook.AuditEntry) (account.User, error)
	// UseSignInLink marks the link used and answers its user. Nobody with the
	// link's email yet: newcomer is stored. Not a member of its project yet:
	// they become one with the link's role; an existing role stays. NotFound if
	// the link is used or expired at now. The store completes the entry with the
	// user as actor and object when they were known before.
	UseSignInLink(ctx context.Context, hash [32]byte, now time.Time, newcomer account.User, entry webhook.AuditEntry) (account.User, error)
}

// Invitations keeps links that make members of those who accept them.
type Invitations interface {
	// Invitations of a project that nobody has accepted, newest first; those
	// that ran out within a month are among them.
	Invitations(ctx context.Context, project webhook.ProjectID) ([]account.Link, error)
	// CreateInvitation replaces an earlier one for the same project and address.
	CreateInvitation(ctx context.Context, link account.Link, entry webhook.AuditEntry) error
	RevokeInvitation(ctx context.Context, project webhook.ProjectID, id webhook.LinkID, entry webhook.AuditEntry) error
	RenewInvitation(ctx context.Context, project webhook.ProjectID, id webhook.LinkID, hash [32]byte, expires time.Time, entry webhook.AuditEntry) error
	// AcceptInvitation marks it used and makes the user a member; an existing
	// role stays. A newcomer is stored: a Conflict if somebody has the email.
	// NotFound if it is used or expired at now.
	AcceptInvitation(ctx context.Context, hash [32]byte, now time.Time, user account.User, newcomer bool, entry webhook.AuditEntry) error
}

// Keys keeps API keys, found by the SHA-256 of their secret.
type Keys interface {
	// Keys of one project, zero for the instance's own, newest first, revoked
	// ones included.
	Keys(ctx context.Context, project webhook.ProjectID) ([]account.Key, error)
	Key(ctx context.Context, id webhook.KeyID) (account.Key, error)
	KeyByHash(ctx context.Context, hash [32]byte) (account.Key, error)
	CreateKey(ctx context.Context, key account.Key, entry webhook.AuditEntry) error
	// RevokeKey is a Conflict if the key is revoked already. Links that the key
	// made and nobody has used end with it.
	RevokeKey(ctx context.Context, id webhook.KeyID, at time.Time, entry webhook.AuditEntry) error
	// TouchKey stamps LastUsedAt and LastUsedAddr unless that was done less than
	// a minute ago.
	TouchKey(ctx context.Context, id webhook.KeyID, at time.Time, addr string) error
}
