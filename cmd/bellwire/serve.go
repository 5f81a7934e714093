package main

import (
	"context"

	"github.com/bellwire/bellwire/internal/app"
	"github.com/bellwire/bellwire/internal/config"
)

type serveCommand struct {
	config.Flags `embed:""`
	Dev          bool `help:"Let endpoints be http:// and on loopback; only when listening on loopback." env:"BELLWIRE_DEV"`
}

func (s *serveCommand) Run(ctx context.Context) error {
	c, err := parse(s.Flags)
	if err != nil {
		return err
	}
	if s.Dev {
		if err := c.Development(); err != nil {
			return configError{err}
		}
	}
	return app.Serve(ctx, c, version)
}
