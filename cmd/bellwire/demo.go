package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/bellwire/bellwire/internal/app"
	"github.com/bellwire/bellwire/internal/config"
)

type demoCommand struct {
	Addr  string `help:"Address to listen on; must be loopback." env:"BELLWIRE_ADDR" default:"127.0.0.1:8080"`
	Dir   string `help:"Folder for the database." env:"BELLWIRE_DEMO_DIR" default:"./bellwire-demo"`
	Fresh bool   `help:"Remove the folder's database first." env:"BELLWIRE_DEMO_FRESH"`
}

func (d *demoCommand) Run(ctx context.Context) error {
	flags := config.Flags{
		Addr: d.Addr, DatabaseURL: "sqlite://" + filepath.Join(d.Dir, "bellwire.db"),
		LogLevel: "error",
	}
	c, err := parse(flags)
	if err != nil {
		return err
	}
	if err := c.Development(); err != nil {
		return configError{err}
	}
	return app.Demo(ctx, c, app.DemoOptions{Dir: d.Dir, Fresh: d.Fresh, Version: version, Out: os.Stdout})
}
