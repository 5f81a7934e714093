package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/schollz/progressbar/v3"

	"github.com/bellwire/bellwire/internal/client"
	"github.com/bellwire/bellwire/internal/egress"
)

type publishCommand struct {
	URL     string `help:"The server." env:"BELLWIRE_URL" default:"http://127.0.0.1:8080"`
	Key     string `help:"The secret of an API key with scope publish." env:"BELLWIRE_KEY" required:""`
	Topic   string `help:"The event's topic." xor:"what"`
	Data    string `help:"The event's data: JSON, or @FILE." default:"{}"`
	Project string `help:"With an instance key: the project, or ext:ID."`
	File    string `help:"Many events, one JSON object a line as POST /api/v1/events takes it; - for standard input." xor:"what"`
}

func (p *publishCommand) Run(ctx context.Context) error {
	c := client.New(egress.OperatorClient(), p.URL, p.Key)
	switch {
	case p.File != "":
		return p.many(ctx, c)
	case p.Topic == "":
		return errors.New("--topic or --file is needed")
	}
	data, err := inline(p.Data)
	if err != nil {
		return err
	}
	if !json.Valid(data) {
		return errors.New("--data is not JSON")
	}
	event := map[string]any{"topic": p.Topic, "data": json.RawMessage(data)}
	if p.Project != "" {
		event["projectId"] = p.Project
	}
	body, err := json.Marshal(event)
	if err != nil {
		return err
	}
	receipt, err := c.Publish(ctx, body)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(receipt)
}

func inline(text string) ([]byte, error) {
	if path, ok := strings.CutPrefix(text, "@"); ok {
		return os.ReadFile(path)
	}
	return []byte(text), nil
}

// batch is how many lines go in one call: all of them are stored or none.
const batch = 200

// many publishes a file and says which lines were refused.
func (p *publishCommand) many(ctx context.Context, c *client.Client) error {
	input := os.Stdin
	if p.File != "-" {
		file, err := os.Open(p.File)
		if err != nil {
			return err
		}
		defer file.Close()
		input = file
	}
	bar := progress("publishing", progressbar.OptionShowCount(), progressbar.OptionShowIts())
	lines := &numbered{from: bufio.NewReaderSize(input, 1<<20)}
	published := 0
	for {
		events, at, err := lines.batch()
		if err != nil {
			return err
		}
		if len(events) > 0 {
			if _, err := c.PublishBatch(ctx, events); err != nil {
				return fmt.Errorf("%d events were published; lines %d to %d were not, where events[0] is line %d:\n%w", published, at[0], at[len(at)-1], at[0], err)
			}
			published += len(events)
			if err := bar.Add(len(events)); err != nil {
				return err
			}
		}
		if lines.done {
			fmt.Printf("%d events published\n", published)
			return bar.Finish()
		}
	}
}

// numbered reads JSON lines and knows their numbers; empty ones are passed
// over.
type numbered struct {
	from *bufio.Reader
	line int
	done bool
}

// batch is the next lines and the number of each.
func (n *numbered) batch() (events []json.RawMessage, at []int, err error) {
	for len(events) < batch && !n.done {
		line, err := n.from.ReadBytes('\n')
		n.line++
		if n.done = errors.Is(err, io.EOF); err != nil && !n.done {
			return nil, nil, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if !json.Valid(line) {
			return nil, nil, fmt.Errorf("line %d is not JSON; nothing from there on was published", n.line)
		}
		events, at = append(events, line), append(at, n.line)
	}
	return events, at, nil
}
