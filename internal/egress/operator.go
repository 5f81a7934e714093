package egress

import (
	"net/http"
	"time"
)

// OperatorClient is for commands that somebody runs at their own machine to
// reach an address that they typed themselves. Nothing in a server may use it.
func OperatorClient() *http.Client {
	return &http.Client{
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// operatorConns is how many connections to one program are kept: as many as an
// endpoint has requests out.
const operatorConns = 64

// OperatorTransport is for the same commands where they make requests as
// Bellwire's own sender does: HTTP/1.1, nothing added, no redirect followed.
func OperatorTransport() *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DisableCompression: true, MaxIdleConnsPerHost: operatorConns,
		IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10,
	}
}
