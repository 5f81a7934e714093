package web

import (
	"net"
	"net/http"
	"regexp"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// promise is what the guide tells people to run before there is an endpoint:
// the port of a receiver on this machine and the secret that the endpoint will
// have. A cookie keeps it, so that a page that is loaded again does not
// contradict the command that runs already. It belongs to nothing before the
// endpoint is made, and is forgotten then.
type promise struct{ port, secret string }

const (
	promiseCookie = "bellwire-first"
	promiseLife   = 3600 // seconds
)

var promiseForm = regexp.MustCompile(`^([0-9]{4,5})\.(whsec_[A-Za-z0-9+/=_-]{24,120})$`)

// promised answers what was promised to this browser, and promises it if
// nothing was.
func (w *Web) promised(c *gin.Context, project webhook.ProjectID) promise {
	if cookie, err := c.Request.Cookie(promiseCookie); err == nil {
		if found := promiseForm.FindStringSubmatch(cookie.Value); found != nil {
			return promise{found[1], found[2]}
		}
	}
	p := promise{freePort(), mint.SigningSecret()}
	w.setPromise(c, project, p.port+"."+p.secret, promiseLife)
	return p
}

func (w *Web) forgetPromise(c *gin.Context, project webhook.ProjectID) {
	w.setPromise(c, project, "", -1)
}

func (w *Web) setPromise(c *gin.Context, project webhook.ProjectID, value string, life int) {
	http.SetCookie(c.Writer, &http.Cookie{
		Name: promiseCookie, Value: value, Path: under(project), MaxAge: life, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: w.BaseURL != nil && w.BaseURL.Scheme == "https",
	})
}

// freePort is the first port from localPort on that nothing listens on: the
// guide offers this machine only where the server listens on loopback itself.
func freePort() string {
	for port := localPort; port < localPort+20; port++ {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = listener.Close() // nothing was accepted
			return strconv.Itoa(port)
		}
	}
	return strconv.Itoa(localPort)
}
