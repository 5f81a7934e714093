package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
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
	to, err := address("--forward", l.Forward)
	if err != nil {
		return err
	}
	server, err := address("--url", l.URL)
	if err != nil {
		return err
	}
	t := newTicker(os.Stdout, server, to, l.Verbose)
	f := &client.Forward{
		Client: client.New(egress.OperatorClient(), server, l.Key), Transport: egress.OperatorTransport(),
		Wish: client.Wish{
			Name: l.name(), URL: to, Topics: l.Topics, Format: strings.TrimPrefix(l.Format, auto), Secret: l.secret(), ProjectID: l.Project,
		},
		Connected: t.connected, Away: t.away, Made: t.made,
	}
	if err := f.Run(ctx); err != nil {
		return hint(err, server)
	}
	t.stopped()
	return nil
}

// hint adds what to try to a refusal that people meet at their first start.
func hint(err error, server string) error {
	var refused *client.Refusal
	if !errors.As(err, &refused) {
		return err
	}
	switch {
	case refused.Status == http.StatusUnauthorized:
		return fmt.Errorf("%w\n  --key takes the secret of an API key of %s: its project's page Keys makes one", err, server)
	case refused.Status == http.StatusForbidden:
		return fmt.Errorf("%w\n  --key needs an API key with scopes manage and read: its project's page Keys makes one", err)
	case refused.Reason == "":
		return fmt.Errorf("%w\n  is %s Bellwire? --url says where the server is", err, server)
	}
	return err
}

// address completes what people type: 3000, localhost:3000/hook.
func address(flag, typed string) (string, error) {
	text := typed
	switch {
	case strings.Trim(text, "0123456789") == "" && text != "":
		text = "http://localhost:" + text
	case !strings.Contains(text, "://"):
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || bare(typed) {
		return "", fmt.Errorf("%s %s is no http:// or https:// URL, such as http://localhost:3000", flag, typed)
	}
	return text, nil
}

// bare reports a single word: rather a slip than a host.
func bare(typed string) bool {
	return typed != "localhost" && strings.Trim(typed, "0123456789") != "" && !strings.ContainsAny(typed, ".:/")
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
