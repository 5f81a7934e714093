package api_test

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/api"
)

// fuzzed is the API for one input: whatever it says, we answer, in JSON, and
// never that the fault is ours.
type fuzzed struct{ *fixture }

func (f *fixture) fuzzed(t *testing.T) fuzzed {
	own := *f
	own.t = t
	return fuzzed{&own}
}

// send makes a call at an address that nobody has checked.
func (f fuzzed) send(key, method, path, query, body string, headers ...string) reply {
	f.t.Helper()
	request := httptest.NewRequest(method, "/", strings.NewReader(body))
	request.URL = &url.URL{Path: path, RawQuery: query}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	f.handler.ServeHTTP(recorder, request)
	got := reply{f.t, recorder.Code, recorder.Header(), recorder.Body.Bytes()}
	if got.status >= 500 {
		f.t.Errorf("%s %s?%s: %d for %q\n%s", method, path, query, got.status, body, got.body)
	}
	if strings.Contains(got.header.Get("Content-Type"), "json") && !json.Valid(got.body) {
		f.t.Errorf("%s %s?%s: answered %q", method, path, query, got.body)
	}
	return got
}

// quoted is text as a member of a body.
func quoted(text string) string {
	out, err := json.Marshal(text)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(out)
}

func FuzzPublish(f *testing.F) {
	for _, seed := range []string{viewed, `{}`, `[]`, `{"topic":"product.viewed","data":{"productId":"p"},"projectId":"ext:acme/1"}`, `{"events":[` + viewed + `]}`,
		"\x00", `{"productId":"p","price":1e308,"a":[{"b":"\ud800"}]}`} {
		f.Add(seed, "k", "1")
	}
	fixture := newFixture(f)
	fixture.endpoint(fixture.full)
	f.Fuzz(func(t *testing.T, body, key, hop string) {
		to := fixture.fuzzed(t)
		to.send(to.full, "POST", "/api/v1/events", "", body, "Idempotency-Key", key, "X-Bellwire-Hop", hop)
		to.send(to.instance, "POST", "/api/v1/events/batch", "", body)
		to.send(to.full, "POST", "/api/v1/events/batch", "", `{"events":[`+body+`]}`)
		to.send(to.full, "POST", "/api/v1/events/preview", "", body)
		to.send(to.full, "POST", "/api/v1/events", "", `{"topic":"product.viewed","data":`+body+`}`)
	})
}

// FuzzEndpoint makes endpoints of whatever is taken, changes them, publishes
// past their filters and takes them away again.
func FuzzEndpoint(f *testing.F) {
	f.Add(`{"url":"https://receiver.example/","topics":["*"]}`, `{"a":"{{topic}}"}`, `data.price < 10`, "https://receiver.example/x")
	f.Add(`{"format":"custom","custom":{"header":"X-A","signed":"body","encoding":"hex","value":"{signature}","body":"flat"}}`, `"{{secret('a')}}"`, `data.l.exists(i, i > 1)`, "http://[::1]/")
	f.Add(`{"headers":[{"name":"X-A","value":"b","secret":true}],"retry":{"policy":"custom","delaysSeconds":[1]}}`, `[`, `((`, "https://\x00")
	f.Add(`{"version":1,"payloadFilter":[{"path":"a.b","operator":"gte","value":"1e9"}],"promptFilter":{"names":["a*"]},"ratePerSecond":0.5}`, `{}`, ``, "")
	fixture := newFixture(f)
	f.Fuzz(func(t *testing.T, body, template, expression, address string) {
		to := fixture.fuzzed(t)
		to.makes(body, body)
		settings := `"topics":["product.*"],"name":` + quoted(template)
		to.makes(`{"url":"https://receiver.example/",`+settings+`,"template":`+quoted(template)+`,"payloadFilter":{"expression":`+quoted(expression)+`}}`, body)
		to.makes(`{"url":`+quoted(address)+`,`+settings+`,"payloadFilter":[{"path":`+quoted(expression)+`,"operator":"lt","value":`+quoted(template)+`}]}`, body)
	})
}

func (f fuzzed) makes(body, change string) {
	f.t.Helper()
	got := f.send(f.full, "POST", "/api/v1/endpoints", "", body)
	if got.status != 201 {
		return
	}
	at := "/api/v1/endpoints/" + got.json().text("id")
	f.send(f.full, "POST", "/api/v1/events", "", viewed)
	f.send(f.full, "POST", at+"/test", "", "")
	f.send(f.full, "PATCH", at, "", change)
	f.send(f.full, "POST", "/api/v1/events", "", viewed)
	if got := f.send(f.full, "GET", at, "", ""); got.status != 200 {
		f.t.Errorf("the endpoint is not found again: %d %s", got.status, got.body)
	}
	f.send(f.full, "DELETE", at, "", "")
}

func FuzzProduct(f *testing.F) {
	f.Add("p1", `{"name":"Shoe","price":1.10,"quantity":0}`, `{"price":"2.0","quantity":5,"extra":{"a":[1]}}`)
	f.Add("gid://shop/1", `{"price":"1e5"}`, `{"products":[{"productId":"p1"}]}`)
	f.Add("..", `{"projectId":"ext:acme/1"}`, `{"audience":"all"}`)
	fixture := newFixture(f)
	fixture.endpoint(fixture.full)
	f.Fuzz(func(t *testing.T, id, first, second string) {
		to := fixture.fuzzed(t)
		at := "/api/v1/products/" + id
		to.send(to.full, "PUT", at, "", first)
		to.send(to.full, "PUT", at, "", second)
		to.send(to.instance, "PUT", at, "", second)
		to.send(to.full, "POST", "/api/v1/products/batch", "", second)
		to.send(to.full, "POST", "/api/v1/products/batch", "", `{"products":[`+first+`,`+second+`,{"productId":`+quoted(id)+`}]}`)
		to.send(to.full, "GET", at, "", "")
		to.send(to.full, "GET", "/api/v1/products", "q="+url.QueryEscape(id), "")
	})
}

func FuzzPrompt(f *testing.F) {
	f.Add("movies/critic", `{"name":"movies/critic","prompt":"Rate {{it}}","labels":["production"],"tags":["a"],"config":{"t":0.70},"commitMessage":"x"}`, `"Be brief."`, "version=1")
	f.Add("a", `{"name":"a","type":"chat","prompt":[{"role":"user","content":"x"}]}`, `[{"type":"placeholder","name":"h"}]`, "label=qa&resolve=true")
	f.Add("%2F", `{"newLabels":["qa"]}`, `null`, "page=2&limit=0&fromUpdatedAt=2026-01-01T00:00:00Z")
	fixture := newFixture(f)
	f.Fuzz(func(t *testing.T, name, body, content, query string) {
		to := fixture.fuzzed(t)
		all := api.PublicPrefix + "/prompts"
		one := all + "/" + name
		to.send(to.full, "POST", all, "", body)
		to.send(to.full, "POST", all, "", `{"name":`+quoted(name)+`,"prompt":`+content+`,"commitMessage":`+quoted(query)+`,"labels":["production"]}`)
		to.send(to.full, "POST", all, "", `{"name":`+quoted(name)+`,"type":"chat","prompt":`+content+`,"config":`+content+`}`)
		to.send(to.full, "PATCH", one+"/versions/1", "", body)
		to.send(to.full, "GET", all, query, "")
		to.send(to.full, "GET", one, query, "")
		to.send(to.full, "DELETE", one, query, "")
		to.send(to.full, "DELETE", one, "", "")
	})
}

// FuzzCall makes any call of the route table, about something of ours or about
// what the input names.
func FuzzCall(f *testing.F) {
	routes := slices.Sorted(maps.Keys(table))
	for i, route := range routes {
		f.Add(uint8(i), "", "limit=2&since=2026-01-01T00:00:00Z", table[route].body)
	}
	f.Add(uint8(0), "' OR 1=1--", "cursor=%00&q=%ff", `{"ids":[]}`)
	fixture := newFixture(f)
	delivery, event, endpoint := fixture.delivery()
	f.Fuzz(func(t *testing.T, which uint8, id, query, body string) {
		to := fixture.fuzzed(t)
		method, path, _ := strings.Cut(routes[int(which)%len(routes)], " ")
		ours := id == ""
		if ours && method == "DELETE" {
			return // what is ours stays, for the next input
		}
		things := map[string]string{"project": to.ours.ID.String(), "event": event, "endpoint": endpoint, "delivery": delivery, "name": "product.viewed", "one": "1", "product": "p1", "prompt": "ours", "key": to.theirs.ID.String()}
		body = strings.ReplaceAll(body, "{project}", things["project"])
		for thing, value := range things {
			if !ours {
				value = id
			}
			path = strings.ReplaceAll(path, "{"+thing+"}", value)
		}
		for _, key := range []string{to.full, to.instance} {
			for _, prefix := range []string{api.Prefix, api.PublicPrefix} {
				if got := to.send(key, method, prefix+path, query, body); got.status == 401 {
					t.Fatal("the key is gone")
				}
			}
		}
	})
}
