package server_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/server"
)

// serve runs a server on a free port until the test ends.
func serve(t *testing.T, s *server.Server) (addr string, stop func() error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { stop() })
	return listener.Addr().String(), stop
}

func TestStoppingLetsOpenRequestsFinish(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	s := newServer(t, func(o *server.Options) {
		o.Pages = []server.Page{{Method: "GET", Path: "/slow", Handler: func(c *gin.Context) {
			close(entered)
			<-leave
			c.String(http.StatusOK, "finished")
		}}}
	})
	addr, stop := serve(t, s)
	answer := make(chan string, 1)
	go func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := client.Get("http://" + addr + "/slow")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answer <- string(body)
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for call(s, "GET", "/readyz").Code != http.StatusServiceUnavailable {
		time.Sleep(time.Millisecond)
	}
	close(leave)
	if got := <-answer; got != "finished" {
		t.Errorf("the open request got %q", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestAHungRequestDoesNotKeepTheServerFromStopping(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *server.Options) { o.Grace = 50 * time.Millisecond })
	addr, stop := serve(t, s)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhal")
	time.Sleep(20 * time.Millisecond) // until the server reads the body; shorter only makes the test easier
	start := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
}

func TestAnAnswerWithoutAnEndIsToldThatTheServerStops(t *testing.T) {
	t.Parallel()
	entered, told := make(chan struct{}), make(chan struct{})
	s := newServer(t, func(o *server.Options) {
		o.OnStop = []func(){sync.OnceFunc(func() { close(told) })}
		o.Pages = []server.Page{{Method: "GET", Path: "/endless", Handler: func(c *gin.Context) {
			close(entered)
			<-told
		}}}
	})
	addr, stop := serve(t, s)
	go http.Get("http://" + addr + "/endless")
	<-entered
	start := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("stopping took %v", took)
	}
}

func TestAnAddressInUseIsNamed(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	s := newServer(t, func(o *server.Options) { o.Addr = listener.Addr().String() })
	if _, err := s.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), listener.Addr().String()) || !strings.Contains(err.Error(), "--addr") {
		t.Errorf("got %v", err)
	}
}

func TestTheSecondListenerServesMetricsAlone(t *testing.T) {
	t.Parallel()
	spare, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	metrics := spare.Addr().String()
	spare.Close()
	s := newServer(t, func(o *server.Options) { o.MetricsAddr = metrics })
	addr, _ := serve(t, s)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + addr + "/page")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	var body string
	for range 200 { // the second listener opens a moment after the first answers
		response, err := client.Get("http://" + metrics + "/anything")
		if err != nil {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		text, _ := io.ReadAll(response.Body)
		response.Body.Close()
		body = string(text)
		break
	}
	if !strings.Contains(body, "bellwire_http_request_duration_seconds") {
		t.Errorf("metrics: %q", body)
	}
}

func TestATricklingRequestEndsAndASlowAnswerDoesNot(t *testing.T) {
	t.Parallel()
	const limit = 100 * time.Millisecond
	s := newServer(t, func(o *server.Options) {
		o.ReadTimeout = limit
		o.Pages = []server.Page{{Method: "POST", Path: "/slow", Handler: func(c *gin.Context) {
			io.Copy(io.Discard, c.Request.Body)
			select {
			case <-c.Request.Context().Done():
			case <-time.After(2 * limit):
				c.String(http.StatusOK, "whole")
			}
		}}}
	})
	addr, _ := serve(t, s)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhal")
	answer, _ := io.ReadAll(conn)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 408") {
		t.Errorf("the trickling client got %q", answer)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Post("http://"+addr+"/slow", "text/plain", strings.NewReader("whole"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); string(body) != "whole" {
		t.Errorf("the slow handler lost its client: %d %q", response.StatusCode, body)
	}
}
