package egress

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// answerWait is how long a failed write waits for an answer to be read.
const answerWait = time.Second

// patientConn lets an early answer win over a failed write. A receiver that
// answers 413 and closes while the body is still on its way makes the write
// fail; net/http would report the broken pipe and lose the answer that lies
// unread in the socket.
type patientConn struct {
	net.Conn
	readEnded chan struct{}
	end       sync.Once
}

func patient(conn net.Conn) net.Conn {
	return &patientConn{Conn: conn, readEnded: make(chan struct{})}
}

func (c *patientConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		c.end.Do(func() { close(c.readEnded) })
	}
	return n, err
}

func (c *patientConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		wait := time.NewTimer(answerWait)
		defer wait.Stop()
		select {
		case <-c.readEnded:
		case <-wait.C:
		}
	}
	return n, err
}

func (c *patientConn) Close() error {
	c.end.Do(func() { close(c.readEnded) })
	return c.Conn.Close()
}
