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
	event := map[string]any{"topic": p.Topic, "data": json.RawMessage(data)}
	if p.Project != "" {
		event["projectId"] = p.Project
	}
	body, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("--data is not JSON: %w", err)
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
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("publishing"),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetVisibility(terminal(os.Stderr)))
	lines := bufio.NewReaderSize(input, 1<<20)
	for first := 1; ; first += batch {
		events, done, err := read(lines)
		if err != nil {
			return err
		}
		if len(events) > 0 {
			if _, err := c.PublishBatch(ctx, events); err != nil {
				return fmt.Errorf("lines %d to %d were not stored; index 0 is line %d: %w", first, first+len(events)-1, first, err)
			}
			if err := bar.Add(len(events)); err != nil {
				return err
			}
		}
		if done {
			return bar.Finish()
		}
	}
}

func read(lines *bufio.Reader) (events []json.RawMessage, done bool, err error) {
	for len(events) < batch {
		line, err := lines.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			events = append(events, line)
		}
		if errors.Is(err, io.EOF) {
			return events, true, nil
		}
		if err != nil {
			return nil, false, err
		}
	}
	return events, false, nil
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
