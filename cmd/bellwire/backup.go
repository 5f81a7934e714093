package main

import (
	"context"
	"fmt"
	"os"

	"github.com/schollz/progressbar/v3"

	"github.com/bellwire/bellwire/internal/app"
)

type backupCommand struct {
	DatabaseURL string `help:"sqlite://PATH" env:"BELLWIRE_DATABASE_URL" default:"sqlite://./bellwire.db"`
	MasterKey   string `help:"As for serve; it is not in the copy." env:"BELLWIRE_MASTER_KEY"`
	File        string `arg:"" help:"The new file; nothing is overwritten."`
}

// Help is what --help says below the usage.
func (*backupCommand) Help() string {
	return `To restore: stop the server, put the copy in the place of the database file without its -wal and -shm files, and start with the same master key. Deliveries that were waiting when the copy was made are sent again then: receivers tell them by the event's id.`
}

func (b *backupCommand) Run(ctx context.Context) error {
	bar := progress("copying", progressbar.OptionShowBytes(true))
	keyFile, err := app.Backup(ctx, b.DatabaseURL, b.File, func(written, whole int64) {
		bar.ChangeMax64(whole)
		_ = bar.Set64(written)
	})
	_ = bar.Exit()
	if err != nil {
		return err
	}
	size := int64(0)
	if info, err := os.Stat(b.File); err == nil {
		size = info.Size()
	}
	fmt.Printf("%s: %d bytes, checked\n", b.File, size)
	if b.MasterKey == "" {
		fmt.Printf("its secrets need the key in %s: keep a copy of that too, and not beside this one\n", keyFile)
	}
	return nil
}
