package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// scene is one of the five systems: a project, its endpoints and its events.
type scene struct {
	name       string
	externalID string
	actors     []actor
	// event makes the n-th event; nil where change makes the n-th change, whose
	// events follow from it.
	event  func(n int) (topic string, data []byte)
	change func(d *Demo, ctx context.Context, project webhook.ProjectID, n int) error
	// product says how a product is at the n-th turn, from which events follow; an
	// empty id leaves the turn to event. Nil for systems without products.
	product func(n int) (id string, state []byte)
	// slack connects the project with the demo's workspace.
	slack bool
}

// actor is an endpoint and how its receiver behaves.
type actor struct {
	name   string
	topics []string
	format webhook.FormatName
	custom *webhook.CustomFormat
	prompt webhook.PromptFilter
	retry  webhook.RetryPolicy
	answer func(n int64) (int, time.Duration)
	// refuses points the endpoint at a port that nobody listens on.
	refuses bool
	paused  bool
}

// closedPort is one that nothing uses: RFC 863's neighbourhood is below 1024
// and closed by policy, this one is IANA-reserved.
const closedPort = "1029"

func (a actor) settings(url string) webhook.Settings {
	return webhook.Settings{
		Name: a.name, Kind: webhook.KindWebhook, URL: url, Topics: a.topics, Format: a.format, Custom: a.custom,
		Prompt: a.prompt, Retry: a.retry,
	}
}

// soon makes retry and exhaustion visible while somebody watches.
var soon = webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: []time.Duration{3 * time.Second, 6 * time.Second}}

func healthy(int64) (int, time.Duration) {
	return http.StatusOK, time.Duration(rand.IntN(30)) * time.Millisecond
}

func flaky(int64) (int, time.Duration) {
	if rand.IntN(3) == 0 {
		return http.StatusServiceUnavailable, time.Duration(20+rand.IntN(80)) * time.Millisecond
	}
	return http.StatusOK, time.Duration(10+rand.IntN(60)) * time.Millisecond
}

func slow(int64) (int, time.Duration) {
	return http.StatusOK, time.Duration(900+rand.IntN(1600)) * time.Millisecond
}

func dead(int64) (int, time.Duration) { return http.StatusInternalServerError, 15 * time.Millisecond }

var topics = []webhook.Topic{
	{
		Name: "order.created", Description: "An order was placed in the shop.", SearchKeys: []string{"id"},
		Schema:  []byte(`{"type":"object","required":["id","total_price"],"properties":{"id":{"type":"integer"},"total_price":{"type":"string"}}}`),
		Example: []byte(`{"id":1001,"customer":{"email":"ada@example.com"},"total_price":"49.90"}`),
	},
	{
		Name: "customer.signed_up", Description: "Somebody signed up on the marketing platform.", SearchKeys: []string{"customerId"},
		Schema:  []byte(`{"type":"object","required":["customerId"],"properties":{"customerId":{"type":"string"}}}`),
		Example: []byte(`{"customerId":"cus_1001","plan":"trial"}`),
	},
}

var scenes = []scene{
	{
		name: "Abba commerce agent", externalID: "demo-agent", product: agentProduct, event: agentEvent,
		actors: []actor{
			{name: "pricing-agent", topics: []string{"product.*", "commission.earned"}, answer: healthy},
			{name: "stock-mirror", topics: []string{"product.inventory_changed", "product.back_in_stock"}, retry: soon, answer: flaky},
			{name: "ledger", topics: []string{"commission.*"}, answer: slow},
			{name: "old-crm", topics: []string{"product.price_changed"}, retry: soon, answer: dead},
		},
	},
	{
		name: "Agent API orders", externalID: "demo-orders", event: orderEvent,
		actors: []actor{
			{name: "order-desk", topics: []string{"order.*"}, format: webhook.FormatCustom, answer: healthy, custom: &webhook.CustomFormat{
				Header: "X-Shopify-Hmac-Sha256", Signed: "body", Encoding: "hex", Value: "{signature}", Body: "data",
			}},
			{name: "warehouse", topics: []string{"order.created"}, retry: soon, refuses: true, answer: dead},
		},
	},
	{
		name: "Marketing CRM", externalID: "demo-crm", event: customerEvent,
		actors: []actor{
			{name: "signup-agent", topics: []string{"customer.signed_up"}, format: webhook.FormatPlain, answer: healthy},
			{name: "newsletter", topics: []string{"customer.*"}, format: webhook.FormatHub, paused: true, answer: healthy},
		},
	},
	{
		name: "Prompt studio", externalID: "demo-prompts", change: (*Demo).changePrompt, slack: true,
		actors: []actor{
			{name: "prompt-sync", topics: []string{"prompt.*"}, answer: healthy},
			{name: "production-alarm", topics: []string{"prompt.created", "prompt.updated"}, prompt: webhook.PromptFilter{Labels: []string{"production"}}, answer: healthy},
			{name: "ci-trigger", topics: []string{"prompt.created"}, retry: soon, answer: flaky},
		},
	},
	{
		name: "AI store", externalID: "demo-store", product: storeProduct, event: storeEvent,
		actors: []actor{
			{name: "chat-archive", topics: []string{"chat.*"}, answer: healthy},
			{name: "recommender", topics: []string{"product.viewed", "product.added", "product.updated"}, retry: soon, answer: flaky},
			{name: "analytics", topics: []string{"*"}, format: webhook.FormatStandard, answer: slow},
		},
	},
}

var products = []string{"Trail shoe", "Rain jacket", "Café grinder", "Desk lamp", "Noise-free keyboard", "Wool socks"}

func object(members map[string]any) []byte {
	data, err := json.Marshal(members)
	if err != nil {
		panic(err) // the demo's own literals
	}
	return data
}

// agentProduct is what the agent's platform says of a product, which is only how
// it is: two other prices, then the shelf is empty, then it is filled.
func agentProduct(n int) (id string, state []byte) {
	id = productID(n / 5)
	switch n % 5 {
	case 0, 1:
		return id, object(map[string]any{"price": price()})
	case 2:
		return id, object(map[string]any{"quantity": 0})
	case 3:
		return id, object(map[string]any{"quantity": rand.IntN(50) + 1})
	}
	return "", nil
}

func agentEvent(n int) (string, []byte) {
	sale := 20 + rand.IntN(200)
	return "commission.earned", object(map[string]any{
		"saleId": fmt.Sprintf("sale_%05d", rand.IntN(100_000)), "productId": productID(n), "productName": products[n%len(products)],
		"merchantId": fmt.Sprintf("mer_%02d", n%9), "saleAmount": sale, "amountEarned": float64(sale) / 20,
	})
}

func productID(n int) string { return fmt.Sprintf("prod_%03d", n%len(products)) }

// price is a decimal in a string, as money should be.
func price() string { return fmt.Sprintf("%d.%02d", 20+rand.IntN(200), rand.IntN(100)) }

// catalogue is what a system of products knows of them at first.
func catalogue() []manage.ProductUpdate {
	var list []manage.ProductUpdate
	for i, name := range products {
		list = append(list, manage.ProductUpdate{ID: productID(i), Object: object(map[string]any{"name": name, "price": price(), "currency": "USD", "quantity": 12 + i})})
	}
	return list
}

func orderEvent(n int) (string, []byte) {
	return "order.created", object(map[string]any{
		"id": 1000 + n, "customer": map[string]any{"email": fmt.Sprintf("customer%d@example.com", n%50)},
		"total_price": fmt.Sprintf("%d.%02d", 5+rand.IntN(300), rand.IntN(100)), "line_items": []any{map[string]any{"title": products[n%len(products)], "quantity": 1 + n%3}},
	})
}

func customerEvent(n int) (string, []byte) {
	return "customer.signed_up", object(map[string]any{"customerId": fmt.Sprintf("cus_%05d", 1000+n), "plan": []string{"trial", "team", "business"}[n%3]})
}

// storeProduct changes a product of the store, or adds one.
func storeProduct(n int) (id string, state []byte) {
	switch n % 6 {
	case 4:
		return productID(n), object(map[string]any{"price": price()})
	case 5:
		return fmt.Sprintf("prod_new_%04d", n), object(map[string]any{"name": products[n%len(products)] + " II", "price": price(), "currency": "USD"})
	}
	return "", nil
}

func storeEvent(n int) (string, []byte) {
	session, product := fmt.Sprintf("sess_%04d", n/4), productID(n)
	base := map[string]any{"sessionId": session, "storeId": "store_demo", "productId": product}
	switch n % 6 {
	case 0:
		return "chat.session.created", object(base)
	case 1:
		base["message"] = "Looking for something like a " + products[n%len(products)]
		return "chat.message.received", object(base)
	case 2:
		base["message"] = "Here are three that fit."
		base["products"] = []any{map[string]any{"id": product, "name": products[n%len(products)], "relevanceScore": 0.95}}
		return "chat.message.sent", object(base)
	}
	return "product.viewed", object(base)
}
