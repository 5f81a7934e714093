package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/bellwire/bellwire/internal/blackbox"
)

// A part is a process of the bench beside the server: the receiver, the load
// and the two limits. It reads its plan from its input, writes its report to its
// output, and ends with its input: so none outlives the bench.

// parts are what a process can be.
var parts = map[string]func(ctx context.Context, plan *json.Decoder, report *json.Encoder) error{
	"receiver": served(newReceiver),
	"load":     reported(loadPlan.run),
	"sender":   reported(senderPlan.run),
	"chain":    served(newChain),
}

// RunPart is the process of one part; it ends with its input.
func RunPart(ctx context.Context, name string, in io.Reader, out io.Writer) error {
	part := parts[name]
	if part == nil {
		return fmt.Errorf("%q is no part of the bench", name)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	plan := json.NewDecoder(in)
	ended := func() { _ = plan.Decode(&struct{}{}); cancel() } // nothing follows the plan but the end
	var first json.RawMessage
	if err := plan.Decode(&first); err != nil {
		return fmt.Errorf("this command is started by the bench, with a plan: %w", err)
	}
	go ended()
	return part(ctx, decoderOf(first), json.NewEncoder(out))
}

// reported is a part that does its work and tells of it.
func reported[P, R any](work func(P, context.Context) (R, error)) func(context.Context, *json.Decoder, *json.Encoder) error {
	return func(ctx context.Context, plan *json.Decoder, report *json.Encoder) error {
		var p P
		if err := plan.Decode(&p); err != nil {
			return err
		}
		r, err := work(p, ctx)
		return errors.Join(err, report.Encode(r))
	}
}

// child is a part as the bench sees it.
type child struct {
	name    string
	process *exec.Cmd
	input   io.WriteCloser
	answers *json.Decoder
}

// childEnds is how long a part may take to end.
const childEnds = 5 * time.Second

func startPart(ctx context.Context, o Options, name string, plan any) (*child, error) {
	c := &child{name: name, process: exec.CommandContext(ctx, o.Binary, "bench", "part", name)}
	c.process.Env, c.process.Stderr, c.process.WaitDelay = blackbox.WithoutOurs(os.Environ()), o.Log, childEnds
	output, err := c.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if c.input, err = c.process.StdinPipe(); err != nil {
		return nil, err
	}
	c.answers = json.NewDecoder(output)
	if err := c.process.Start(); err != nil {
		return nil, fmt.Errorf("start the %s: %w", name, err)
	}
	return c, json.NewEncoder(c.input).Encode(plan)
}

// read waits for the next thing that the part says. A part that hangs is ended
// by the context that it was started with.
func (c *child) read(into any) error {
	if err := c.answers.Decode(into); err != nil {
		return fmt.Errorf("the bench's %s ended: %w", c.name, err)
	}
	return nil
}

// stop ends the part. One that does not end is killed.
func (c *child) stop() {
	c.input.Close()
	timer := time.AfterFunc(childEnds, func() { _ = c.process.Process.Kill() })
	defer timer.Stop()
	_ = c.process.Wait() // it was killed, or is done: what it had to say was read
}

// work runs a part to its end and reads its report.
func work[R any](ctx context.Context, o Options, name string, plan any) (report R, err error) {
	c, err := startPart(ctx, o, name, plan)
	if err != nil {
		return report, err
	}
	defer c.stop()
	return report, c.read(&report)
}
