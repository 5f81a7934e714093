package main

import (
	"context"
	"fmt"

	"github.com/schollz/progressbar/v3"
)

type rewrapCommand struct {
	database `embed:""`
}

// Help is what --help says below the usage.
func (*rewrapCommand) Help() string {
	return `To change the master key: put the new one before the old one, as BELLWIRE_MASTER_KEY=NEW,OLD or as NEW,OLD in the key file beside the SQLite file; restart every server with that; run this; then take the old one out and restart. It may be stopped and run again at any time.`
}

func (r *rewrapCommand) Run(ctx context.Context) error {
	desk, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer desk.Close()
	bar := progress("sealing", progressbar.OptionShowCount())
	values, renewed, err := desk.RewrapSecrets(ctx, func(values int) { _ = bar.Set(values) })
	_ = bar.Exit()
	if err != nil {
		return err
	}
	fmt.Printf("%d of %d secrets were sealed anew; all are under the newest master key, and older ones are needed no more\n", renewed, values)
	return nil
}
