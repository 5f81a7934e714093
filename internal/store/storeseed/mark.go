package storeseed

import (
	"context"
	"errors"
)

// mark is the name of the value that a filled database carries.
const mark = "storeseed"

// Marked answers what Mark left on a database that was filled before, nil if
// there is none. It applies the migrations.
func Marked(ctx context.Context, url string) ([]byte, error) {
	if err := migrate(ctx, url); err != nil {
		return nil, err
	}
	into, err := open(ctx, url)
	if err != nil {
		return nil, err
	}
	value, err := into.value(ctx, mark)
	return value, errors.Join(err, into.close(ctx))
}

// Mark notes on a database how it was filled, so that it can be used again.
func Mark(ctx context.Context, url string, how []byte) error {
	into, err := open(ctx, url)
	if err != nil {
		return err
	}
	err = into.exec(ctx, "INSERT INTO instance (key, value) VALUES (?, ?)", mark, how)
	return errors.Join(err, into.commit(ctx), into.close(ctx))
}
