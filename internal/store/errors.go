package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// wrap says what was being done. A webhook.Error passes as it is; a database
// that can't be reached becomes webhook.Unavailable, a commit of which nobody
// knows webhook.InDoubt.
func wrap(doing string, err error) error {
	var told *webhook.Error
	var doubt *inDoubt
	switch {
	case err == nil:
		return nil
	case errors.As(err, &told):
		return err
	case errors.As(err, &doubt):
		return webhook.InDoubt(fmt.Errorf("%s: %w", doing, err))
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", doing, err)
	case errors.Is(err, context.DeadlineExceeded), postgresUnavailable(err), sqliteUnavailable(err):
		return webhook.Unavailable(fmt.Errorf("%s: %w", doing, err))
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// missing turns gorm's "no row" into webhook.NotFound for the thing.
func missing(err error, thing string) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return webhook.NotFound("there is no such %s", thing)
	}
	return err
}
