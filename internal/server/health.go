package server

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// Check is one thing that this node needs to do its work.
type Check struct {
	Name string
	// Run answers a detail for the reader, such as how many are waiting.
	Run func(ctx context.Context) (detail string, err error)
}

// checkTimeout bounds one readiness answer: a load balancer gives up soon.
const checkTimeout = 2 * time.Second

type checked struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

type readiness struct {
	Status string    `json:"status"`
	Checks []checked `json:"checks"`
}

// alive says that the process answers, nothing more.
func (s *Server) alive(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{"status": "ok"})
}

// ready says whether traffic should come here: not while stopping, and not
// while a check fails. An error's text goes to the log: this route is open.
func (s *Server) ready(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	ctx, cancel := context.WithTimeout(c.Request.Context(), checkTimeout)
	defer cancel()
	answer := readiness{Status: "ready", Checks: []checked{}}
	for _, check := range s.options.Checks {
		detail, err := check.Run(ctx)
		if err != nil {
			s.options.Log.WarnContext(ctx, "not ready", "check", check.Name, "err", err)
			answer.Status = "not ready"
		}
		answer.Checks = append(answer.Checks, checked{check.Name, err == nil, detail})
	}
	if s.stopping.Load() {
		answer.Status = "stopping"
	}
	status := http.StatusOK
	if answer.Status != "ready" {
		status = http.StatusServiceUnavailable
	}
	c.JSON(status, answer)
}
