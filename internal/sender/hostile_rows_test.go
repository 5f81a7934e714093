package sender_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/egress"
	"github.com/bellwire/bellwire/internal/webhook"
)

func connectRows(t *testing.T) []hostile {
	healthy := listen(t, answering(ok))
	return []hostile{
		{id: "H01", cause: webhook.CauseRefused, check: says("refused"), url: func(t *testing.T) (string, egress.Policy) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			return "http://" + listener.Addr().String(), local()
		}},
		{id: "H02", cause: webhook.CauseConnectTimeout, timeout: 15 * time.Second, within: 6 * time.Second, url: blackHole},
		{id: "H04", cause: webhook.CauseTimeout, timeout: 500 * time.Millisecond, serve: hold},
		{id: "H05", cause: webhook.CauseClosed, serve: func(conn net.Conn) { readRequest(conn) }},
		{id: "H06", cause: webhook.CauseReset, serve: func(conn net.Conn) { readRequest(conn); reset(conn) }},
		{id: "H07", status: 200, url: named(answers("127.0.0.77", "127.0.0.1"), healthy)},
		{id: "H08", cause: webhook.CauseProtocol, serve: func(conn net.Conn) {
			io.WriteString(conn, "SSH-2.0-\x1b[31mOpenSSH"+strings.Repeat("!", 5000)+"\r\n")
			hold(conn)
		}, check: func(t *testing.T, a webhook.Attempt) {
			if len(a.Error) > 260 || strings.ContainsAny(a.Error, "\x1b\r\n") {
				t.Errorf("error of %d bytes: %q", len(a.Error), a.Error)
			}
		}},
		{id: "H09", cause: webhook.CauseDNS, check: says("does not resolve"), url: named(resolverFunc(
			func(context.Context) ([]netip.Addr, error) {
				return nil, &net.DNSError{Err: "no such host", Name: "receiver.example.", IsNotFound: true}
			}), healthy)},
		{id: "H11", cause: webhook.CauseDNS, timeout: 500 * time.Millisecond, check: says("in time"), url: named(resolverFunc(
			func(ctx context.Context) ([]netip.Addr, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}), healthy)},
		{id: "H12", cause: webhook.CauseRefused, url: named(resolverFunc(func(context.Context) (many []netip.Addr, _ error) {
			for i := range 500 {
				many = append(many, netip.AddrFrom4([4]byte{127, 9, byte(i >> 8), byte(i)}))
			}
			return many, nil
		}), healthy)},
	}
}

// blackHole is a port that answers no SYN: its queue of two is full.
func blackHole(t *testing.T) (string, egress.Policy) {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(socket) })
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(socket, 0); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", bound.(*syscall.SockaddrInet4).Port)
	for range 4 {
		if conn, err := net.DialTimeout("tcp", address, 100*time.Millisecond); err == nil {
			t.Cleanup(func() { conn.Close() })
		}
	}
	return "http://" + address, local()
}

func tlsRows(t *testing.T) []hostile {
	ca := newAuthority(t)
	policy := local()
	policy.CAFile = ca.file
	at := func(address string, p egress.Policy) func(*testing.T) (string, egress.Policy) {
		return func(*testing.T) (string, egress.Policy) { return "https://" + address + "/hook", p }
	}
	with := func(config *tls.Config, serve func(net.Conn)) func(*testing.T) (string, egress.Policy) {
		return at(listenTLS(t, config, serve), policy)
	}
	day := 24 * time.Hour
	expired := ca.issue(t, time.Now().Add(-9*day), time.Now().Add(-2*day))
	early := ca.issue(t, time.Now().Add(2*day), time.Now().Add(9*day))
	good := &tls.Config{Certificates: []tls.Certificate{ca.valid(t)}}
	mutual := &tls.Config{Certificates: good.Certificates, ClientAuth: tls.RequireAnyClientCert}
	old := &tls.Config{Certificates: good.Certificates, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	long := ca.valid(t)
	for range 200 {
		long.Certificate = append(long.Certificate, long.Certificate[0])
	}
	return []hostile{
		{id: "H13", cause: webhook.CauseTLS, within: 2 * time.Second, url: with(&tls.Config{Certificates: []tls.Certificate{expired}}, hold),
			check: says("expired on " + time.Now().Add(-2*day).UTC().Format(time.DateOnly))},
		{id: "H14", cause: webhook.CauseTLS, within: 2 * time.Second, check: says("unknown authority"),
			url: at(listenTLS(t, good, hold), local())},
		{id: "H16", cause: webhook.CauseTLS, within: 2 * time.Second, url: with(&tls.Config{Certificates: []tls.Certificate{early}}, hold),
			check: says("not valid before " + time.Now().Add(2*day).UTC().Format(time.DateOnly))},
		{id: "H17", cause: webhook.CauseTLS, within: 2 * time.Second, url: with(old, hold), check: says("protocol version")},
		{id: "H18", cause: webhook.CauseTLS, within: 2 * time.Second, url: with(mutual, answering(ok)), check: says("certificate required")},
		{id: "H19", cause: webhook.CauseTLSTimeout, timeout: 15 * time.Second, within: 6 * time.Second, url: at(listen(t, hold), policy)},
		{id: "H20", cause: webhook.CauseTLS, url: at(listen(t, func(conn net.Conn) {
			io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
			io.CopyN(io.Discard, conn, 100)
		}), policy), check: says("HTTP response to HTTPS client")},
		{id: "H21", status: 200, bytes: 2 << 20, url: with(&tls.Config{Certificates: []tls.Certificate{long}}, answering(ok))},
		{id: "H22", cause: webhook.CauseReset, url: at(listen(t, func(conn net.Conn) {
			secure := tls.Server(conn, good)
			if secure.Handshake() == nil {
				reset(conn)
			}
		}), policy)},
		{id: "H23", cause: webhook.CauseProtocol, within: 2 * time.Second,
			url: with(&tls.Config{Certificates: good.Certificates, NextProtos: []string{"h2", "http/1.1"}}, answering("\x00\x00\x12\x04\x00garbage"))},
	}
}

func requestRows() []hostile {
	return []hostile{
		{id: "H24", cause: webhook.CauseTimeout, timeout: 500 * time.Millisecond, within: 1500 * time.Millisecond, serve: func(conn net.Conn) {
			time.Sleep(2 * time.Second)
		}},
		{id: "H25", status: 200, serve: func(conn net.Conn) {
			bufio.NewReaderSize(conn, 16).ReadByte()
			io.WriteString(conn, ok)
		}},
		{id: "H26", cause: webhook.CauseStatus, status: 413, serve: func(conn net.Conn) {
			bufio.NewReaderSize(conn, 16).ReadByte()
			io.WriteString(conn, "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		}},
		{id: "H27", status: 200, serve: func(conn net.Conn) {
			req, err := http.ReadRequest(bufio.NewReader(conn))
			if err == nil && req.Header.Get("Expect") == "" {
				io.WriteString(conn, ok)
			}
		}},
	}
}

func headerRows() []hostile {
	return []hostile{
		{id: "H30", cause: webhook.CauseHeaderTooLarge, bytes: 2 << 20,
			serve: forever("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 0)},
		{id: "H31", status: 200, serve: answering(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 6) + ok)},
		{id: "H33", cause: webhook.CauseProtocol, check: says("status 000"), serve: answering("HTTP/1.1 000 Zero\r\n\r\n")},
		{id: "H35", cause: webhook.CauseProtocol, serve: answering("HTTP/1.1 1000 Much\r\n\r\n")},
		{id: "H35", cause: webhook.CauseProtocol, serve: answering("HTTP/1.1 20 Little\r\n\r\n")},
		{id: "H35", cause: webhook.CauseProtocol, serve: answering("HTTP/1.1 abc None\r\n\r\n")},
		{id: "H36", cause: webhook.CauseHeaderTooLarge, bytes: 5 << 20,
			serve: forever("HTTP/1.1 200 OK\r\nX-Long: ", strings.Repeat("a", 1024), 0)},
		{id: "H37", cause: webhook.CauseHeaderTooLarge, serve: forever("HTTP/1.1 200 OK\r\n", "X-Small: 1\r\n", 0)},
		{id: "H38", cause: webhook.CauseTimeout, timeout: 700 * time.Millisecond, within: 1200 * time.Millisecond,
			serve: forever("HTTP/1.1 200 OK\r\nX-Slow: ", "a", 100*time.Millisecond)},
		{id: "H39", cause: webhook.CauseProtocol, serve: answering("HTTP/1.1 200 OK\r\nX-Nul: a\x00b\r\n\r\n")},
		{id: "H40", status: 200, check: headerIs("X-Latin", `caf\xe9`),
			serve: answering("HTTP/1.1 200 OK\r\nX-Latin: caf\xe9\r\nContent-Length: 0\r\n\r\n")},
		{id: "H41", cause: webhook.CauseStatus, status: 500, serve: answering("HTTP/1.1 500 a\x00\xff\r\nContent-Length: 0\r\n\r\n"),
			check: says("answered 500;")},
		{id: "H42", cause: webhook.CauseProtocol, serve: answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk")},
		{id: "H43", cause: webhook.CauseProtocol, serve: answering("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok")},
		{id: "H44", status: 200, truncated: true, check: bodyOf(2), bytes: 1 << 20,
			serve: answering("HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\nok")},
	}
}

func bodyRows() []hostile {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 4096, strings.Repeat("x", 4096))
	return []hostile{
		{id: "H49", status: 200, truncated: true, check: bodyOf(64 << 10), bytes: 1 << 20, serve: forever(chunked, chunk, 0)},
		{id: "H50", status: 200, truncated: true, timeout: 15 * time.Second, within: 5500 * time.Millisecond,
			serve: forever(chunked, "1\r\nx\r\n", 200*time.Millisecond)},
		{id: "H52", cause: webhook.CauseStatus, status: 500, truncated: true, check: bodyOf(64 << 10),
			serve: forever(strings.Replace(chunked, "200 OK", "500 No", 1), chunk, 0)},
		{id: "H53", status: 200, truncated: true, check: bodyOf(5), serve: answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")},
		{id: "H54", status: 200, truncated: true, serve: func(conn net.Conn) {
			readRequest(conn)
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
			time.Sleep(50 * time.Millisecond) // the RST may not overtake the status line
			reset(conn)
		}},
		{id: "H55", status: 200, bytes: 1 << 20, check: func(t *testing.T, a webhook.Attempt) {
			if !strings.HasPrefix(string(a.Response.Body), "\x1f\x8b") || headerOf(a.Response, "Content-Encoding") != "gzip" {
				t.Error("the body is not kept as received")
			}
		}, serve: answering("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n\x1f\x8b\x08" + strings.Repeat("\x00", 50<<10))},
		{id: "H57", status: 200, check: bodyOf(3), serve: answering("HTTP/1.1 200 OK\r\nContent-Encoding: zzz\r\nContent-Length: 3\r\n\r\n\x28\xb5\x2f")},
		{id: "H58", status: 200, truncated: true, bytes: 5 << 20,
			serve: forever(chunked+"2;", strings.Repeat("e", 1024), 0)},
		{id: "H59", status: 200, truncated: true, bytes: 5 << 20,
			serve: forever(chunked+"2\r\nok\r\n0\r\n", "X-T: "+strings.Repeat("t", 1000)+"\r\n", 0)},
		{id: "H63", status: 200, check: bodyOf(3), serve: answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\xff\xfe\x00")},
	}
}

func statusRows() []hostile {
	var rows []hostile
	redirect := func(id, line, location string, words ...string) {
		text := "HTTP/1.1 " + line + "\r\nContent-Length: 0\r\n"
		if location != "" {
			text += "Location: " + location + "\r\n"
		}
		status := 0
		fmt.Sscan(line, &status)
		located := headerIs("Location", location)
		rows = append(rows, hostile{id: id, cause: webhook.CauseRedirect, status: status, serve: once(text + "\r\n"),
			check: func(t *testing.T, a webhook.Attempt) {
				located(t, a)
				says(words...)(t, a)
				if strings.Contains(a.Error, "token") {
					t.Errorf("error %q quotes the query", a.Error)
				}
			}})
	}
	for _, status := range []string{"301 M", "302 F", "303 S", "307 T", "308 P"} {
		redirect("H69", status, "https://other.example/path?token=1", "https://other.example;")
	}
	redirect("H70", "301 M", "", "without a Location")
	redirect("H70", "302 F", "http://%zz/", "broken Location")
	redirect("H71", "308 P", "/hook", "same host")
	for _, status := range []int{400, 401, 403, 404, 405, 415, 422} {
		rows = append(rows, answeringStatus("H72", status))
	}
	rows = append(rows, answeringStatus("H73", 410), answeringStatus("H79", 500), answeringStatus("H79", 502),
		answeringStatus("H79", 503), answeringStatus("H79", 504), answeringStatus("H79", 599), answeringStatus("H79", 304))
	return append(rows, hostile{id: "H80", cause: webhook.CauseTimeout, timeout: 300 * time.Millisecond, serve: func(conn net.Conn) {
		readRequest(conn)
		time.Sleep(500 * time.Millisecond)
		io.WriteString(conn, ok)
	}})
}

func answeringStatus(id string, status int) hostile {
	return hostile{id: id, cause: webhook.CauseStatus, status: status, check: says(fmt.Sprint(status)),
		serve: answering(fmt.Sprintf("HTTP/1.1 %d Word\r\nContent-Length: 2\r\n\r\nno", status))}
}

// once answers the first request of a receiver and closes; a second one would
// get nothing.
func once(text string) func(net.Conn) {
	var served atomic.Bool
	return func(conn net.Conn) {
		if readRequest(conn) && served.CompareAndSwap(false, true) {
			io.WriteString(conn, text)
		}
	}
}
