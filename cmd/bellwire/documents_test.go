package main_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// awkward are members that have broken signatures elsewhere: characters that
// encoders escape, numbers that change their spelling, keys that JavaScript
// reorders.
const awkward = `"note":"a < b & c > d \u2028 line 🔔 é\/","price":1.0,"big":1e21,"long":12345678901234567,"10":{"9":[1.50,[[-0]],{"b":1,"2":2}]},"a":[[1],[2,[3]]]`

// document is one of the five documents: its receiver, and how its endpoint is
// registered.
type document struct {
	name, file, secretEnv, path string
	topics                      []string
	endpoint                    map[string]any
	data                        string
}

var documents = []document{
	{
		name: "commerce agent, Python", file: "seed000.py", secretEnv: "ABA_WEBHOOK_SECRET", path: "/my-webhook-receiver",
		topics: []string{"product.price_changed", "product.inventory_changed", "product.back_in_stock", "commission.earned"},
		data:   `{"productId":"p1","oldPrice":129.99,"newPrice":99.50,"currency":"USD","oldQuantity":0,"newQuantity":4,"saleId":"s1","productName":"Café","merchantId":"m1","saleAmount":24.0,"amountEarned":1.20,` + awkward + `}`,
	},
	{
		name: "agent API's orders, Python", file: "seed001.py", secretEnv: "WEBHOOK_SECRET", path: "/webhook/new_order",
		topics: []string{"order.created"},
		endpoint: map[string]any{"format": "custom", "custom": map[string]any{
			"header": "X-Shopify-Hmac-Sha256", "signed": "body", "encoding": "hex", "value": "{signature}", "body": "data",
		}},
		data: `{"id":7,"customer":{"email":"a@example.com"},"total_price":"9.99",` + awkward + `}`,
	},
	{
		name: "prompt product, Python", file: "seed003.py", secretEnv: "WEBHOOK_SECRET", path: "/api/webhooks/abv-prompts",
		topics: []string{"prompt.created", "prompt.updated", "prompt.deleted"}, data: promptData,
	},
	{
		name: "prompt product, JavaScript", file: "seed003.mjs", secretEnv: "WEBHOOK_SECRET", path: "/api/webhooks/abv-prompts",
		topics: []string{"prompt.created", "prompt.updated", "prompt.deleted"}, data: promptData,
	},
	{
		name: "store, JavaScript", file: "seed004.mjs", secretEnv: "WEBHOOK_SECRET", path: "/webhooks/aicommerce",
		topics: []string{"chat.session.created", "chat.message.received", "chat.message.sent", "product.viewed", "product.added", "product.updated", "analytics.daily"},
		data:   `{"sessionId":"sess_1","storeId":"store_1","productId":"p1",` + awkward + `}`,
	},
}

const promptData = `{"id":"prompt_1","name":"movie-critic","version":3,"projectId":"xyz789","labels":["production","latest"],"prompt":"As a {{criticLevel}} critic","type":"text","config":{},"commitMessage":null,"tags":["entertainment"],"createdAt":"2026-01-24T10:30:00.000Z","updatedAt":"2026-01-24T10:30:00.000Z","changeId":"c1","previous":{"labels":[],"tags":[]},"actor":{"type":"key","id":"k1","name":"ci"},` + awkward + `}`

func TestDocuments_receivers_accept_every_delivery_on_first_try_and_on_retry(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		n.start()
		n.must(http.StatusCreated, n.instance, "POST", "/topics", map[string]any{"name": "order.created", "description": "An order was placed."})
		n.must(http.StatusCreated, n.instance, "POST", "/topics", map[string]any{"name": "customer.signed_up", "description": "Somebody signed up."})
		for _, d := range documents {
			t.Run(d.name, func(t *testing.T) {
				deliverDocument(t, n, d)
			})
		}
		t.Run("marketing platform, Python, registered by its own call", func(t *testing.T) { deliverRegistered(t, n) })
	})
}

func deliverDocument(t *testing.T, n *node, d document) {
	key := n.key("--project", n.project(d.name))
	addr := freeAddr(t)
	body := map[string]any{"name": d.name, "url": "http://" + addr + d.path, "topics": d.topics, "retry": quickRetry}
	for name, value := range d.endpoint {
		body[name] = value
	}
	endpoint := n.must(http.StatusCreated, key, "POST", "/endpoints", body)
	receiver := startReceiver(t, addr, d.file, d.secretEnv+"="+endpoint.text("secret"))
	for _, topic := range d.topics {
		n.must(http.StatusAccepted, key, "POST", "/events", fmt.Sprintf(`{"topic":%q,"data":%s}`, topic, d.data))
	}
	wantTwicePerEvent(t, receiver, len(d.topics))
}

// deliverRegistered registers with event_type and callback_url and nothing
// else, as that document does; retries follow the standard schedule.
func deliverRegistered(t *testing.T, n *node) {
	key := n.key("--project", n.project("marketing"))
	addr := freeAddr(t)
	registered := n.must(http.StatusCreated, key, "POST", "/webhooks", map[string]any{
		"event_type": "customer.signed_up", "callback_url": "http://" + addr + "/webhooks/customer-signup",
		"description": "Notify our agent for new customer sign-ups",
	})
	receiver := startReceiver(t, addr, "seed002.py", "WEBHOOK_SECRET="+registered.text("secret"))
	n.must(http.StatusAccepted, key, "POST", "/events", `{"topic":"customer.signed_up","data":{"customerId":"c1",`+awkward+`}}`)
	wantTwicePerEvent(t, receiver, 1)
}

// quickRetry keeps tests short.
var quickRetry = map[string]any{"policy": "custom", "delaysSeconds": []int{1, 1, 1}}

func wantTwicePerEvent(t *testing.T, receiver *program, events int) {
	t.Helper()
	eventually(t, 30*time.Second, fmt.Sprintf("%d events arrived twice", events), func() bool {
		return len(receiver.seen(t)) >= 2*events
	})
	attempts := map[string][]string{}
	for _, s := range receiver.seen(t) {
		if s.Said != http.StatusOK {
			t.Errorf("the document's code said %d to attempt %s of %s", s.Said, s.Attempt, s.Body)
		}
		attempts[s.Event] = append(attempts[s.Event], s.Attempt)
	}
	if len(attempts) != events {
		t.Errorf("got %d event ids, want %d", len(attempts), events)
	}
	for event, numbers := range attempts {
		if fmt.Sprint(numbers) != "[1 2]" {
			t.Errorf("event %s came as attempts %v, want 1 and 2", event, numbers)
		}
	}
}

func TestStandardWebhooks_library_accepts_every_format(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		n.start()
		n.must(http.StatusCreated, n.instance, "POST", "/topics", map[string]any{"name": "thing.happened"})
		key := n.key("--project", n.project("every format"))
		for _, format := range []string{"abba", "abv", "aicommerce", "standard", "plain", "hub", "custom"} {
			addr := freeAddr(t)
			body := map[string]any{"name": format, "url": "http://" + addr + "/hook", "topics": []string{"thing.*"}, "format": format, "retry": quickRetry}
			if format == "custom" {
				body["custom"] = map[string]any{"header": "X-Acme-Signature", "signed": "{t}.{body}", "encoding": "hex", "value": "t={t},v1={signature}", "body": "flat"}
			}
			endpoint := n.must(http.StatusCreated, key, "POST", "/endpoints", body)
			receiver := startReceiver(t, addr, "standard.mjs", "WEBHOOK_SECRET="+endpoint.text("secret"))
			defer wantTwicePerEvent(t, receiver, 1)
		}
		n.must(http.StatusAccepted, key, "POST", "/events", `{"topic":"thing.happened","data":{`+awkward+`}}`)
	})
}
