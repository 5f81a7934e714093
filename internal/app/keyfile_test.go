package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bellwire/bellwire/internal/config"
	"github.com/bellwire/bellwire/internal/webhook"
)

func settings(t *testing.T) config.Config {
	t.Helper()
	c, err := config.Flags{
		Addr: "127.0.0.1:0", DatabaseURL: "sqlite://" + filepath.Join(t.TempDir(), "bellwire.db"),
		Workers: "4", LogLevel: "error",
	}.Parse()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func openAndClose(t *testing.T, c config.Config) error {
	t.Helper()
	desk, err := OpenDesk(t.Context(), c)
	if err != nil {
		return err
	}
	return desk.Close()
}

func TestKeyFile_is_made_beside_a_new_database_and_used_again(t *testing.T) {
	t.Parallel()
	c := settings(t)
	if err := openAndClose(t, c); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(c.SQLitePath() + ".key")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key file: %v, %v", info, err)
	}
	if err := openAndClose(t, c); err != nil {
		t.Errorf("the second time: %v", err)
	}
}

func TestKeyFile_two_first_commands_at_once_agree_on_one_key(t *testing.T) {
	t.Parallel()
	c := settings(t)
	var wg sync.WaitGroup
	faults := make(chan error, 4)
	for range cap(faults) {
		wg.Go(func() { faults <- openAndClose(t, c) })
	}
	wg.Wait()
	close(faults)
	for err := range faults {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestKeyFile_missing_for_existing_data_is_refused_and_not_made_anew(t *testing.T) {
	t.Parallel()
	c := settings(t)
	if err := openAndClose(t, c); err != nil {
		t.Fatal(err)
	}
	key := c.SQLitePath() + ".key"
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	err := openAndClose(t, c)
	if webhook.KindOf(err) != webhook.KindConflict || !strings.Contains(err.Error(), key) {
		t.Errorf("got %v, want a refusal that names %s", err, key)
	}
	if _, err := os.Stat(key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a new key file was left behind: %v", err)
	}
}

func TestMasterKey_of_another_database_is_refused(t *testing.T) {
	t.Parallel()
	c := settings(t)
	if err := openAndClose(t, c); err != nil {
		t.Fatal(err)
	}
	c.MasterKeys = [][]byte{[]byte("01234567890123456789012345678901")}
	if err := openAndClose(t, c); webhook.KindOf(err) != webhook.KindConflict {
		t.Errorf("got %v", err)
	}
}
