package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/bellwire/bellwire/internal/receiver"
	"github.com/bellwire/bellwire/internal/webhook"
)

type listenCommand struct {
	Forward string   `help:"Get the project's deliveries from the server and post them to this URL: no public address is needed." placeholder:"URL" env:"BELLWIRE_LISTEN_FORWARD" group:"Forward from a server"`
	Key     string   `help:"The secret of an API key with scopes manage and read." env:"BELLWIRE_KEY" group:"Forward from a server"`
	URL     string   `help:"The server." env:"BELLWIRE_URL" default:"http://127.0.0.1:8080" group:"Forward from a server"`
	Topics  []string `help:"Topics or globs to get; default: all." env:"BELLWIRE_LISTEN_TOPICS" placeholder:"TOPIC" group:"Forward from a server"`
	Name    string   `help:"What the dashboard calls this machine; default: its host name. The same key and name take up where they stopped." env:"BELLWIRE_LISTEN_NAME" group:"Forward from a server"`
	Project string   `help:"With an instance key: the project, or ext:ID." env:"BELLWIRE_LISTEN_PROJECT" group:"Forward from a server"`
	Verbose bool     `help:"Print bodies too." group:"Forward from a server"`

	Port    int   `help:"Port on loopback." env:"BELLWIRE_LISTEN_PORT" default:"9000" group:"Receive on a port"`
	Respond []int `help:"Statuses to answer with, one after the other; the last one stays." env:"BELLWIRE_LISTEN_RESPOND" group:"Receive on a port"`
	Quiet   bool  `help:"One line a delivery, without the body." group:"Receive on a port"`

	Secret string `help:"The endpoint's signing secret. On a port, nothing is verified without it; with --forward one is made from key and name." env:"BELLWIRE_LISTEN_SECRET"`
	Format string `help:"The endpoint's format: abba, abv, aicommerce, standard, plain, hub or custom; auto: standard, or with --forward by the topics." enum:"auto,abba,abv,aicommerce,standard,plain,hub,custom" default:"auto" env:"BELLWIRE_LISTEN_FORMAT"`

	Header   string `help:"Format custom: the signature header." default:"X-Signature" group:"Receive on a port"`
	Signed   string `help:"Format custom: what is signed: ${enum}." enum:"body,{t}.{body},{id}.{t}.{body}" default:"body" group:"Receive on a port"`
	Encoding string `help:"Format custom: ${enum}." enum:"hex,base64" default:"hex" group:"Receive on a port"`
	Value    string `help:"Format custom: the header's value." default:"{signature}" group:"Receive on a port"`
}

// auto is the --format that leaves the choice to Bellwire.
const auto = "auto"

// Run receives on a port, or forwards from a server.
func (l *listenCommand) Run(ctx context.Context) error {
	if l.Forward != "" {
		return l.forward(ctx)
	}
	if l.Format == auto {
		l.Format = string(webhook.FormatStandard)
	}
	for _, status := range l.Respond {
		if status < 200 || status > 599 {
			return fmt.Errorf("--respond %d: a status is 200 to 599", status)
		}
	}
	var printing sync.Mutex
	handler := receiver.New(receiver.Options{
		Format: webhook.FormatName(l.Format),
		Custom: &webhook.CustomFormat{Header: l.Header, Signed: l.Signed, Encoding: l.Encoding, Value: l.Value},
		Secret: func() string { return l.Secret },
		Answer: receiver.Sequence(l.Respond),
		Saw: func(s receiver.Seen) {
			printing.Lock()
			defer printing.Unlock()
			l.print(s)
		},
	})
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(l.Port)))
	if err != nil {
		return err
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	if l.Secret == "" {
		fmt.Println("nothing is verified: --secret takes the endpoint's signing secret")
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (l *listenCommand) print(s receiver.Seen) {
	verdict := "signature ok"
	switch {
	case l.Secret == "":
		verdict = "not verified"
	case s.Fault != nil:
		verdict = s.Fault.Error()
	}
	fmt.Printf("%s  %sevent %s  attempt %s  %s  answered %d\n", s.At.Format("15:04:05.000"), topicOf(s), s.EventID, s.Attempt, verdict, s.Status)
	if l.Quiet {
		return
	}
	var pretty bytes.Buffer
	if json.Indent(&pretty, s.Body, "  ", "  ") != nil {
		pretty.Reset()
		pretty.WriteString(strconv.Quote(string(s.Body)))
	}
	fmt.Printf("  %s\n", pretty.Bytes())
}

// topicOf is the topic that a request names, with a gap after it; empty if its
// format has none.
func topicOf(s receiver.Seen) string {
	var body struct{ EventType, Event, Type string }
	_ = json.Unmarshal(s.Body, &body) // bodies of other shapes name none
	for _, topic := range []string{s.Headers.Get("X-GitHub-Event"), body.EventType, body.Event, body.Type} {
		if topic != "" {
			return printable(topic) + "  "
		}
	}
	return ""
}
