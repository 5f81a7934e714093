package api_test

import (
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestBadEventsAreRefusedWithThePlaceAndNothingIsStored(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpoint(f.full)
	deep := strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)
	for _, c := range []struct {
		name, body string
		status     int
		place      string
	}{
		{"unknown topic", `{"topic":"product.vieved","data":{}}`, 422, "body.topic"},
		{"no topic", `{"data":{}}`, 422, "body.topic"},
		{"a topic of ours", `{"topic":"endpoint.paused","data":{}}`, 422, "body.topic"},
		{"topic is a number", `{"topic":7,"data":{}}`, 422, "body.topic"},
		{"topic with a NUL", `{"topic":"product\u0000viewed","data":{}}`, 422, "body.topic"},
		{"unknown member", `{"topic":"product.viewed","data":{"productId":"p"},"id":"x"}`, 422, "body.id"},
		{"member in another case", `{"Topic":"product.viewed","data":{"productId":"p"}}`, 422, "body.Topic"},
		{"no data", `{"topic":"product.viewed"}`, 422, "body.data"},
		{"data is null", `{"topic":"product.viewed","data":null}`, 422, "body.data"},
		{"data is a list", `{"topic":"product.viewed","data":[1]}`, 422, "body.data"},
		{"data is text", `{"topic":"product.viewed","data":"{}"}`, 422, "body.data"},
		{"schema broken", `{"topic":"product.price_changed","data":{"productId":"p","oldPrice":1,"newPrice":{},"currency":"EUR"}}`, 422, "body.data.newPrice"},
		{"duplicate member", `{"topic":"product.viewed","data":{"a":1,"\u0061":2}}`, 400, "body.data.a"},
		{"too deep", `{"topic":"product.viewed","data":` + deep + `}`, 400, ""},
		{"number beyond a double", `{"topic":"product.viewed","data":{"n":1e400}}`, 400, "body.data.n"},
		{"not JSON", `{"topic":`, 400, "body.topic"},
		{"two documents", viewed + viewed, 400, "body"},
		{"byte order mark", "\xef\xbb\xbf" + viewed, 400, "body"},
		{"bad UTF-8", `{"topic":"product.viewed","data":{"a":"` + "\xff" + `"}}`, 400, "body.data.a"},
		{"comment", `/* */` + viewed, 400, "body"},
		{"a list", `[` + viewed + `]`, 422, "body.topic"},
		{"empty object", `{}`, 422, "body.data"},
		{"payload over 256 KiB", `{"topic":"product.viewed","data":{"productId":"p","x":"` + strings.Repeat("x", 256<<10) + `"}}`, 413, "body.data"},
		{"foreign project", `{"topic":"product.viewed","data":{"productId":"p"},"projectId":"` + f.theirs.ID.String() + `"}`, 404, "body.projectId"},
		{"project that is no id", `{"topic":"product.viewed","data":{"productId":"p"},"projectId":"1 OR 1=1"}`, 422, "body.projectId"},
		{"unknown external id", `{"topic":"product.viewed","data":{"productId":"p"},"projectId":"ext:nobody"}`, 404, "body.projectId"},
		{"audience all with a project key", `{"topic":"product.viewed","data":{"productId":"p"},"audience":"all"}`, 403, "body.audience"},
		{"unknown audience", `{"topic":"product.viewed","data":{"productId":"p"},"audience":"some"}`, 422, "body.audience"},
		{"time that is none", `{"topic":"product.viewed","data":{"productId":"p"},"occurredAt":"yesterday"}`, 422, "body.occurredAt"},
		{"time out of range", `{"topic":"product.viewed","data":{"productId":"p"},"occurredAt":"0001-02-03T00:00:00Z"}`, 422, "body.occurredAt"},
		{"empty idempotency key", `{"topic":"product.viewed","data":{"productId":"p"},"idempotencyKey":""}`, 422, "body.idempotencyKey"},
		{"long idempotency key", `{"topic":"product.viewed","data":{"productId":"p"},"idempotencyKey":"` + strings.Repeat("k", 256) + `"}`, 422, "body.idempotencyKey"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.call(f.full, "POST", "/api/v1/events", c.body).with(t).problem(c.status, c.place)
		})
	}
	if got := f.events(); got != 0 {
		t.Errorf("%d events are stored", got)
	}
}

func (r reply) with(t testing.TB) reply {
	r.t = t
	return r
}

func TestTheNearestTopicIsNamed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	detail := f.refused(422, "body.topic", f.full, "POST", "/events", `{"topic":"product.vieved","data":{}}`)
	if !strings.Contains(detail, "product.viewed") {
		t.Errorf("got %q", detail)
	}
}

func TestBadEndpointsAreRefusedWithThePlaceAndNothingIsStored(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	with := func(members string) string {
		return `{"url":"https://receiver.example/hook","topics":["product.viewed"],` + members + `}`
	}
	for _, c := range []struct{ name, body, place string }{
		{"http", `{"url":"http://receiver.example/","topics":["product.viewed"]}`, "body.url"},
		{"private address", `{"url":"https://10.0.0.1/","topics":["product.viewed"]}`, "body.url"},
		{"metadata address", `{"url":"https://169.254.169.254/latest","topics":["product.viewed"]}`, "body.url"},
		{"loopback in disguise", `{"url":"https://0x7f.1/","topics":["product.viewed"]}`, "body.url"},
		{"no URL", `{"topics":["product.viewed"]}`, "body.url"},
		{"no channel", `{"kind":"slack","topics":["product.viewed"]}`, "body.channel"},
		{"a channel for a webhook", `{"url":"https://receiver.example/","channel":{"id":"C012"},"topics":["product.viewed"]}`, "body.channel"},
		{"no Slack", `{"kind":"slack","channel":{"id":"C012"},"topics":["product.viewed"]}`, "body.channel"},
		{"unknown topic", `{"url":"https://receiver.example/","topics":["product.vieved"]}`, "body.topics[0]"},
		{"no topics", `{"url":"https://receiver.example/","topics":[]}`, "body.topics"},
		{"topic is a number", `{"url":"https://receiver.example/","topics":["product.viewed",7]}`, "body.topics[1]"},
		{"unknown member", with(`"disabledReason":"x"`), "body.disabledReason"},
		{"member in another case", with(`"Name":"x"`), "body.Name"},
		{"nested unknown member", with(`"retry":{"policy":"short","delay":1}`), "body.retry.delay"},
		{"unknown format", with(`"format":"xml"`), "body.format"},
		{"unknown retry policy", with(`"retry":{"policy":"never"}`), "body.retry.policy"},
		{"delays without custom", with(`"retry":{"policy":"short","delaysSeconds":[1]}`), "body.retry.delaysSeconds"},
		{"too long a timeout", with(`"timeoutSeconds":31`), "body.timeoutSeconds"},
		{"huge integer", with(`"maxInFlight":1e300`), "body.maxInFlight"},
		{"fraction for an integer", with(`"maxInFlight":1.5`), "body.maxInFlight"},
		{"negative rate", with(`"ratePerSecond":-1`), "body.ratePerSecond"},
		{"reserved header", with(`"headers":[{"name":"webhook-id","value":"x"}]`), "body.headers[0].name"},
		{"header with a line break", with(`"headers":[{"name":"X-A","value":"a\r\nX-B: b"}]`), "body.headers[0].value"},
		{"weak secret", with(`"secret":"short"`), "body.secret"},
		{"NUL in a name", with(`"name":"a\u0000b"`), "body"},
		{"unknown operator", with(`"payloadFilter":[{"path":"a","operator":"like","value":"x"}]`), "body.payloadFilter[0].operator"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.call(f.full, "POST", "/api/v1/endpoints", c.body).with(t).problem(422, c.place)
		})
	}
	f.refused(404, "body.projectId", f.full, "POST", "/endpoints", with(`"projectId":"`+f.theirs.ID.String()+`"`))
	f.refused(422, "body.projectId", f.instance, "POST", "/endpoints", with(`"ordered":false`))
	if got := f.ok(200, f.instance, "GET", "/endpoints", "").count("data"); got != 0 {
		t.Errorf("%d endpoints are stored", got)
	}
}

func TestAnErrorNeverRepeatsTheSecretThatWasSent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, body := range []string{
		`{"url":"https://receiver.example/","topics":["product.viewed"],"secret":["hunter2-hunter2-hunter2"]}`,
		`{"url":"https://receiver.example/","topics":["product.viewed"],"secret":"whsec_hunter2-hunter2-hunter2"}`,
		`{"url":"https://receiver.example/","topics":["product.viewed"],"bogus":"hunter2-hunter2-hunter2"}`,
	} {
		got := f.call(f.full, "POST", "/api/v1/endpoints", body)
		if got.status != 422 || strings.Contains(string(got.body), "hunter2") {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
}

func TestBadKeysAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, c := range []struct{ name, header string }{
		{"none", ""},
		{"empty", "Bearer "},
		{"other scheme", "Basic " + f.full},
		{"unknown", "Bearer bwsk_unknown"},
		{"cut short", "Bearer " + f.full[:20]},
		{"huge", "Bearer " + strings.Repeat("x", 2000)},
	} {
		got := f.call("", "GET", "/api/v1/endpoints", "", "Authorization", c.header)
		got.problem(401, "")
		if got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: no challenge", c.name)
		}
	}
	f.refused(401, "", "", "GET", "/endpoints?access_token="+f.full, "")
}

func TestAKeyRevokedHereStopsAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, path := range []string{"/keys?id=", "/keys/"} {
		made := f.ok(201, f.full, "POST", "/keys", `{"scopes":["read"]}`)
		f.ok(200, made.text("secret"), "GET", "/topics", "")
		f.ok(204, f.full, "DELETE", path+made.text("id"), "")
		f.refused(401, "", made.text("secret"), "GET", "/topics", "")
		f.ok(200, f.full, "GET", "/topics", "")
	}
	f.refused(404, "query.id", f.full, "DELETE", "/keys?id=x", "")
	f.refused(404, "path.id", f.full, "DELETE", "/keys/x", "")
}

func TestAKeyRevokedElsewhereStopsWithinASecond(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made := f.ok(201, f.instance, "POST", "/keys", `{"projectId":"ext:acme/1","name":"ci","scopes":["publish"]}`)
	key := made.text("secret")
	f.ok(202, key, "POST", "/events", viewed)
	id, err := webhook.ParseUUID(made.text("id"))
	f.must(err)
	f.must(manage.New(f.manage.Options).RevokeKey(t.Context(), system, webhook.KeyID{UUID: id})) // as another node does
	f.clock.forward(time.Second)
	f.refused(401, "", key, "POST", "/events", viewed)
	if got := f.events(); got != 1 {
		t.Errorf("%d events are stored", got)
	}
}

func TestBodiesMustBeJSONAndSaySo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, path := range []string{"/events", "/events/batch", "/endpoints"} {
		for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16"} {
			f.refused(415, "header.Content-Type", f.full, "POST", path, viewed, "Content-Type", kind)
		}
		f.refused(415, "header.Content-Encoding", f.full, "POST", path, viewed, "Content-Encoding", "gzip")
	}
	f.ok(202, f.full, "POST", "/events", viewed, "Content-Type", "application/json; charset=UTF-8")
	f.refused(400, "", f.full, "POST", "/endpoints", "")
	f.refused(422, "body.topic", f.full, "POST", "/events", "")
	if got := f.events(); got != 1 {
		t.Errorf("%d events are stored", got)
	}
}

func TestOddAddressesAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, c := range []struct {
		path   string
		status int
		place  string
	}{
		{"/endpoints?limit=0", 422, "query.limit"},
		{"/endpoints?limit=-1", 422, "query.limit"},
		{"/endpoints?limit=201", 422, "query.limit"},
		{"/endpoints?limit=x", 422, "query.limit"},
		{"/endpoints?limit=99999999999999999999", 422, "query.limit"},
		{"/endpoints?sort=name", 422, "query.sort"},
		{"/endpoints?q=%00", 400, "query"},
		{"/endpoints?q=%ff", 400, "query"},
		{"/endpoints?q=%zz", 400, "query"},
		{"/endpoints/%00", 400, "path"},
		{"/deliveries?state=lost", 422, "query.state"},
		{"/deliveries?eventId=1%20OR%201=1", 422, "query.eventId"},
		{"/deliveries?since=yesterday", 422, "query.since"},
		{"/deliveries?since=0001-01-02T00:00:00Z", 422, "query.since"},
		{"/deliveries?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", 422, "query.until"},
		{"/deliveries?cursor=forged", 422, "query.cursor"},
		{"/events?cursor=%27%20OR%201=1--", 422, "query.cursor"},
		{"/stats?step=1", 422, "query.step"},
		{"/stats?step=soon", 422, "query.step"},
		{"/stats?since=1980-01-01T00:00:00Z&step=60", 422, "query.step"},
		{"/endpoints?projectId=" + f.theirs.ID.String(), 404, "query.projectId"},
		{"/endpoints?projectId=nonsense", 422, "query.projectId"},
		{"/endpoints/nonsense", 404, "path.id"},
		{"/endpoints/" + strings.Repeat("9", 10_000), 422, "path.id"},
		{"/endpoints/..%2f..%2fkeys", 404, ""},
		{"/deliveries/' OR 1=1--", 404, "path.id"},
		{"/topics/product.vieved", 404, ""},
		{"/projects/ext:nobody", 404, ""},
		{"/events/" + f.ours.ID.String(), 404, ""},
	} {
		f.refused(c.status, c.place, f.full, "GET", strings.ReplaceAll(c.path, " ", "%20"), "")
	}
}

func TestErrorsOfTheRouterAreProblemsToo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.refused(404, "", f.full, "GET", "/nothing", "")
	f.refused(404, "", f.full, "GET", "/endpoints/", "")
	f.refused(405, "", f.full, "PUT", "/endpoints", "")
	got := f.call(f.full, "TRACE", "/api/v1/events", "")
	got.problem(405, "")
	if allow := got.header.Get("Allow"); !strings.Contains(allow, "POST") || !strings.Contains(allow, "GET") {
		t.Errorf("Allow is %q", allow)
	}
	f.refused(405, "", f.full, "GET", "/events/x/expunge", "", "X-HTTP-Method-Override", "POST")
}

// TestATooLargeBodyIsAnsweredToClientsThatWriteFirst goes over a socket, by a
// client that writes its whole request before it reads: a server that stops
// reading would break its connection.
func TestATooLargeBodyIsAnsweredToClientsThatWriteFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	web := httptest.NewServer(f.handler)
	defer web.Close()
	for _, c := range []struct {
		name, path string
		size       int
		chunked    bool
		want       string
	}{
		{"2 MB with a length", "/events", 2 << 20, false, "HTTP/1.1 413"},
		{"2 MB in chunks", "/events", 2 << 20, true, "HTTP/1.1 413"},
		{"12 MB", "/endpoints", 12 << 20, false, "HTTP/1.1 413"},
		{"17 MB batch", "/events/batch", 17 << 20, false, "HTTP/1.1 413"},
		{"2 MB batch of nothing", "/events/batch", 2 << 20, false, "HTTP/1.1 400"},
	} {
		conn, err := net.Dial("tcp", web.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		head := fmt.Sprintf("POST /api/v1%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n", c.path, f.full)
		blanks := strings.Repeat(" ", c.size)
		if c.chunked {
			_, err = fmt.Fprintf(conn, "%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, c.size, blanks)
		} else {
			_, err = fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n%s", head, c.size, blanks)
		}
		if err != nil {
			t.Errorf("%s: the connection broke while writing: %v", c.name, err)
		}
		answer, err := io.ReadAll(conn)
		conn.Close()
		if err != nil || !strings.HasPrefix(string(answer), c.want) || !strings.Contains(string(answer), "application/problem+json") {
			t.Errorf("%s: %v %s", c.name, err, answer)
		}
	}
	if got := f.events(); got != 0 {
		t.Errorf("%d events are stored", got)
	}
}

func TestABodyThatBreaksOffStoresNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	web := httptest.NewServer(f.handler)
	defer web.Close()
	conn, err := net.Dial("tcp", web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		f.full, len(viewed)+1, viewed)
	conn.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(conn)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 400") {
		t.Errorf("got %q", answer)
	}
	if got := f.events(); got != 0 {
		t.Errorf("%d events are stored", got)
	}
}
