package server

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/gin-gonic/gin"
)

// ownHost keeps other sites' names away from the pages of a server that only
// this machine can reach. Such a site can point its name at 127.0.0.1 and, to
// the browser, be the dashboard: on the demo that is enough to sign in. A
// server on other addresses can have names that we don't know.
func (s *Server) ownHost(c *gin.Context) {
	if !isLoopback(nameOf(s.options.Addr)) {
		return
	}
	name := nameOf(c.Request.Host)
	own := s.options.BaseURL != nil && strings.EqualFold(name, s.options.BaseURL.Hostname())
	if own || isLoopback(name) {
		return
	}
	c.String(http.StatusMisdirectedRequest, "421 this server does not know the name it was called by; "+
		"set BELLWIRE_BASE_URL to the address that browsers use\n")
	c.Abort()
}

// nameOf is the host of "host:port" or of a host alone.
func nameOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.Trim(address, "[]")
}

func isLoopback(name string) bool {
	name = strings.ToLower(name)
	ip, err := netip.ParseAddr(name)
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || err == nil && ip.IsLoopback()
}
