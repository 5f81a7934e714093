package server

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

func TestATricklingBodyEndsAndAWholeOneLiftsItsDeadline(t *testing.T) {
	t.Parallel()
	engine := gin.New()
	engine.Use(slowBodies(100 * time.Millisecond))
	left := make(chan bool, 1)
	engine.POST("/", func(c *gin.Context) {
		if _, err := io.ReadAll(c.Request.Body); err != nil {
			c.String(http.StatusRequestTimeout, "too slow")
			return
		}
		select { // longer than the body's deadline: the client has not left
		case <-c.Request.Context().Done():
			left <- true
		case <-time.After(300 * time.Millisecond):
			left <- false
		}
		c.String(http.StatusOK, "whole")
	})
	web := httptest.NewServer(engine)
	defer web.Close()

	conn, err := net.Dial("tcp", web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhal")
	answer, _ := io.ReadAll(conn)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 408") {
		t.Errorf("the trickling client got %q", answer)
	}

	response, err := http.Post(web.URL, "text/plain", strings.NewReader("whole"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if <-left || response.StatusCode != 200 {
		t.Errorf("a slow handler lost its client: %d", response.StatusCode)
	}
}
