package main

import (
	"context"
	"os"
	"time"

	"github.com/bellwire/bellwire/internal/bench"
)

type benchSpeedCommand struct {
	flowing `embed:""`
	Rounds  int           `help:"How often everything is measured; medians count." default:"3"`
	Events  int           `help:"Events of a course with one delivery each; fan-out has half as many, batches twice." default:"20000"`
	Drain   int           `help:"Length of the backlog over ten endpoints; that of one endpoint is a tenth." default:"300000"`
	Paced   int           `help:"Events published at 50 a second." default:"500"`
	Idle    time.Duration `help:"How long the server is left alone before its memory is read." default:"8s"`
	Only    string        `help:"Measure only courses with this in their name, such as fan-out."`
}

func (b *benchSpeedCommand) Run(ctx context.Context) error {
	return b.run(ctx, bench.Speed{Rounds: b.Rounds, Events: b.Events, Drain: b.Drain, Paced: b.Paced, Idle: b.Idle, Only: b.Only})
}

type benchLongCommand struct {
	flowing    `embed:""`
	Deliveries int `help:"Length of the long log." default:"10000000"`
	Rounds     int `help:"How often both logs are measured, in turn; medians count." default:"3"`
	Events     int `help:"Events of a round, by 128 publishers." default:"20000"`
	Paced      int `help:"Events of a round at 50 a second whose claims are timed." default:"500"`
}

func (b *benchLongCommand) Run(ctx context.Context) error {
	return b.run(ctx, bench.Long{Deliveries: b.Deliveries, Rounds: b.Rounds, Events: b.Events, Paced: b.Paced})
}

type benchNeighbourCommand struct {
	flowing       `embed:""`
	Rounds        int           `help:"How often alone and beside are measured, in turn; medians count." default:"3"`
	Events        int           `help:"Events of a round for the healthy endpoint, at 50 a second." default:"500"`
	Waiting       int           `help:"Deliveries that wait for the dead endpoint." default:"10000"`
	Slow          int           `help:"Endpoints that take their time." default:"100"`
	SlowFor       time.Duration `help:"How long they take." default:"10s"`
	SlowPerSecond float64       `help:"Deliveries a second for each of them." default:"1"`
	Ramp          time.Duration `help:"How long the trouble lasts before the delay is measured." default:"10s"`
}

func (b *benchNeighbourCommand) Run(ctx context.Context) error {
	return b.run(ctx, bench.Neighbour{
		Rounds: b.Rounds, Events: b.Events, Waiting: b.Waiting, Slow: b.Slow, SlowFor: b.SlowFor, SlowPerSecond: b.SlowPerSecond, Ramp: b.Ramp,
	})
}

type benchRestartCommand struct {
	flowing   `embed:""`
	Waiting   int `help:"Deliveries in the table." default:"1000000"`
	Rounds    int `help:"How often the server is killed and started; medians count." default:"3"`
	Delivered int `help:"How many deliveries each start is watched for, for a minute at most." default:"50000"`
}

func (b *benchRestartCommand) Run(ctx context.Context) error {
	return b.run(ctx, bench.Restart{Waiting: b.Waiting, Rounds: b.Rounds, Delivered: b.Delivered})
}

type benchFanOutCommand struct {
	flowing   `embed:""`
	Endpoints int  `help:"Endpoints that get the event." default:"100000"`
	Projects  int  `help:"How many projects they are divided between." default:"100"`
	Kill      bool `help:"Publish another event and kill the server in the middle." default:"true" negatable:""`
}

func (b *benchFanOutCommand) Run(ctx context.Context) error {
	return b.run(ctx, bench.Wide{Endpoints: b.Endpoints, Projects: b.Projects, Kill: b.Kill})
}

type benchNodesCommand struct {
	flowing    `embed:""`
	Deliveries int `help:"Deliveries over three nodes." default:"1000000"`
	One        int `help:"Deliveries by one node, for comparison." default:"200000"`
	Killed     int `help:"Deliveries while a node is killed; 0 kills none." default:"100000"`
}

func (b *benchNodesCommand) Run(ctx context.Context) error {
	return b.run(ctx, bench.Nodes{Deliveries: b.Deliveries, One: b.One, Killed: b.Killed})
}

type benchPartCommand struct {
	Name string `arg:"" help:"receiver, load, sender or chain."`
}

func (b *benchPartCommand) Run(ctx context.Context) error {
	return bench.RunPart(ctx, b.Name, os.Stdin, os.Stdout)
}
