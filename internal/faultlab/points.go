package faultlab

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// point is a moment in the life of an event at which a node can be killed.
type point string

const (
	acceptance  point = "the publisher has its 202"
	arrival     point = "the request is at the receiver, unanswered"
	answerGiven point = "the receiver has answered"
)

// points are moments that somebody waits for; at most one at a time.
type points struct {
	mu    sync.Mutex
	armed point
	fire  func(node int)
}

// arm has fire called once, at the next moment of the kind.
func (p *points) arm(at point, fire func(node int)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed, p.fire = at, fire
}

func (p *points) disarm() { p.arm("", nil) }

// take is what to do at a point now, if anything.
func (p *points) take(at point) func(int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.armed != at {
		return nil
	}
	p.armed = ""
	return p.fire
}

// hit says that the moment has come, caused by a node.
func (p *points) hit(_ *lab, at point, node int) {
	if fire := p.take(at); fire != nil {
		fire(node)
	}
}

// reach is hit for the node that holds the other end of a connection through
// the receivers' proxy.
func (p *points) reach(l *lab, at point, remote string) {
	p.mu.Lock()
	waiting := p.armed == at
	p.mu.Unlock()
	if !waiting {
		return
	}
	if node := l.owner(l.receivers.proxy.client(remote)); node >= 0 {
		p.hit(l, at, node)
	}
}

// owner is the node that has a connection from an address; -1 for none.
func (l *lab) owner(addr string) int {
	inode := socketInode(addr)
	if inode == "" {
		return -1
	}
	for _, n := range l.nodes {
		if !n.Runs() {
			continue
		}
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", n.PID())) // the pattern is well formed
		for _, link := range links {
			if to, err := os.Readlink(link); err == nil && to == "socket:["+inode+"]" {
				return n.n
			}
		}
	}
	return -1
}

// socketInode finds the socket with a local address of IPv4 in the system's
// table.
func socketInode(addr string) string {
	_, text, err := net.SplitHostPort(addr)
	if err != nil {
		return ""
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return ""
	}
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return ""
	}
	local := fmt.Sprintf("0100007F:%04X", port)
	for line := range strings.Lines(string(table)) {
		if fields := strings.Fields(line); len(fields) > 9 && fields[1] == local && fields[9] != "0" {
			return fields[9]
		}
	}
	return ""
}
