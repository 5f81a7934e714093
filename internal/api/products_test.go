package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// put says how a product is now and answers the topics that were published.
func (f *fixture) put(key, id, body string) string {
	f.t.Helper()
	return topicsOf(f.ok(200, key, "PUT", "/products/"+url.PathEscape(id), body))
}

func topicsOf(answer node) string {
	answer.t.Helper()
	var topics []string
	for i := range answer.count("published") {
		topics = append(topics, strings.TrimPrefix(answer.text("published", i, "topic"), "product."))
	}
	return strings.Join(topics, " ")
}

func TestAProductsStatesBecomeEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ok(201, f.full, "POST", "/endpoints", `{"url":"https://receiver.example/hook","topics":["product.price_changed"]}`)
	for _, step := range []struct{ body, topics string }{
		{`{"name":"Shoe","price":"10.00","currency":"EUR","quantity":0}`, "added"},
		{`{"name":"Shoe","price":1e1,"currency":"EUR","quantity":"0"}`, ""},
		{`{"price":9.5,"quantity":4,"vendor":{"id":7}}`, "price_changed inventory_changed back_in_stock updated"},
		{`{"vendor":{"id":7.0}}`, ""},
		{`{"price":null}`, "updated"},
	} {
		if got := f.put(f.full, "gid://shop/Product/1", step.body); got != step.topics {
			t.Errorf("%s published %q, want %q", step.body, got, step.topics)
		}
	}
	got := f.ok(200, f.read, "GET", "/products/"+url.PathEscape("gid://shop/Product/1"), "")
	got.is(map[string]string{"productId": "gid://shop/Product/1", "projectId": f.ours.ID.String(), "audience": "project", "state.vendor.id": "7", "state.quantity": "4"})
	if got.at("state").has("price") || got.count("events") != 6 || got.text("events", 0, "topic") != "product.updated" || got.text("events", 5, "topic") != "product.added" {
		t.Errorf("the product is %v", got.value)
	}
	price := f.ok(200, f.read, "GET", "/events/"+got.text("events", 4, "id"), "")
	price.is(map[string]string{"topic": "product.price_changed", "data.productId": "gid://shop/Product/1", "data.oldPrice": "10.00", "data.newPrice": "9.5", "data.currency": "EUR", "deliveries": "1"})
	if n := f.ok(200, f.read, "GET", "/deliveries", "").count("data"); n != 1 {
		t.Errorf("%d deliveries, want the one of the price", n)
	}
}

func TestABatchOfProductsIsTakenInOrderAndWhole(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	batch := func(items ...string) string { return `{"products":[` + strings.Join(items, ",") + `]}` }
	got := f.ok(200, f.full, "POST", "/products/batch", batch(`{"productId":"a","price":1}`, `{"productId":"b"}`, `{"productId":"a","price":2}`, `{"productId":"a","price":2.0}`))
	if topics := topicsOf(got); topics != "added added price_changed updated" {
		t.Errorf("published %s", topics)
	}
	before := f.events()
	for place, items := range map[string][]string{
		"body.products[1].price":     {`{"productId":"a","price":3}`, `{"productId":"b","price":"x"}`},
		"body.products[1].productId": {`{"productId":"a","price":3}`, `{"price":3}`},
		"body.products[1]":           {`{"productId":"a","price":3}`, `{"productId":"b","x":"` + strings.Repeat("x", 65<<10) + `"}`},
		"body.products[1].changed":   {`{"productId":"a","price":3}`, `{"productId":"b","changed":[]}`},
		"body.products[1].projectId": {`{"productId":"a","price":3}`, `{"productId":"b","projectId":"` + f.ours.ID.String() + `"}`},
		"body.products":              {},
	} {
		f.refused(422, place, f.full, "POST", "/products/batch", batch(items...))
	}
	many := make([]string, 1001)
	for i := range many {
		many[i] = fmt.Sprintf(`{"productId":"m%d"}`, i)
	}
	f.refused(422, "body.products", f.full, "POST", "/products/batch", batch(many...))
	f.refused(422, "body.stuff", f.full, "POST", "/products/batch", `{"products":[{"productId":"a"}],"stuff":1}`)
	if after := f.events(); after != before {
		t.Errorf("refused batches left %d events", after-before)
	}
	f.ok(200, f.read, "GET", "/products/a", "").is(map[string]string{"state.price": "2"})
}

func TestWhoseProductsTheyAre(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpointFor(f.full, "product.*")
	if got := f.put(f.instance, "p", `{"name":"A","projectId":"ext:acme/1"}`); got != "added" {
		t.Errorf("by external id: %s", got)
	}
	if got := f.put(f.full, "p", `{"name":"A"}`); got != "" {
		t.Errorf("the project's own key sees another catalogue: %s", got)
	}
	if got := f.put(f.instance, "p", `{"name":"A","audience":"all"}`); got != "added" {
		t.Errorf("the instance's catalogue is the project's: %s", got)
	}
	f.ok(200, f.instance, "GET", "/products?audience=all", "").at("data", 0).is(map[string]string{"audience": "all", "productId": "p"})
	if f.ok(200, f.foreign, "GET", "/products", "").count("data") != 0 {
		t.Error("another project sees our products")
	}
	f.refused(404, "", f.foreign, "GET", "/products/p", "")
	f.refused(404, "body.projectId", f.foreign, "PUT", "/products/p", `{"projectId":"`+f.ours.ID.String()+`"}`)
	f.refused(403, "body.audience", f.full, "PUT", "/products/p", `{"audience":"all"}`)
	f.refused(422, "body.projectId", f.instance, "PUT", "/products/p", `{}`)
	f.refused(422, "body.projectId", f.instance, "PUT", "/products/p", `{"audience":"all","projectId":"ext:acme/1"}`)
	f.refused(422, "body.audience", f.instance, "PUT", "/products/p", `{"audience":"some"}`)
	f.refused(422, "query.projectId", f.instance, "GET", "/products", "")
	wide := f.ok(200, f.instance, "POST", "/products/batch", `{"audience":"all","products":[{"productId":"p","name":"B"},{"productId":"q","audience":"all"}]}`)
	if topicsOf(wide) != "updated added" {
		t.Errorf("a batch of the instance: %v", wide.value)
	}
}

func (f *fixture) endpointFor(key, topic string) {
	f.t.Helper()
	f.ok(201, key, "POST", "/endpoints", `{"url":"https://receiver.example/hook","topics":["`+topic+`"]}`)
}

func TestProductsInputIsJudged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for body, place := range map[string]string{
		`{"price":"1e3"}`: "body.price", `{"quantity":0.5}`: "body.quantity", `{"name":1}`: "body.name", `{"name":"\u0000"}`: "body.name",
		`{"productId":"other"}`: "path.productId", `[]`: "body.productId", `{"projectId":7}`: "body.projectId",
		`{"x":` + strings.Repeat("[", 65) + strings.Repeat("]", 65) + `}`: "",
	} {
		f.refused(422, place, f.full, "PUT", "/products/p", body)
	}
	f.refused(422, "path.productId", f.full, "PUT", "/products/"+strings.Repeat("x", 257), `{}`)
	f.refused(400, "", f.full, "PUT", "/products/p", `{"a":1,"a":2}`)
	f.refused(400, "", f.full, "PUT", "/products/p", `{"price":1e999}`)
	f.refused(413, "", f.full, "PUT", "/products/p", `{"x":"`+strings.Repeat("x", 1<<20)+`"}`)
	f.refused(422, "header.X-Bellwire-Hop", f.full, "PUT", "/products/p", `{}`, "X-Bellwire-Hop", "4")
	if n := f.events(); n != 0 {
		t.Errorf("what was refused left %d events", n)
	}
}

func TestProductsAreListedAndSearched(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var items []string
	for i := range 120 {
		items = append(items, fmt.Sprintf(`{"productId":"p%03d","name":"%s %d"}`, i, map[bool]string{true: "ÖLKANNE", false: "Shoe"}[i%40 == 7], i))
	}
	f.ok(200, f.full, "POST", "/products/batch", `{"products":[`+strings.Join(items, ",")+`]}`)
	var ids []string
	for cursor := ""; ; {
		page := f.ok(200, f.read, "GET", "/products?limit=50&cursor="+cursor, "")
		for i := range page.count("data") {
			ids = append(ids, page.text("data", i, "productId"))
		}
		if cursor = page.text("nextCursor"); cursor == "null" {
			break
		}
	}
	if len(ids) != 120 || ids[0] != "p000" || ids[119] != "p119" {
		t.Errorf("%d products: %v", len(ids), ids)
	}
	for query, want := range map[string]int{"ölk": 3, "P01": 10, "%": 0, "_": 0, "p119": 1, "nothing": 0} {
		if n := f.ok(200, f.read, "GET", "/products?limit=200&q="+url.QueryEscape(query), "").count("data"); n != want {
			t.Errorf("%q finds %d, want %d", query, n, want)
		}
	}
	f.refused(422, "", f.read, "GET", "/products?cursor=nonsense", "")
}
