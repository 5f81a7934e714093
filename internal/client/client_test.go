package client_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/client"
)

func TestPublish_tries_again_while_the_server_is_away(t *testing.T) {
	t.Parallel()
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		if got := r.Header.Get("Authorization"); got != "Bearer k" {
			t.Errorf("authorization: got %q", got)
		}
		if calls == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, `{"id":"e1","topic":"a.b","deliveries":2}`)
	}))
	defer server.Close()
	receipt, err := client.New(server.Client(), server.URL+"/", "k").Publish(t.Context(), json.RawMessage(`{}`))
	if err != nil || receipt.ID != "e1" || receipt.Deliveries != 2 || calls != 2 {
		t.Errorf("got %+v, %v after %d calls", receipt, err, calls)
	}
}

func TestPublish_tells_every_place_that_was_refused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		io.WriteString(w, `{"title":"Unprocessable","detail":"2 places are wrong","errors":[{"location":"body.topic","message":"is unknown"},{"location":"body.data","message":"is missing"}]}`)
	}))
	defer server.Close()
	_, err := client.New(server.Client(), server.URL, "k").PublishBatch(t.Context(), []json.RawMessage{[]byte(`{}`)})
	for _, part := range []string{"422", "2 places are wrong", "body.topic: is unknown", "body.data: is missing"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %v", part, err)
		}
	}
}
