package egress

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// answerWait is how long a failed write waits for an answer to be read.
const answerWait = time.Second

// patientConn lets an early answer win over a failed write. A receiver that
// answers 413 and closes while the body is still on its way makes the write
// fail; net/http would report the broken pipe and lose the answer that lies
// unread in the socket.
//
// The kernel tells of a reset only once. If the write was told, the read would
// see an ordinary end, so it is told here.
type patientConn struct {
	net.Conn
	readEnded chan struct{}
	end       sync.Once
	writing   atomic.Bool
	wasReset  atomic.Bool
}

func patient(conn net.Conn) net.Conn {
	return &patientConn{Conn: conn, readEnded: make(chan struct{})}
}

func (c *patientConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == nil {
		return n, nil
	}
	c.end.Do(func() { close(c.readEnded) })
	if errors.Is(err, io.EOF) && c.resetTold() {
		err = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	return n, err
}

// resetTold reports whether a write was told of a reset; one that is just
// returning gets a few milliseconds.
func (c *patientConn) resetTold() bool {
	for range 5 {
		if !c.writing.Load() {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return c.wasReset.Load()
}

func (c *patientConn) Write(p []byte) (int, error) {
	c.writing.Store(true)
	n, err := c.Conn.Write(p)
	reset := errors.Is(err, syscall.ECONNRESET)
	if reset {
		c.wasReset.Store(true)
	}
	c.writing.Store(false)
	if reset || errors.Is(err, syscall.EPIPE) {
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
