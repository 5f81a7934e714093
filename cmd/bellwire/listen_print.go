package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/client"
)

// ticker prints what listen --forward does: a line for each delivery.
type ticker struct {
	server  string
	to      string
	verbose bool
	color   bool

	mu    sync.Mutex
	out   *os.File
	width int  // of the topics so far
	met   bool // the server answered once
	lost  bool // the stream is, and that was said
	sent  int
	bad   int
}

func newTicker(out *os.File, server, to string, verbose bool) *ticker {
	return &ticker{out: out, server: server, to: to, verbose: verbose, color: terminal(out) && os.Getenv("NO_COLOR") == "", width: 24}
}

// The colours; nothing is told by them alone.
const (
	green, red, amber, dim, bold = "32", "31", "33", "2", "1"
)

func (t *ticker) paint(code, text string) string {
	if !t.color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (t *ticker) connected(l client.Listening, again bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.met, t.lost = true, false
	if again {
		t.note("connected again; what came meanwhile follows")
		return
	}
	topics := "all"
	if len(l.Endpoint.Topics) != 1 || l.Endpoint.Topics[0] != "*" {
		topics = strings.Join(l.Endpoint.Topics, ", ")
	}
	fmt.Fprintf(t.out, "\n  %s %s\n\n", t.paint(bold, "Forwarding to"), t.paint(bold, printable(t.to)))
	for _, row := range [][2]string{
		{"listening as", l.Endpoint.Name}, {"topics", topics}, {"format", l.Endpoint.Format},
		{"secret", l.Secret}, {"dashboard", l.Dashboard},
	} {
		fmt.Fprintf(t.out, "  %s  %s\n", t.paint(dim, fmt.Sprintf("%-12s", row[0])), printable(row[1]))
	}
	for _, w := range l.Warnings {
		fmt.Fprintf(t.out, "  %s  %s\n", t.paint(amber, fmt.Sprintf("%-12s", "warning")), printable(w))
	}
	fmt.Fprintf(t.out, "\n  %s\n\n", t.paint(dim, "Your program verifies with this secret; it stays the same for this key and name. Ctrl-C stops."))
}

// note is a line about the command itself.
func (t *ticker) note(text string) {
	fmt.Fprintf(t.out, "%s  %s %s\n", t.paint(dim, time.Now().Format(clock)), t.paint(amber, "·"), text)
}

func (t *ticker) away(why error, _ time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lost {
		return
	}
	t.lost = true
	rest := "; trying again"
	if t.met {
		rest += ", nothing is lost meanwhile"
	}
	t.note("no connection to " + printable(t.server) + " (" + printable(short(why)) + ")" + rest)
}

// short leaves what people need of a network error.
func short(err error) string {
	var op *net.OpError
	var u *url.Error
	switch {
	case errors.As(err, &op):
		return strings.TrimPrefix(op.Err.Error(), "connect: ")
	case errors.As(err, &u):
		return u.Err.Error()
	}
	return err.Error()
}

func (t *ticker) made(l client.Listening, f client.Forwarded) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := f.Attempt
	mark, code := "✓", green
	ok := a.Response.Status >= 200 && a.Response.Status < 300
	if t.sent++; !ok {
		mark, code = "✕", red
		t.bad++
	}
	status := "---"
	if a.Response.Status > 0 {
		status = fmt.Sprint(a.Response.Status)
	}
	t.width = min(max(t.width, utf8.RuneCountInString(f.Topic)), 40)
	fmt.Fprintf(t.out, "%s  %s  %s  %-*s  %s%s\n", t.paint(dim, time.Now().Format(clock)), t.paint(code, mark+" "+status), duration(a.Duration),
		t.width, printable(f.Topic), t.paint(dim, printable(l.Deliveries+f.DeliveryID)), nth(f.Request.Attempt))
	switch {
	case a.Response.Status == 0:
		t.below(t.paint(red, printable(a.Error)))
	case !ok && len(a.Response.Body) > 0 && !t.verbose:
		t.below(first(a.Response.Body))
	}
	if t.verbose {
		t.body("→", f.Body)
		t.body("←", a.Response.Body)
	}
}

func nth(attempt int) string {
	if attempt <= 1 {
		return ""
	}
	return fmt.Sprintf("  attempt %d", attempt)
}

func duration(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%5.1f ms", float64(d.Microseconds())/1000)
	case d < 10*time.Second:
		return fmt.Sprintf("%5d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%5.1f s ", d.Seconds())
}

const indent = "          "

func (t *ticker) below(text string) { fmt.Fprintln(t.out, indent+text) }

// longest is how much of a failing program's answer is shown.
const longest = 160

// first is the first line of an answer.
func first(body []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	if runes := []rune(line); len(runes) > longest {
		line = string(runes[:longest]) + "…"
	}
	return printable(line)
}

// body prints what went there or came back; JSON with line breaks.
func (t *ticker) body(arrow string, body []byte) {
	if len(body) == 0 {
		return
	}
	var pretty bytes.Buffer
	if json.Indent(&pretty, body, "", "  ") != nil {
		pretty.Reset()
		pretty.Write(body)
	}
	for i, line := range strings.Split(strings.TrimRight(pretty.String(), "\n"), "\n") {
		if i > 0 {
			arrow = " "
		}
		fmt.Fprintf(t.out, "%s%s %s\n", indent, t.paint(dim, arrow), printable(line))
	}
}

func (t *ticker) stopped() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.met {
		fmt.Fprintf(t.out, "\n  Stopped: %s was not reached.\n", printable(t.server))
		return
	}
	words := "no requests came"
	if t.sent > 0 {
		words = fmt.Sprintf("%d requests, %d of them failed", t.sent, t.bad)
	}
	fmt.Fprintf(t.out, "\n  Stopped and removed from the project: %s.\n", words)
}

// printable keeps strangers' text from steering the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return '·'
		}
		return r
	}, text)
}
