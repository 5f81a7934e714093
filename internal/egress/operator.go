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
