package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/client"
	"github.com/bellwire/bellwire/internal/egress"
)

// forward posts the project's deliveries to a program on this machine.
func (l *listenCommand) forward(ctx context.Context) error {
	if l.Key == "" {
		return errors.New("--forward needs --key, the secret of an API key with scopes manage and read")
	}
	if len(l.Respond) > 0 {
		return errors.New("--respond is for --port: with --forward your program answers")
	}
	to, err := target(l.Forward)
	if err != nil {
		return err
	}
	t := newTicker(os.Stdout, to, l.Verbose)
	f := &client.Forward{
		Client: client.New(egress.OperatorClient(), l.URL, l.Key), Transport: egress.OperatorTransport(),
		Wish: client.Wish{
			Name: l.name(), URL: to, Topics: l.Topics, Format: l.Format, Secret: l.secret(), ProjectID: l.Project,
		},
		Connected: t.connected, Away: t.away, Made: t.made,
	}
	if err := f.Run(ctx); err != nil {
		return err
	}
	t.stopped()
	return nil
}

// target completes what people type: 3000, localhost:3000/hook.
func target(typed string) (string, error) {
	text := typed
	switch {
	case strings.Trim(text, "0123456789") == "" && text != "":
		text = "http://localhost:" + text
	case !strings.Contains(text, "://"):
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return "", fmt.Errorf("--forward %s is no http:// or https:// URL, such as http://localhost:3000/hook", typed)
	}
	return text, nil
}

func (l *listenCommand) name() string {
	if l.Name != "" {
		return l.Name
	}
	if host, err := os.Hostname(); err == nil && host != "" {
		return host
	}
	return "listener"
}

// secret is the same every time for a key and a name, so that a program needs to
// be told once. It can't be guessed without the key.
func (l *listenCommand) secret() string {
	if l.Secret != "" {
		return l.Secret
	}
	mac := hmac.New(sha256.New, []byte(l.Key))
	mac.Write([]byte("bellwire listen\x00" + l.name()))
	return "whsec_" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// clock is how times stand at the start of a line.
const clock = time.TimeOnly
