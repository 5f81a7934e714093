package api_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/bellwire/bellwire/internal/manage"
)

func TestAPublishedEventIsStoredByteForByte(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpoint(f.full)
	data := `{"productId":"p","n":12345678901234567890,"f":1.0,"e":1E21,"z":-0,"10":1,"2":2,"s":"<a&b>\u00e9\/ 😀 \u2028","deep":{"list":[1,[2,{"x":null}]]}}`
	spaced := strings.Replace(data, `,"n":`, " ,\n\t\"n\": ", 1)
	receipt := f.ok(202, f.full, "POST", "/events", `{"data": `+spaced+`, "topic":"product.viewed","occurredAt":"2026-01-24T11:30:00.5+01:00"}`)
	receipt.is(map[string]string{"topic": "product.viewed", "deliveries": "1", "duplicate": "false"})
	if receipt.has("fanOut") || receipt.has("$schema") {
		t.Errorf("receipt: %v", receipt.value)
	}
	got := f.call(f.full, "GET", "/api/v1/events/"+receipt.text("id"), "")
	if !bytes.Contains(got.body, []byte(`"data":`+data+`,`)) {
		t.Errorf("the data came back changed:\n%s", got.body)
	}
	got.json().is(map[string]string{
		"occurredAt": "2026-01-24T10:30:00.500Z", "audience": "project", "projectId": f.ours.ID.String(), "publishedBy.type": "key",
	})
}

func TestARepeatGetsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.ok(202, f.full, "POST", "/events", viewed, "Idempotency-Key", "k1")
	again := f.ok(202, f.full, "POST", "/events", strings.Replace(viewed, `{"topic"`, `{"idempotencyKey":"k1","topic"`, 1))
	again.is(map[string]string{"id": first.text("id"), "duplicate": "true"})
	f.refused(409, "", f.full, "POST", "/events", strings.Replace(viewed, "p1", "p2", 1), "Idempotency-Key", "k1")
	f.refused(422, "body.idempotencyKey", f.full, "POST", "/events", strings.Replace(viewed, `{"topic"`, `{"idempotencyKey":"k2","topic"`, 1), "Idempotency-Key", "k1")
	f.refused(422, "header.Idempotency-Key", f.full, "POST", "/events", viewed, "Idempotency-Key", strings.Repeat("k", 256))
	f.refused(422, "header.Idempotency-Key", f.full, "POST", "/events/batch", `{"events":[`+viewed+`]}`, "Idempotency-Key", "k3")
	f.refused(422, "body.topic", f.full, "POST", "/events", `{"topic":"nope","data":{}}`, "Idempotency-Key", "k4")
	f.ok(202, f.full, "POST", "/events", viewed, "Idempotency-Key", "k4").is(map[string]string{"duplicate": "false"})
	repeat := strings.Replace(viewed, `{"topic"`, `{"idempotencyKey":"k4","topic"`, 1)
	changed := strings.Replace(viewed, `{"topic":"product.viewed","data":{"productId":"p1"`, `{"idempotencyKey":"k1","topic":"product.viewed","data":{"productId":"p3"`, 1)
	f.refused(409, "body.idempotencyKey", f.full, "POST", "/events", changed)
	f.refused(409, "body.events[2].idempotencyKey", f.full, "POST", "/events/batch", `{"events":[`+repeat+`,`+repeat+`,`+changed+`]}`)
	if theirs := f.ok(202, f.foreign, "POST", "/events", viewed, "Idempotency-Key", "k1"); theirs.text("id") == first.text("id") {
		t.Error("two projects share a key")
	}
}

func TestALoopIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, hop := range []string{"0", "1", "3"} {
		f.ok(202, f.full, "POST", "/events", viewed, "X-Bellwire-Hop", hop)
	}
	for _, hop := range []string{"4", "99", "-1", "x", "1.5", "99999999999999999999"} {
		f.refused(422, "header.X-Bellwire-Hop", f.full, "POST", "/events", viewed, "X-Bellwire-Hop", hop)
		f.refused(422, "header.X-Bellwire-Hop", f.full, "POST", "/events/batch", `{"events":[`+viewed+`]}`, "X-Bellwire-Hop", hop)
	}
	if got := f.events(); got != 3 {
		t.Errorf("%d events are stored, want 3", got)
	}
}

func TestABatchIsStoredWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpoint(f.full)
	batch := func(events ...string) string { return `{"events":[` + strings.Join(events, ",") + `]}` }
	results := f.ok(202, f.full, "POST", "/events/batch", batch(viewed, strings.Replace(viewed, "p1", "p2", 1)))
	if results.count("results") != 2 || results.text("results", 0, "deliveries") != "1" || results.text("results", 0, "id") == results.text("results", 1, "id") {
		t.Errorf("results: %v", results.value)
	}
	many := make([]string, 1001)
	for i := range many {
		many[i] = viewed
	}
	for _, c := range []struct {
		body, place string
		status      int
	}{
		{batch(viewed, viewed, `{"topic":"nope","data":{}}`), "body.events[2].topic", 422},
		{batch(`{"topic":"nope","data":{}}`), "body.events[0].topic", 422},
		{batch(viewed, `{"topic":"product.price_changed","data":{"productId":7}}`), "body.events[1].data.productId", 422},
		{batch(viewed, `{"topic":"product.viewed","data":{"productId":"p"},"extra":1}`), "body.events[1].extra", 422},
		{batch(viewed, `7`), "body.events[1].topic", 422},
		{batch(viewed, `{"topic":"product.viewed","data":{"productId":"p"},"projectId":"`+f.theirs.ID.String()+`"}`), "body.events[1].projectId", 404},
		{batch(viewed, `{"topic":"product.viewed","data":{"a":1,"a":2}}`), "body.events[1].data.a", 400},
		{batch(), "body.events", 422},
		{batch(many...), "body.events", 422},
		{`{"events":{}}`, "body.events", 422},
		{`{"events":[` + viewed + `],"atomic":false}`, "body.atomic", 422},
		{`[]`, "body.events", 422},
		{`{}`, "body.events", 422},
	} {
		f.refused(c.status, c.place, f.full, "POST", "/events/batch", c.body)
	}
	if got := f.events(); got != 2 {
		t.Errorf("%d events are stored, want 2", got)
	}
	if got := f.ok(202, f.full, "POST", "/events/batch", batch(many[:1000]...)).count("results"); got != 1000 {
		t.Errorf("%d results, want 1000", got)
	}
}

func TestInstanceKeysNameTheProject(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpoint(f.full)
	for _, ref := range []string{f.ours.ID.String(), "ext:acme/1", "ext:acme/1"} {
		f.ok(202, f.instance, "POST", "/events", strings.Replace(viewed, `{"topic"`, `{"projectId":"`+ref+`","topic"`, 1)).is(map[string]string{"deliveries": "1"})
	}
	f.refused(422, "body.projectId", f.instance, "POST", "/events", viewed)
	f.refused(422, "body.projectId", f.instance, "POST", "/events", strings.Replace(viewed, `{"topic"`, `{"projectId":"ext:acme/1","audience":"all","topic"`, 1))
	all := f.ok(202, f.instance, "POST", "/events", strings.Replace(viewed, `{"topic"`, `{"audience":"all","topic"`, 1))
	all.is(map[string]string{"fanOut": "true"})
	f.refused(404, "", f.foreign, "GET", "/events/"+all.text("id"), "")
}

func TestManyPublishersAtOnceEachGetTheirOwnAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpoint(f.full)
	var group sync.WaitGroup
	ids := make([]string, 64)
	for i := range ids {
		group.Go(func() {
			body := strings.Replace(viewed, "p1", fmt.Sprint("product-", i), 1)
			ids[i] = f.call(f.full, "POST", "/api/v1/events", body).json().text("id")
		})
	}
	group.Wait()
	for i, id := range ids {
		if got := f.ok(200, f.full, "GET", "/events/"+id, "").text("data", "productId"); got != fmt.Sprint("product-", i) {
			t.Errorf("publisher %d was answered with the event of %s", i, got)
		}
	}
}

func TestATopicMadeNowTakesEventsNow(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	body := `{"topic":"order.made","data":{"total":5}}`
	f.refused(422, "body.topic", f.full, "POST", "/events", body)
	f.ok(201, f.instance, "POST", "/topics", `{"name":"order.made","schema":{"type":"object","required":["total"]}}`)
	f.ok(202, f.full, "POST", "/events", body)
	f.refused(422, "", f.full, "POST", "/events", `{"topic":"order.made","data":{}}`)
	f.ok(200, f.instance, "PATCH", "/topics/order.made", `{"warnOnly":true}`)
	warned := f.ok(202, f.full, "POST", "/events", `{"topic":"order.made","data":{}}`)
	if !strings.HasPrefix(warned.text("warnings", 0), "data") {
		t.Errorf("warnings: %v", warned.value)
	}
	batch := f.ok(202, f.full, "POST", "/events/batch", `{"events":[{"topic":"order.made","data":{"total":5}},{"topic":"order.made","data":{}}]}`)
	if batch.at("results", 0).has("warnings") || !strings.HasPrefix(batch.text("results", 1, "warnings", 0), "events[1].data") {
		t.Errorf("results: %v", batch.value)
	}
}

func TestExternalIDsAreLookedUpAgainAfterASecond(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	body := strings.Replace(viewed, `{"topic"`, `{"projectId":"ext:acme/1","topic"`, 1)
	f.ok(202, f.instance, "POST", "/events", body)
	name := "acme/2"
	_, err := f.manage.UpdateProject(context.Background(), system, f.ours.ID, manage.ProjectPatch{ExternalID: &name})
	f.must(err)
	f.clock.forward(1001 * 1e6)
	f.refused(404, "body.projectId", f.instance, "POST", "/events", body)
}

func TestAPreviewSaysWhoWouldGetAnEventAndStoresNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpoint(f.full)
	before := f.events()
	got := f.ok(200, f.read, "POST", "/events/preview", viewed)
	if got.count("matching") != 1 || got.count("faults") != 0 || got.at("matching", 0, "matched").value != true {
		t.Errorf("%v", got.value)
	}
	bad := f.ok(200, f.read, "POST", "/events/preview", `{"topic":"product.price_changed","data":{}}`)
	if bad.count("matching") != 0 || bad.text("faults", 0, "location") != "body.data.currency" {
		t.Errorf("%v", bad.value)
	}
	if f.events() != before {
		t.Error("an event was stored")
	}
}
