package sender_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/egress"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/sender"
	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	signingSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	nextSecret    = "whsec_bmV4dG5leHRuZXh0bmV4dG5leHRuZXh0bmV4dA=="
)

// local is the policy of a machine where receivers run on loopback.
func local() egress.Policy {
	return egress.Policy{AllowHTTP: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
}

func newSender(t testing.TB, policy egress.Policy) *sender.Sender {
	t.Helper()
	out, err := egress.New(policy)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	return sender.New(out.Transport(), sender.Options{Version: "1.2.3"})
}

func newTarget(url string) *webhook.Target {
	now := time.Now()
	return &webhook.Target{
		Endpoint: webhook.Endpoint{
			ID: webhook.EndpointID{UUID: mint.UUID(now)}, Version: 7,
			Settings: webhook.Settings{URL: url, Format: webhook.FormatStandard, Timeout: 3 * time.Second},
		},
		Secrets: []webhook.Secret{
			{ID: webhook.SecretID{UUID: mint.UUID(now)}, Value: signingSecret, ActiveFrom: now.Add(-time.Hour)},
		},
	}
}

func newJob() webhook.Job {
	now := time.Now()
	return webhook.Job{
		Event: webhook.Event{
			ID: webhook.EventID{UUID: mint.UUID(now)}, Topic: "product.viewed",
			Data: []byte(`{"productId":"p1","price":1.0}`), OccurredAt: now,
		},
		Delivery: webhook.Delivery{
			ID: webhook.DeliveryID{UUID: mint.UUID(now)}, AttemptID: webhook.AttemptID{UUID: mint.UUID(now)}, Attempts: 2,
		},
	}
}

// listen serves every connection with a function, until the test ends; the
// function owns the connection only while it runs.
func listen(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// answering reads one request, writes a text and closes.
func answering(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if readRequest(conn) {
			io.WriteString(conn, text)
		}
	}
}

// readRequest reads one request with its body.
func readRequest(conn net.Conn) bool {
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, req.Body)
	return err == nil
}

// forever writes a piece again and again until the other side is gone.
func forever(start, piece string, pause time.Duration) func(net.Conn) {
	return func(conn net.Conn) {
		if !readRequest(conn) {
			return
		}
		if _, err := io.WriteString(conn, start); err != nil {
			return
		}
		for again := []byte(piece); ; time.Sleep(pause) {
			if _, err := conn.Write(again); err != nil {
				return
			}
		}
	}
}

// reset ends a connection with RST in place of FIN.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

// hold keeps a connection open until the other side closes it.
func hold(conn net.Conn) { io.Copy(io.Discard, conn) }

// authority signs the certificates of test receivers.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, file: filepath.Join(t.TempDir(), "ca.pem")}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().AddDate(-10, 0, 0), NotAfter: time.Now().AddDate(10, 0, 0),
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(raw); err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	if err := os.WriteFile(a.file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// issue makes a certificate for 127.0.0.1, valid between two times.
func (a *authority) issue(t testing.TB, from, to time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "receiver"}, NotBefore: from, NotAfter: to,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// valid is a certificate that is good today.
func (a *authority) valid(t testing.TB) tls.Certificate {
	return a.issue(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
}

// listenTLS is listen behind a TLS handshake.
func listenTLS(t testing.TB, config *tls.Config, serve func(net.Conn)) string {
	return listen(t, func(conn net.Conn) {
		secure := tls.Server(conn, config)
		defer secure.Close()
		if secure.Handshake() == nil {
			serve(secure)
		}
	})
}
