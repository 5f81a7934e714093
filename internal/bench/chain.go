package bench

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
)

// chainPlan is the second limit: everything but a store. Events are taken as
// the API takes them, kept in memory, signed and posted.
type chainPlan struct {
	// Targets get each event.
	Targets []string
	Workers int
}

// errand is one delivery of the chain.
type errand struct {
	url  string
	body []byte
	id   int
}

const chainWaits = 1 << 14 // deliveries in memory before publishers wait

func newChain(ctx context.Context, plan chainPlan) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	waiting, client := make(chan errand, chainWaits), sending(plan.Workers)
	for range plan.Workers {
		go func() {
			for {
				select {
				case <-ctx.Done():
					return
				case e := <-waiting:
					_ = post(ctx, client, e.url, e.body, e.id) // what fails is lost, and the receiver misses it
				}
			}
		}()
	}
	accept := func(bodies ...json.RawMessage) {
		for _, body := range bodies {
			for i, url := range plan.Targets {
				waiting <- errand{url, body, i}
			}
		}
	}
	engine := gin.New()
	engine.POST("/api/v1/events", func(c *gin.Context) {
		body, err := io.ReadAll(c.Request.Body)
		if err != nil || !json.Valid(body) {
			c.JSON(http.StatusBadRequest, gin.H{"title": "no JSON"})
			return
		}
		accept(body)
		c.JSON(http.StatusAccepted, gin.H{"id": strconv.Itoa(len(body)), "deliveries": len(plan.Targets)})
	})
	engine.POST("/api/v1/events/batch", func(c *gin.Context) {
		var batch struct{ Events []json.RawMessage }
		if err := json.NewDecoder(c.Request.Body).Decode(&batch); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"title": "no JSON"})
			return
		}
		accept(batch.Events...)
		c.JSON(http.StatusAccepted, gin.H{"results": make([]struct{ ID string }, len(batch.Events))})
	})
	return engine
}
