package server

import (
	"log/slog"
	"testing"
)

func TestLevel_keeps_signs_of_life_out_of_the_log(t *testing.T) {
	t.Parallel()
	const answers = "/api/v1/listen/:id/answers"
	for status, want := range map[int]slog.Level{204: slog.LevelDebug, 404: slog.LevelInfo, 500: slog.LevelWarn} {
		if got := level("POST", answers, status); got != want {
			t.Errorf("%d is logged as %s, want %s", status, got, want)
		}
	}
	if got := level("POST", "/api/v1/listen", 201); got != slog.LevelInfo {
		t.Errorf("a new listener is logged as %s", got)
	}
}
