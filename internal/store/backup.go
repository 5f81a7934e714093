package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// backupLook is how often the progress of a backup is looked at.
const backupLook = 200 * time.Millisecond

// Backup copies the SQLite database in the file from, as it stands at one
// moment, into the new file to, also while others write. The copy takes its name
// when it is whole, checked and on disk. It does not migrate: a copy made before
// an upgrade is what stood before it. step hears the bytes written and about how
// many they will be.
//
// Meanwhile the write-ahead log of a busy server grows, since the moment that is
// being copied is kept.
func Backup(ctx context.Context, from, to string, step func(written, whole int64)) error {
	if _, err := os.Stat(from); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(webhook.Conflict("%s exists already; a backup overwrites nothing", to), err)
	}
	part, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+".part-*") // mode 0600
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer os.Remove(part.Name())
	defer part.Close()
	if err := copyInto(ctx, from, part.Name(), step); err != nil {
		return fmt.Errorf("back up %s: %w", from, err)
	}
	if err := part.Sync(); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	// Link refuses a name that was taken meanwhile.
	if err := os.Link(part.Name(), to); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return syncDirectory(filepath.Dir(to))
}

func copyInto(ctx context.Context, from, part string, step func(written, whole int64)) error {
	source, err := liteFile(from, 1, "cache_size(-8192)")
	if err != nil {
		return err
	}
	defer source.Close()
	var whole int64
	if err := source.QueryRowContext(ctx, "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()").Scan(&whole); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		_, err := source.ExecContext(ctx, "VACUUM INTO ?", part)
		done <- err
	}()
	look := time.NewTicker(backupLook)
	defer look.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				return err
			}
			return sound(ctx, part)
		case <-look.C:
			if info, err := os.Stat(part); err == nil {
				step(info.Size(), max(whole, info.Size()))
			}
		}
	}
}

// sound reads the copy through: what can't be read now can't be restored later.
func sound(ctx context.Context, part string) error {
	made, err := liteFile(part, 1, "query_only(1)", "cache_size(-8192)")
	if err != nil {
		return err
	}
	defer made.Close()
	var verdict string
	if err := made.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("the copy is not sound: %s", verdict)
	}
	return nil
}

// syncDirectory makes a new name in a directory outlive a power cut.
func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
