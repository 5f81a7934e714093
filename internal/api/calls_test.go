package api_test

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestAnEndpointLivesThroughItsCalls(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made := f.ok(201, f.full, "POST", "/endpoints", `{
		"name":"Orders","url":"https://nowhere.example/hook?token=t","topics":["product.*"],"format":"custom",
		"custom":{"header":"X-Shopify-Hmac-Sha256","signed":"body","encoding":"base64","value":"{signature}","body":"data"},
		"payloadFilter":[{"path":"productId","operator":"startsWith","value":"p"}],
		"headers":[{"name":"X-Tenant","value":"7"},{"name":"X-Api-Key","value":"hidden-value","secret":true}],
		"retry":{"policy":"custom","delaysSeconds":[1,60],"clientErrors":false},"timeoutSeconds":2.5,"maxInFlight":4,"ratePerSecond":0.5,"ordered":true}`)
	made.is(map[string]string{
		"name": "Orders", "kind": "webhook", "url": "https://nowhere.example/hook?token=t", "format": "custom", "state": "active", "version": "1",
		"custom.header": "X-Shopify-Hmac-Sha256", "retry.policy": "custom", "retry.clientErrors": "false", "timeoutSeconds": "2.5",
		"maxInFlight": "4", "ratePerSecond": "0.5", "ordered": "true", "projectId": f.ours.ID.String(),
	})
	if !strings.HasPrefix(made.text("secret"), "whsec_") || made.count("warnings") != 1 {
		t.Errorf("secret or warning missing: %v", made.value)
	}
	id := made.text("id")
	got := f.ok(200, f.read, "GET", "/endpoints/"+id, "")
	if got.has("secret") || strings.Contains(string(f.call(f.read, "GET", "/api/v1/endpoints/"+id, "").body), "hidden-value") {
		t.Error("a secret is shown")
	}
	if got.text("headers", 1, "value") != "****" || got.text("headers", 0, "value") != "7" {
		t.Errorf("headers: %v", got.at("headers").value)
	}
	changed := f.ok(200, f.full, "PATCH", "/endpoints/"+id, `{"version":1,"name":"Renamed","retry":{},"headers":[{"name":"X-Api-Key","secret":true}]}`)
	changed.is(map[string]string{"name": "Renamed", "version": "2", "retry.policy": "standard", "retry.clientErrors": "true", "url": "https://nowhere.example/hook?token=t"})
	f.refused(409, "", f.full, "PATCH", "/endpoints/"+id, `{"version":1,"name":"Other"}`)
	f.refused(422, "body.url", f.full, "PATCH", "/endpoints/"+id, `{"url":"http://receiver.example"}`)
	f.refused(422, "body.state", f.full, "PATCH", "/endpoints/"+id, `{"state":"active"}`)

	f.ok(200, f.full, "POST", "/endpoints/"+id+"/pause", "").is(map[string]string{"state": "paused", "pausedBecause": "person"})
	f.refused(409, "", f.full, "POST", "/endpoints/"+id+"/pause", "")
	f.refused(422, "body.ratePerSecond", f.full, "POST", "/endpoints/"+id+"/resume", `{"ratePerSecond":-1}`)
	resumed := f.ok(200, f.full, "POST", "/endpoints/"+id+"/resume", `{"ratePerSecond":5}`)
	if resumed.text("state") != "active" || resumed.has("pausedAt") {
		t.Errorf("resumed: %v", resumed.value)
	}
	if n := f.ok(200, f.full, "GET", "/endpoints?q=renam&state=active", "").count("data"); n != 1 {
		t.Errorf("the search finds %d", n)
	}
	f.ok(204, f.full, "DELETE", "/endpoints/"+id, "")
	f.refused(404, "", f.full, "GET", "/endpoints/"+id, "")
	f.refused(404, "", f.full, "DELETE", "/endpoints/"+id, "")
}

func TestVerificationCodeIsForTheEndpointsOwnFormat(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.endpoint(f.full)
	got := f.ok(200, f.full, "GET", "/endpoints/"+id+"/code", "")
	got.is(map[string]string{"language": "python", "fileName": "receiver.py", "run": "WEBHOOK_SECRET='…' python3 receiver.py"})
	f.ok(200, f.full, "PATCH", "/endpoints/"+id, `{"format":"custom","custom":{"header":"X-Acme","signed":"{t}.{body}","encoding":"base64","value":"{t}/{signature}","body":"flat"}}`)
	code := f.ok(200, f.full, "GET", "/endpoints/"+id+"/code?language=ruby", "").text("code")
	if !strings.Contains(code, `"x-acme-previous"`) || !strings.Contains(code, `"#{sent}/#{digest}"`) {
		t.Errorf("the code is\n%s", code)
	}
	f.refused(422, "query.language", f.full, "GET", "/endpoints/"+id+"/code?language=cobol", "")
}

func TestATestAnswersItsAttempt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.endpoint(f.full)
	got := f.ok(200, f.full, "POST", "/endpoints/"+id+"/test", `{"topic":"product.added"}`)
	got.is(map[string]string{"number": "1", "outcome": "failed", "cause": "http_status", "durationMs": "3.5", "timings.firstByte": "1.25",
		"response.status": "500", "response.bodyEncoding": "base64", "request.method": "POST"})
	f.refused(422, "body.topic", f.full, "POST", "/endpoints/"+id+"/test", `{"topic":"nope"}`)
	f.refused(422, "body.force", f.full, "POST", "/endpoints/"+id+"/test", `{"force":true}`)
	f.refused(409, "", f.full, "POST", "/endpoints/"+id+"/test", `{"useNext":true}`)
	f.ok(200, f.full, "POST", "/endpoints/"+id+"/secret/rotate", "")
	f.ok(200, f.full, "POST", "/endpoints/"+id+"/test", `{"useNext":true}`)
	if len(f.tester.jobs) != 2 || f.tester.jobs[0].Event.Topic != "product.added" || !f.tester.jobs[0].Delivery.Test || !f.tester.next[1] {
		t.Errorf("sent: %v %v", f.tester.jobs, f.tester.next)
	}
	listed := f.ok(200, f.full, "GET", "/deliveries/"+got.text("deliveryId"), "")
	listed.is(map[string]string{"test": "true", "topic": "product.added", "requestedBy.type": "key"})
}

func TestBothSpellingsOfARegistrationMakeAnEndpoint(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	long := f.ok(201, f.full, "POST", "/webhooks", `{"url":"https://receiver.example/a","events":["chat.message.received","product.viewed"],"secret":"your-webhook-secret"}`)
	long.is(map[string]string{"url": "https://receiver.example/a", "secret": "your-webhook-secret", "format": "aicommerce"})
	if long.count("events") != 2 {
		t.Errorf("events: %v", long.value)
	}
	f.ok(201, f.instance, "POST", "/topics", `{"name":"customer.signed_up"}`)
	short := f.ok(201, f.full, "POST", "/webhooks",
		`{"event_type":"customer.signed_up","callback_url":"https://receiver.example/b","description":"Notify our agent"}`)
	short.is(map[string]string{"url": "https://receiver.example/b", "format": "plain", "description": "Notify our agent"})
	for _, c := range []struct{ body, place string }{
		{`{"url":"https://receiver.example/","events":["nope"]}`, "body.events[0]"},
		{`{"event_type":"nope","callback_url":"https://receiver.example/"}`, "body.event_type"},
		{`{"event_type":"product.viewed","callback_url":"https://127.0.0.1/"}`, "body.callback_url"},
		{`{"event_type":"product.viewed"}`, "body.callback_url"},
		{`{"event_type":"product.viewed","url":"https://receiver.example/"}`, "body.event_type"},
		{`{}`, "body.url"},
		{`{"url":"https://receiver.example/","events":["product.viewed"],"active":true}`, "body.active"},
	} {
		f.refused(422, c.place, f.full, "POST", "/webhooks", c.body)
	}
	listed := f.ok(200, f.full, "GET", "/webhooks", "")
	if listed.count("data") != 2 || listed.at("data", 0).has("secret") {
		t.Errorf("listed: %v", listed.value)
	}
	f.ok(204, f.full, "DELETE", "/webhooks/"+short.text("id"), "")
	f.refused(404, "", f.full, "DELETE", "/webhooks/"+short.text("id"), "")
}

func TestASecretIsRotatedStepByStep(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made := f.ok(201, f.full, "POST", "/endpoints", `{"url":"https://receiver.example/","topics":["product.viewed"],"secret":"a-secret-of-our-own"}`)
	at := "/endpoints/" + made.text("id") + "/secret/"
	f.ok(200, f.secrets, "POST", at+"reveal", "").is(map[string]string{"secret": "a-secret-of-our-own"})
	f.refused(409, "", f.secrets, "POST", at+"switch", "")
	f.refused(409, "", f.secrets, "POST", at+"undo", "")
	f.refused(422, "body.graceHours", f.secrets, "POST", at+"rotate", `{"graceHours":169}`)
	f.refused(422, "body.switchAt", f.secrets, "POST", at+"rotate", `{"switchAt":"2001-01-01T00:00:00Z"}`)
	f.refused(422, "body.switchAt", f.secrets, "POST", at+"rotate", `{"switchAt":"soon"}`)
	rotated := f.ok(200, f.secrets, "POST", at+"rotate", `{"graceHours":1.5}`)
	f.refused(409, "", f.secrets, "POST", at+"rotate", "")
	f.ok(200, f.secrets, "POST", at+"reveal", "").is(map[string]string{"secret": "a-secret-of-our-own", "next": rotated.text("secret")})
	switched := f.ok(200, f.secrets, "POST", at+"switch", "")
	switched.is(map[string]string{"current.id": rotated.text("next", "id"), "previous.id": rotated.text("current", "id")})
	f.ok(200, f.secrets, "POST", at+"undo", "").is(map[string]string{"current.id": rotated.text("current", "id"), "next.id": rotated.text("next", "id")})

	f.ok(202, f.full, "POST", "/events", viewed)
	replaced := f.ok(200, f.secrets, "POST", at+"compromised", "")
	if replaced.text("secret") != rotated.text("secret") || replaced.has("previous") || replaced.count("willFail") != 1 {
		t.Errorf("replaced: %v", replaced.value)
	}
	if got := f.call(f.secrets, "POST", "/api/v1"+at+"reveal", ""); got.header.Get("Cache-Control") != "no-store" {
		t.Error("a secret may be cached")
	}
	actions := string(f.call(f.managing, "GET", "/api/v1/audit", "").body)
	for _, action := range []string{"endpoint.secret.revealed", "endpoint.secret.rotated", "endpoint.secret.switched", "endpoint.secret.undone", "endpoint.secret.compromised"} {
		if !strings.Contains(actions, action) {
			t.Errorf("%s is not in the audit log", action)
		}
	}
	if strings.Contains(actions, "a-secret-of-our-own") || strings.Contains(actions, rotated.text("secret")) {
		t.Error("the audit log holds a secret")
	}
}

func TestADeliveryShowsItsAttemptsAndIsSentAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id, event, endpoint := f.delivery()
	f.ok(200, f.full, "GET", "/deliveries/"+id, "").is(map[string]string{"state": "waiting", "eventId": event, "endpointId": endpoint, "attemptCount": "0"})
	f.refused(409, "", f.full, "POST", "/deliveries/"+id+"/resend", "")
	f.ok(202, f.full, "POST", "/deliveries/"+id+"/send-now", "").is(map[string]string{"id": id, "state": "waiting"})
	f.exhaust()
	got := f.ok(200, f.full, "GET", "/deliveries/"+id, "")
	got.is(map[string]string{"state": "exhausted", "attemptCount": "1", "lastAttempt.status": "500", "lastAttempt.cause": "http_status", "reason": "no tries left"})
	attempt := got.at("attempts", 0)
	attempt.is(map[string]string{"number": "1", "outcome": "failed", "error": "answered 500", "response.status": "500", "response.truncated": "false",
		"request.url": "https://receiver.example/hook", "request.method": "POST"})
	if body := attempt.text("request", "body"); !strings.Contains(body, `"productId":"p1"`) || !json.Valid([]byte(body)) {
		t.Errorf("the sent body is %q", body)
	}
	f.refused(409, "", f.full, "POST", "/deliveries/"+id+"/send-now", "")
	f.refused(409, "", f.full, "POST", "/deliveries/"+id+"/cancel", "")
	again := f.ok(202, f.full, "POST", "/deliveries/"+id+"/resend", "")
	again.is(map[string]string{"resendOf": id, "state": "waiting", "requestedBy.type": "key", "requestedBy.name": "key"})
	f.ok(202, f.full, "POST", "/deliveries/"+again.text("id")+"/cancel", "").is(map[string]string{"state": "cancelled"})

	for query, want := range map[string]int{
		"eventId=" + event: 2, "endpointId=" + endpoint: 2, "state=exhausted": 1, "state=held": 0, "topic=product.viewed": 2, "topic=product.added": 0,
		"status=500": 1, "status=404": 0, "q=" + id: 1, "q=" + event: 2, "q=" + attempt.text("id"): 1, "until=2020-01-01T00:00:00Z": 0,
		"since=" + url.QueryEscape(time.Now().Add(-time.Hour).Format(time.RFC3339)): 2,
	} {
		if n := f.ok(200, f.full, "GET", "/deliveries?"+query, "").count("data"); n != want {
			t.Errorf("%s lists %d, want %d", query, n, want)
		}
	}
	if listed := f.call(f.full, "GET", "/api/v1/deliveries", ""); strings.Contains(string(listed.body), "productId") {
		t.Error("the list holds bodies")
	}
	f.ok(200, f.full, "POST", "/endpoints/"+endpoint+"/pause", "")
	held := f.ok(202, f.full, "POST", "/events", viewed).text("id")
	f.ok(200, f.full, "GET", "/deliveries?state=held", "").is(map[string]string{"nextCursor": "null"})
	if got := f.ok(200, f.full, "GET", "/deliveries?eventId="+held, "").text("data", 0, "state"); got != "held" {
		t.Errorf("behind a paused endpoint a delivery is %s", got)
	}
	f.ok(204, f.full, "DELETE", "/endpoints/"+endpoint, "")
	f.refused(409, "", f.full, "POST", "/deliveries/"+id+"/resend", "")
}

func TestSeveralDeliveriesAreSentAgainAndOneThatCanNotStopsNoOther(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ended, _, _ := f.delivery()
	f.exhaust()
	waits, _, _ := f.delivery()
	nowhere := "019bef3c-8a40-7c11-9d2e-5b1f0c7a6e21"
	got := f.ok(202, f.full, "POST", "/deliveries/resend", `{"ids":["`+ended+`","`+waits+`","`+nowhere+`","`+ended+`"]}`)
	if got.count("results") != 3 {
		t.Fatalf("answers %v", got.value)
	}
	got.at("results", 0).is(map[string]string{"id": ended, "delivery.resendOf": ended, "delivery.state": "waiting", "delivery.requestedBy.type": "key"})
	got.at("results", 1).is(map[string]string{"id": waits, "error": "the delivery has not ended: it is waiting"})
	got.at("results", 2).is(map[string]string{"id": nowhere, "error": "there is no such delivery"})
	if n := f.ok(200, f.full, "GET", "/deliveries?state=waiting", "").count("data"); n != 3 {
		t.Errorf("%d wait", n)
	}
	if n := f.ok(200, f.full, "GET", "/deliveries?state=failed", "").count("data"); n != 1 {
		t.Errorf("%d failed", n)
	}
	f.refused(422, "body.ids", f.full, "POST", "/deliveries/resend", `{"ids":[]}`)
	f.refused(422, "body.ids[0]", f.full, "POST", "/deliveries/resend", `{"ids":["x"]}`)
	f.refused(422, "body.ids", f.full, "POST", "/deliveries/resend", `{"ids":["`+strings.Repeat(ended+`","`, 200)+ended+`"]}`)
}

// exhaust takes all due deliveries as a dispatcher would and lets them fail
// for good.
func (f *fixture) exhaust() {
	f.t.Helper()
	ctx, node := context.Background(), webhook.NodeID{UUID: mint.UUID(time.Now())}
	jobs, _, err := f.store.Claim(ctx, node, webhook.Room{Slots: 100, Lagging: 100})
	f.must(err)
	if len(jobs) == 0 {
		f.t.Fatal("nothing is due")
	}
	settled := make([]webhook.Settled, len(jobs))
	for i, job := range jobs {
		settled[i] = webhook.Settled{
			ProjectID: job.Delivery.ProjectID, EndpointID: job.Delivery.EndpointID, DeliveryID: job.Delivery.ID, Attempt: attemptOf(job),
			State: webhook.Exhausted, Failures: 1, Reason: "no tries left",
		}
	}
	f.must(f.store.Record(ctx, node, settled))
}

func TestListedDeliveriesHaveTheirAttemptsWithoutBodies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id, _, _ := f.delivery()
	f.exhaust()
	f.ok(202, f.full, "POST", "/events", viewed)
	for who, key := range map[string]string{"a project's key": f.read, "an instance key": f.instanceRead} {
		list := f.ok(200, key, "GET", "/deliveries", "")
		fresh, row := list.at("data", 0), list.at("data", 1)
		if list.count("data") != 2 || fresh.count("attempts") != 0 || row.count("attempts") != 1 {
			t.Fatalf("%s sees %v", who, list.value)
		}
		row.is(map[string]string{"id": id, "attemptCount": "1", "lastAttempt.status": "500"})
		attempt := row.at("attempts", 0)
		attempt.is(map[string]string{"number": "1", "outcome": "failed", "cause": "http_status", "error": "answered 500", "durationMs": "3.5",
			"timings.firstByte": "1.25", "request.method": "POST", "request.url": "https://receiver.example/hook", "response.status": "500",
			"response.truncated": "false"})
		if attempt.count("request", "headers") != 1 || attempt.text("response", "headers", 0, "name") != "Server" {
			t.Errorf("%s sees the headers %v", who, attempt.value)
		}
		if attempt.at("request").has("body") || attempt.at("response").has("body") {
			t.Errorf("%s sees bodies: %v", who, attempt.value)
		}
	}
}

func TestAnEventSaysWhoGotItAndWhoDidNot(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, _, endpoint := f.delivery()
	other := f.ok(201, f.full, "POST", "/endpoints", `{"url":"https://receiver.example/other","topics":["product.added"]}`).text("id")
	event := f.ok(202, f.full, "POST", "/events", viewed).text("id")
	got := f.ok(200, f.full, "GET", "/events/"+event, "")
	if got.count("matching") != 2 || got.count("log") != 1 {
		t.Fatalf("matching: %v", got.value)
	}
	for i := range 2 {
		match := got.at("matching", i)
		want := map[string]string{endpoint: "true", other: "false"}[match.text("endpointId")]
		if match.text("matched") != want || match.count("conditions") == 0 {
			t.Errorf("match: %v", match.value)
		}
	}
	f.ok(204, f.full, "POST", "/events/"+event+"/expunge", "")
	f.refused(409, "", f.full, "POST", "/events/"+event+"/expunge", "")
	gone := f.ok(200, f.full, "GET", "/events/"+event, "")
	if gone.text("data") != "null" || !gone.has("expungedAt") {
		t.Errorf("expunged: %v", gone.value)
	}
}

func TestTheAuditLogOfAnEndpointTellsWhatChanged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.endpoint(f.full)
	f.endpoint(f.full)
	f.ok(200, f.full, "PATCH", "/endpoints/"+id, `{"timeoutSeconds":7,"url":"https://receiver.example/t0p"}`)
	list := f.ok(200, f.managing, "GET", "/audit?endpointId="+id, "")
	if list.count("data") != 2 || list.text("data", 1, "action") != "endpoint.created" {
		t.Fatalf("%v", list.value)
	}
	if got := list.text("data", 0, "detail"); got != "URL: another path or query at https://receiver.example/…\ntimeout: 15s → 7s" {
		t.Errorf("the change reads %q", got)
	}
	if n := f.ok(200, f.foreign, "GET", "/audit?endpointId="+id, "").count("data"); n != 0 {
		t.Errorf("another project's key reads %d entries", n)
	}
	f.refused(422, "query.endpointId", f.managing, "GET", "/audit?endpointId=x", "")
}

func TestListsGoOnFromTheirCursor(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpoint(f.full)
	for range 5 {
		f.ok(202, f.full, "POST", "/events", viewed)
	}
	for _, path := range []string{"/events", "/deliveries", "/audit"} {
		seen := map[string]bool{}
		for cursor, pages := "", 0; pages < 10; pages++ {
			page := f.ok(200, f.full, "GET", path+"?limit=2&cursor="+url.QueryEscape(cursor), "")
			for i := range page.count("data") {
				seen[page.text("data", i, "id")] = true
			}
			if cursor = page.text("nextCursor"); cursor == "null" {
				break
			}
		}
		if whole := f.ok(200, f.full, "GET", path, "").count("data"); len(seen) != whole || whole < 3 {
			t.Errorf("%s: %d by pages, %d at once", path, len(seen), whole)
		}
	}
	if body := string(f.call(f.foreign, "GET", "/api/v1/events", "").body); strings.TrimSpace(body) != `{"data":[],"nextCursor":null}` {
		t.Errorf("an empty list is %s", body)
	}
}

func TestTheCatalogueOfTopics(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if n := f.ok(200, f.publish, "GET", "/topics", "").count("data"); n < 18 {
		t.Errorf("%d topics ship", n)
	}
	shipped := f.ok(200, f.full, "GET", "/topics/product.viewed", "")
	shipped.is(map[string]string{"group": "store", "shipped": "true"})
	made := f.ok(201, f.instance, "POST", "/topics",
		`{"name":"order.made","description":"An order","schema":{"type":"object","maxProperties":10},"example":{"total":12345678901234567890},"searchKeys":["total"]}`)
	made.is(map[string]string{"group": "custom", "shipped": "false", "example.total": "12345678901234567890"})
	f.refused(409, "", f.instance, "POST", "/topics", `{"name":"order.made"}`)
	f.refused(422, "body.name", f.instance, "POST", "/topics", `{"name":"order made"}`)
	f.refused(422, "body.schema.type", f.instance, "POST", "/topics", `{"name":"order.x","schema":{"type":"nonsense"}}`)
	f.refused(422, "body.example.a", f.instance, "POST", "/topics", `{"name":"order.x","schema":{"required":["a"]},"example":{}}`)
	f.refused(422, "body.searchKeys", f.instance, "POST", "/topics", `{"name":"order.x","searchKeys":["a","b","c","d"]}`)
	cleared := f.ok(200, f.instance, "PATCH", "/topics/order.made", `{"schema":null,"deprecated":true}`)
	if cleared.has("schema") || !cleared.has("example") || cleared.text("deprecated") != "true" {
		t.Errorf("cleared: %v", cleared.value)
	}
	f.refused(409, "", f.instance, "PATCH", "/topics/product.viewed", `{"description":"other"}`)
	f.refused(409, "", f.instance, "DELETE", "/topics/product.viewed", "")
	f.ok(204, f.instance, "DELETE", "/topics/order.made", "")
	f.refused(404, "", f.instance, "GET", "/topics/order.made", "")
}

func TestAPlatformProvisionsItsCustomers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made := f.ok(201, f.instance, "POST", "/projects", `{"name":"Shop","externalId":"shop-9"}`)
	f.refused(409, "", f.instance, "POST", "/projects", `{"name":"Shop","externalId":"shop-9"}`)
	f.refused(422, "body.name", f.instance, "POST", "/projects", `{"name":""}`)
	f.refused(422, "body.role", f.instance, "POST", "/projects", `{"name":"Shop","role":"admin"}`)
	f.ok(200, f.instance, "GET", "/projects/ext:shop-9", "").is(map[string]string{"id": made.text("id"), "name": "Shop"})
	f.ok(200, f.full, "GET", "/projects/ext:acme%2F1", "").is(map[string]string{"id": f.ours.ID.String()})
	f.ok(200, f.instance, "PATCH", "/projects/ext:shop-9", `{"name":"Shop 9","suspended":true}`).is(map[string]string{"name": "Shop 9", "externalId": "shop-9"})
	if !f.ok(200, f.instance, "GET", "/projects/"+made.text("id"), "").has("suspendedAt") {
		t.Error("the project is not suspended")
	}
	if n := f.ok(200, f.instance, "GET", "/projects?q=shop", "").count("data"); n != 1 {
		t.Errorf("the search finds %d", n)
	}

	member := f.ok(201, f.instance, "POST", "/projects/ext:shop-9/members", `{"email":"Ada@Example.com","role":"developer"}`)
	member.is(map[string]string{"email": "ada@example.com", "role": "developer"})
	f.refused(422, "body.role", f.instance, "POST", "/projects/ext:shop-9/members", `{"email":"ada@example.com","role":"admin"}`)
	f.refused(422, "body.email", f.instance, "POST", "/projects/ext:shop-9/members", `{"email":"nobody","role":"viewer"}`)
	f.refused(422, "query.email", f.instance, "DELETE", "/projects/ext:shop-9/members", "")
	f.ok(204, f.instance, "DELETE", "/projects/ext:shop-9/members?userId="+member.text("userId"), "")
	if n := f.ok(200, f.instance, "GET", "/projects/ext:shop-9/members", "").count("data"); n != 0 {
		t.Errorf("%d members are left", n)
	}

	invitations := "/projects/ext:shop-9/invitations"
	first := f.ok(201, f.instance, "POST", invitations, `{"email":"Cy@Example.com","role":"owner"}`)
	first.is(map[string]string{"email": "cy@example.com", "role": "owner"})
	again := f.ok(201, f.instance, "POST", invitations, `{"email":"cy@example.com","role":"viewer","expiresInSeconds":3600}`)
	if !strings.HasPrefix(again.text("url"), "https://bell.example/invitation?token=") || again.text("url") == first.text("url") {
		t.Errorf("invitation: %v", again.value)
	}
	list := f.ok(200, f.instance, "GET", invitations, "")
	shown := f.call(f.instance, "GET", "/api/v1"+invitations, "").body
	if list.count("data") != 1 || list.text("data", 0, "id") != again.text("id") || strings.Contains(string(shown), "token=") {
		t.Errorf("invitations: %v", list.value)
	}
	f.refused(422, "body.role", f.instance, "POST", invitations, `{"email":"cy@example.com","role":"admin"}`)
	f.refused(422, "body.expiresInSeconds", f.instance, "POST", invitations, `{"email":"cy@example.com","role":"viewer","expiresInSeconds":59}`)
	f.ok(204, f.instance, "DELETE", invitations+"?invitationId="+again.text("id"), "")
	if got := f.call(f.instance, "DELETE", "/api/v1"+invitations+"?invitationId="+again.text("id"), "").status; got != 404 {
		t.Errorf("revoked again: %d", got)
	}
	if n := f.ok(200, f.instance, "GET", invitations, "").count("data"); n != 0 {
		t.Errorf("%d invitations are left", n)
	}

	link := f.ok(201, f.instance, "POST", "/projects/ext:shop-9/sign-in-links", `{"email":"bob@example.com","role":"viewer","expiresInSeconds":60}`)
	if !strings.HasPrefix(link.text("url"), "https://bell.example/sign-in/link?token=") {
		t.Errorf("link: %v", link.value)
	}
	f.refused(422, "body.expiresInSeconds", f.instance, "POST", "/projects/ext:shop-9/sign-in-links", `{"email":"bob@example.com","role":"viewer","expiresInSeconds":3601}`)
	f.refused(422, "body.role", f.instance, "POST", "/projects/ext:shop-9/sign-in-links", `{"email":"bob@example.com","role":"owner"}`)
	f.ok(204, f.instance, "DELETE", "/projects/ext:shop-9", "")
	f.refused(404, "", f.instance, "GET", "/projects/ext:shop-9", "")
}

func TestStatsCountWhatWasTried(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, _, endpoint := f.delivery()
	empty := f.ok(200, f.foreign, "GET", "/stats", "")
	empty.is(map[string]string{"successRate": "null", "delivered": "0", "latencyMs.p99": "0"})
	f.exhaust()
	got := f.ok(200, f.full, "GET", "/stats?step=1h&endpointId="+endpoint, "")
	got.is(map[string]string{"successRate": "0", "failed": "1", "states.exhausted": "1", "latencyMs.p50": "4"})
	if n := got.count("buckets"); n < 24 || n > 26 {
		t.Errorf("%d buckets of an hour in a day", n)
	}
	f.refused(404, "", f.foreign, "GET", "/stats?endpointId="+endpoint, "")
}

func TestMetaTellsWhatReceiversNeed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	got := f.ok(200, f.publish, "GET", "/meta", "")
	got.is(map[string]string{"version": "1.2.3", "retentionHours": "720", "limits.payload": "262144", "limits.batchEvents": "1000"})
	if got.text("egressIps", 0) != "203.0.113.7" || got.count("formats") != 7 || got.text("retrySchedules", "short", 2) != "300" {
		t.Errorf("meta: %v", got.value)
	}
}

func TestAPayloadFilterIsRowsOrAnExpression(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	with := func(filter string) string {
		return `{"url":"https://receiver.example/","topics":["product.*"],"payloadFilter":` + filter + `}`
	}
	made := f.ok(201, f.full, "POST", "/endpoints", with(`{"expression":"data.newPrice < 10"}`))
	id := made.text("id")
	if got := f.ok(200, f.full, "GET", "/endpoints/"+id, "").text("payloadFilter", "expression"); got != "data.newPrice < 10" {
		t.Errorf("answered %q", got)
	}
	f.refused(409, "", f.full, "PATCH", "/endpoints/"+id, `{"version":7,"payloadFilter":[]}`)
	rows := f.ok(200, f.full, "PATCH", "/endpoints/"+id, `{"payloadFilter":[{"path":"a","operator":"exists"}]}`)
	if rows.text("payloadFilter", 0, "path") != "a" {
		t.Errorf("answered %v", rows.at("payloadFilter").value)
	}
	if none := f.ok(200, f.full, "PATCH", "/endpoints/"+id, `{"payloadFilter":[]}`); none.count("payloadFilter") != 0 {
		t.Errorf("answered %v", none.at("payloadFilter").value)
	}
	for filter, place := range map[string]string{
		`{"expression":"newPrice < 10"}`:  "body.payloadFilter.expression",
		`{"expression":""}`:               "body.payloadFilter.expression",
		`{"expression":7}`:                "body.payloadFilter.expression",
		`{"expression":"true","rows":[]}`: "body.payloadFilter.rows",
		`{}`:                              "body.payloadFilter",
		`"data.newPrice < 10"`:            "body.payloadFilter",
		`[{"path":"a"}]`:                  "body.payloadFilter[0]",
		`[{"path":"a","operator":"exists","extra":1}]`: "body.payloadFilter[0].extra",
		`[{"path":"a","operator":"like","value":"x"}]`: "body.payloadFilter[0].operator",
		`[{"path":"a..b","operator":"exists"}]`:        "body.payloadFilter[0].path",
		`[7]`:                                          "body.payloadFilter[0]",
	} {
		f.refused(422, place, f.full, "POST", "/endpoints", with(filter))
		f.refused(422, place, f.full, "PATCH", "/endpoints/"+id, `{"payloadFilter":`+filter+`}`)
	}
	f.refused(422, "body.payloadFilter", f.full, "PATCH", "/endpoints/"+id, `{"payloadFilter":null}`)
}
