package manage

import (
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// The steps of a rotation as pure changes of an endpoint's secrets: each takes
// the stored rows and answers the rows to store. Which secret is current
// follows from their times alone (webhook.SigningAt).

// rotate adds next. With a date the switch is settled now: the current secret
// gets the end of its grace.
func rotate(secrets []webhook.Secret, next webhook.Secret, now time.Time) ([]webhook.Secret, error) {
	at := webhook.SigningAt(secrets, now)
	switch {
	case at.Next != nil:
		return nil, webhook.Conflict("a rotation is under way: switch to the next secret or undo it first")
	case at.Previous != nil:
		return nil, webhook.Conflict("the last rotation is in its grace until %s: wait, or undo it first", at.Previous.ExpiresAt.Format(time.RFC3339))
	}
	after := slices.Clone(secrets)
	if at.Current != nil && !next.ActiveFrom.IsZero() {
		byID(after, at.Current.ID).ExpiresAt = next.ActiveFrom.Add(next.Grace)
	}
	return append(after, next), nil
}

// switchOver makes the next secret current now.
func switchOver(secrets []webhook.Secret, now time.Time) ([]webhook.Secret, error) {
	at := webhook.SigningAt(secrets, now)
	if at.Next == nil {
		return nil, webhook.Conflict("there is no next secret to switch to: rotate first")
	}
	after := slices.Clone(secrets)
	next := byID(after, at.Next.ID)
	next.ActiveFrom = now
	if at.Current != nil {
		current := byID(after, at.Current.ID)
		precede(current, now)
		current.ExpiresAt = now.Add(next.Grace)
		if next.Grace == 0 {
			current.Sealed = nil
		}
	}
	return after, nil
}

// undo takes one step back: before the switch the next secret goes, within the
// grace the previous one signs again and the newer one is next.
func undo(secrets []webhook.Secret, now time.Time) ([]webhook.Secret, error) {
	at := webhook.SigningAt(secrets, now)
	after := slices.Clone(secrets)
	switch {
	case at.Next != nil:
		if at.Current != nil {
			byID(after, at.Current.ID).ExpiresAt = time.Time{}
		}
		id := at.Next.ID
		return slices.DeleteFunc(after, func(s webhook.Secret) bool { return s.ID == id }), nil
	case at.Previous != nil && at.Current != nil:
		byID(after, at.Previous.ID).ExpiresAt = time.Time{}
		byID(after, at.Current.ID).ActiveFrom = time.Time{}
		return after, nil
	}
	return nil, webhook.Conflict("there is no rotation to undo")
}

// compromised makes the next secret, or fresh if there is none, current now
// and wipes all others.
func compromised(secrets []webhook.Secret, fresh webhook.Secret, now time.Time) []webhook.Secret {
	after := slices.Clone(secrets)
	id := fresh.ID
	if next := webhook.SigningAt(secrets, now).Next; next != nil {
		id = next.ID
	} else {
		after = append(after, fresh)
	}
	for i := range after {
		s := &after[i]
		if s.ID == id {
			s.ActiveFrom = now
			continue
		}
		precede(s, now)
		s.Sealed = nil
		if s.ExpiresAt.IsZero() || s.ExpiresAt.After(now) {
			s.ExpiresAt = now
		}
	}
	return after
}

// precede keeps two secrets from having become active in the same millisecond,
// which would leave open which one is current.
func precede(s *webhook.Secret, now time.Time) {
	if !s.ActiveFrom.Before(now) {
		s.ActiveFrom = now.Add(-time.Millisecond)
	}
}

// byID finds a row that is known to be there.
func byID(secrets []webhook.Secret, id webhook.SecretID) *webhook.Secret {
	return &secrets[slices.IndexFunc(secrets, func(s webhook.Secret) bool { return s.ID == id })]
}
