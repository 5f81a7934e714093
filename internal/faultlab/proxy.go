package faultlab

import (
	"bytes"
	"net"
	"os"
	"sync"
	"time"
)

// proxy stands between two parties and can be told to misbehave.
type proxy struct {
	listener         net.Listener
	network, far     string
	commits          sync.Mutex
	mu               sync.Mutex // guards what follows
	refusing         bool
	holding          chan struct{} // closed when bytes for the near side may pass again; nil if they may
	delay            time.Duration
	onCommit         func() (drop bool) // called under commits
	links            map[*link]bool
	broken, withheld int // connections that were cut, pieces that were held back or delayed
}

// link is one connection through the proxy.
type link struct{ near, far net.Conn }

func newProxy(network, near, farNetwork, far string) (*proxy, error) {
	listener, err := net.Listen(network, near)
	if err != nil {
		return nil, err
	}
	if network == "unix" {
		if err := os.Chmod(near, 0o777); err != nil {
			return nil, err
		}
	}
	p := &proxy{listener: listener, network: farNetwork, far: far, links: map[*link]bool{}}
	go p.serve()
	return p, nil
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

func (p *proxy) serve() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.join(conn)
	}
}

// join connects the far side, unless that is refused at the moment.
func (p *proxy) join(near net.Conn) {
	p.mu.Lock()
	refusing := p.refusing
	p.mu.Unlock()
	if refusing {
		reset(near)
		return
	}
	far, err := net.Dial(p.network, p.far)
	if err != nil {
		near.Close()
		return
	}
	l := &link{near, far}
	p.mu.Lock()
	p.links[l] = true
	p.mu.Unlock()
	go p.pass(l, near, far, false)
	p.pass(l, far, near, true)
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

// pass carries bytes one way until either side ends, then ends both.
func (p *proxy) pass(l *link, from, to net.Conn, back bool) {
	defer l.close()
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 && p.withhold(piece[:n], back) {
			return
		}
		if n > 0 {
			if _, err := to.Write(piece[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (l *link) close() {
	l.near.Close()
	l.far.Close()
}

// withhold waits as long as the present mode wants; drop says that the piece
// must not arrive.
func (p *proxy) withhold(piece []byte, back bool) (drop bool) {
	p.mu.Lock()
	holding, delay, onCommit := p.holding, p.delay, p.onCommit
	if !back {
		holding, onCommit = nil, nil
	}
	if holding != nil || delay > 0 {
		p.withheld++
	}
	p.mu.Unlock()
	if onCommit != nil && bytes.Contains(piece, []byte("COMMIT\x00")) {
		p.commits.Lock()
		defer p.commits.Unlock()
		if onCommit() {
			return true
		}
	}
	if holding != nil {
		<-holding
	}
	time.Sleep(delay)
	return false
}

// cut ends every connection and refuses new ones.
func (p *proxy) cut() (broken int) {
	p.mu.Lock()
	p.refusing = true
	p.mu.Unlock()
	return p.reset()
}

// reset ends every connection abruptly and says how many there were.
func (p *proxy) reset() (broken int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		reset(l.near)
		reset(l.far)
		broken++
	}
	p.broken += broken
	return broken
}

// reset closes a connection without the usual good-bye, where there is such.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	conn.Close()
}

// hold keeps back what the far side says.
func (p *proxy) hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holding, p.withheld = make(chan struct{}), 0
}

// slow delays every piece in both directions.
func (p *proxy) slow(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay, p.withheld = delay, 0
}

// atCommit is asked at each answer to a commit, before it passes; nil ends it.
func (p *proxy) atCommit(ask func() (drop bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onCommit = ask
}

// heal ends every mode and says how many pieces were withheld.
func (p *proxy) heal() (withheld int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.holding != nil {
		close(p.holding)
	}
	p.refusing, p.holding, p.delay, p.onCommit = false, nil, 0, nil
	return p.withheld
}

// client is the near side's address of the connection whose far side has the
// address.
func (p *proxy) client(far string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		if l.far.LocalAddr().String() == far {
			return l.near.RemoteAddr().String()
		}
	}
	return ""
}

func (p *proxy) close() {
	p.heal()
	p.listener.Close()
	p.reset()
}
