package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	// rewrapPasses bounds how often the whole is gone through for what others
	// changed meanwhile.
	rewrapPasses = 10
	// namedUnreadable is how many of the values that can't be opened an error
	// names.
	namedUnreadable = 20
)

// RewrapSecrets seals every stored secret anew that is not under the newest
// master key, beside a running server that has the same keys, and answers how
// many there are and how many were renewed. Called again it goes on where it
// was. Afterwards the older keys are needed no more; while any value can't be
// opened they are kept in use and the error names it.
func (d *Desk) RewrapSecrets(ctx context.Context, step func(values int)) (values, renewed int, err error) {
	for range rewrapPasses {
		told, err := d.store.Rewrap(ctx, d.keys.Reseal, func(so webhook.Rewrapped) { step(so.Values) })
		renewed += told.Renewed
		switch {
		case err != nil:
			return told.Values, renewed, err
		case len(told.Unreadable) > 0:
			return told.Values, renewed, unreadable(told.Unreadable)
		case told.Renewed == 0 && told.Missed == 0:
			return told.Values, renewed, d.sealedAnew(ctx, told.Values)
		}
	}
	return 0, renewed, errors.New("secrets are changed faster than they are sealed anew: run it again at a quieter hour")
}

// sealedAnew lets the database be known by the newest key.
func (d *Desk) sealedAnew(ctx context.Context, values int) error {
	now := time.Now()
	return d.store.ReplaceValue(ctx, keyCheck, d.keys.CheckValue(), webhook.AuditEntry{
		ID: webhook.AuditID{UUID: mint.UUID(now)}, At: now, Actor: d.caller.Actor, Action: "instance.secrets-rewrapped",
		Detail: fmt.Sprintf("%d values are sealed under the newest master key", values),
	})
}

func unreadable(values []string) error {
	more := ""
	if len(values) > namedUnreadable {
		more = fmt.Sprintf("\nand %d more", len(values)-namedUnreadable)
		values = values[:namedUnreadable]
	}
	return fmt.Errorf("these values can't be opened and were left as they are; add the key that they were sealed under to BELLWIRE_MASTER_KEY, or replace them:\n%s%s",
		strings.Join(values, "\n"), more)
}
