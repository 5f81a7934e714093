// Command bellwire is the webhook delivery platform: the server, and the
// commands around it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/bellwire/bellwire/internal/config"
)

// version is set by the linker.
var version = "dev"

type commands struct {
	Serve   serveCommand   `cmd:"" help:"Run the dashboard, the API and the dispatcher in one process."`
	Demo    demoCommand    `cmd:"" help:"Run the whole product on a seeded database, with receivers and a trickle of events."`
	Migrate migrateCommand `cmd:"" help:"Apply migrations and exit (serve also does)."`
	User    struct {
		Create            userCreateCommand        `cmd:"" help:"Create a user and print the id."`
		ResetSecondFactor resetSecondFactorCommand `cmd:"" help:"Turn off the second factor of somebody who lost it."`
	} `cmd:"" help:"People who can sign in."`
	Project struct {
		Create projectCreateCommand `cmd:"" help:"Create a project and print its id."`
	} `cmd:"" help:"Projects: the tenants."`
	Member struct {
		Add memberAddCommand `cmd:"" help:"Give a person a role in a project."`
	} `cmd:"" help:"Who belongs to a project."`
	Key struct {
		Create keyCreateCommand `cmd:"" help:"Create an API key and print its id and secret, once."`
	} `cmd:"" help:"API keys."`
	Secrets struct {
		Rewrap rewrapCommand `cmd:"" help:"Seal every stored secret anew under the newest master key, also beside a running server."`
	} `cmd:"" help:"Stored secrets."`
	Backup  backupCommand  `cmd:"" help:"Copy the SQLite database to a file, consistent and checked, also beside a running server."`
	Publish publishCommand `cmd:"" help:"Publish events through the API."`
	Listen  listenCommand  `cmd:"" help:"Receive deliveries: on a port, or forwarded from a server to a program on this machine."`
	Bench   struct {
		Speed     benchSpeedCommand     `cmd:"" default:"withargs" help:"Deliveries a second, delay, processor time and memory, beside what this machine reaches without a store (the default)."`
		Long      benchLongCommand      `cmd:"" help:"Throughput and claims over an empty log and over one of ten million deliveries, in turn."`
		Neighbour benchNeighbourCommand `cmd:"" help:"The delay of a healthy endpoint beside a dead one and a hundred slow ones."`
		Restart   benchRestartCommand   `cmd:"" help:"Kill a server with a million deliveries waiting: how soon the next one sends, and its memory."`
		Fanout    benchFanOutCommand    `cmd:"" help:"One event to a hundred thousand endpoints: how soon it is accepted, memory, and that a kill loses nothing."`
		Nodes     benchNodesCommand     `cmd:"" help:"A million deliveries over three nodes on one PostgreSQL, and the end of one of them."`
		Pages     benchPagesCommand     `cmd:"" help:"Ask for every page and list over a log of a million deliveries; each must answer in time."`
		Part      benchPartCommand      `cmd:"" hidden:"" help:"A process that the bench starts."`
	} `cmd:"" help:"Measure this binary on an empty database."`
	Version kong.VersionFlag `help:"Print the version and exit."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var c commands
	parser := kong.Must(&c, kong.Name("bellwire"), kong.ShortUsageOnError(), kong.Vars{"version": version},
		kong.Description("Self-hosted webhook delivery with a developer dashboard. Start with: bellwire demo"),
		kong.BindTo(ctx, (*context.Context)(nil)))
	parsed, err := parser.Parse(askedHelp(os.Args[1:]))
	if err != nil {
		parser.Exit = func(int) { os.Exit(exitUsage) }
		parser.FatalIfErrorf(err)
	}
	if err := parsed.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "bellwire: %v\n", err)
		stop()
		os.Exit(exitCode(err))
	}
}

// exitUsage is the exit status of a command line or of settings that are wrong.
const exitUsage = 2

// askedHelp reads no words at all, and "help COMMAND", as a call for help.
func askedHelp(words []string) []string {
	switch {
	case len(words) == 0:
		return []string{"--help"}
	case words[0] == "help":
		return append(slices.Clone(words[1:]), "--help")
	}
	return words
}

// configError marks settings that are wrong: exit status 2, nothing started.
type configError struct{ error }

func exitCode(err error) int {
	if wrong := (configError{}); errors.As(err, &wrong) {
		return exitUsage
	}
	return 1
}

func parse(flags config.Flags) (config.Config, error) {
	c, err := flags.Parse()
	if err != nil {
		return c, configError{fmt.Errorf("these settings are wrong:\n%w", err)}
	}
	return c, nil
}
