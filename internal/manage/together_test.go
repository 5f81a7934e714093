package manage_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/manage"
)

func TestTogether_does_all_parts_and_answers_an_error_or_a_panic(t *testing.T) {
	t.Parallel()
	var first, second bool
	done := func(it *bool) func(context.Context) error {
		return func(context.Context) error { *it = true; return nil }
	}
	if err := manage.Together(t.Context(), done(&first), done(&second)); err != nil || !first || !second {
		t.Errorf("%v, did %t and %t", err, first, second)
	}
	broken := errors.New("broken")
	waits := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	if err := manage.Together(t.Context(), waits, func(context.Context) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("one that fails ends the others: %v", err)
	}
	if err := manage.Together(t.Context(), done(&first), func(context.Context) error { panic("at the disco") }); err == nil || !strings.Contains(err.Error(), "at the disco") {
		t.Errorf("a panic is %v", err)
	}
}
