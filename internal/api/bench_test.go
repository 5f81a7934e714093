package api_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/api"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

// accepting stores nothing.
type accepting struct{}

func (accepting) Publish(context.Context, account.Caller, []publish.Draft) ([]webhook.Receipt, error) {
	return make([]webhook.Receipt, 1), nil
}

func (a accepting) PublishBatch(ctx context.Context, c account.Caller, d []publish.Draft) ([]webhook.Receipt, error) {
	return a.Publish(ctx, c, d)
}

func (accepting) TopicsChanged() {}

func (accepting) Try(context.Context, account.Caller, publish.Draft) (publish.Trial, error) {
	return publish.Trial{}, nil
}

// BenchmarkPublish is what the surface costs for one event of 1 KB.
func BenchmarkPublish(b *testing.B) {
	f := newFixture(b)
	engine := gin.New()
	api.New(api.Options{Manage: f.manage, Publisher: accepting{}}).Mount(engine)
	body := `{"topic":"product.viewed","data":{"productId":"p","text":"` + strings.Repeat("x", 1000) + `"}}`
	b.ReportAllocs()
	for b.Loop() {
		request := httptest.NewRequest("POST", "/api/v1/events", strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+f.full)
		request.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		engine.ServeHTTP(recorder, request)
		if recorder.Code != 202 {
			b.Fatal(recorder.Body)
		}
	}
}
