package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"
)

// address is what a part that listens says first.
type address struct{ URL string }

// served is a part that listens on a free port until its input ends.
func served[P any](handler func(context.Context, P) http.Handler) func(context.Context, *json.Decoder, *json.Encoder) error {
	return func(ctx context.Context, plan *json.Decoder, report *json.Encoder) error {
		var p P
		if err := plan.Decode(&p); err != nil {
			return err
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := &http.Server{Handler: handler(ctx, p), ReadHeaderTimeout: time.Minute}
		defer server.Close()
		context.AfterFunc(ctx, func() { server.Close() })
		if err := report.Encode(address{"http://" + listener.Addr().String()}); err != nil {
			return err
		}
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}
}

func decoderOf(text []byte) *json.Decoder { return json.NewDecoder(bytes.NewReader(text)) }

// sending is a client that keeps connections open, as many as it is told.
func sending(connections int) *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		MaxIdleConnsPerHost: connections, DisableCompression: true,
	}}
}
