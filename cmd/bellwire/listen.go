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
	Port    int    `help:"Port on loopback." env:"BELLWIRE_LISTEN_PORT" default:"9000"`
	Secret  string `help:"The endpoint's signing secret; without it nothing is verified." env:"BELLWIRE_LISTEN_SECRET"`
	Format  string `help:"The endpoint's format: ${enum}." enum:"abba,abv,aicommerce,standard,plain,hub,custom" default:"standard" env:"BELLWIRE_LISTEN_FORMAT"`
	Respond []int  `help:"Statuses to answer with, one after the other; the last one stays." env:"BELLWIRE_LISTEN_RESPOND"`
	Quiet   bool   `help:"One line a delivery, without the body."`

	Header   string `help:"Format custom: the signature header." default:"X-Signature"`
	Signed   string `help:"Format custom: what is signed: ${enum}." enum:"body,{t}.{body},{id}.{t}.{body}" default:"body"`
	Encoding string `help:"Format custom: ${enum}." enum:"hex,base64" default:"hex"`
	Value    string `help:"Format custom: the header's value." default:"{signature}"`
}

func (l *listenCommand) Run(ctx context.Context) error {
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
	fmt.Printf("%s  event %s  attempt %s  %s  answered %d\n", s.At.Format("15:04:05.000"), s.EventID, s.Attempt, verdict, s.Status)
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
