package web_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/web"
	"github.com/bellwire/bellwire/internal/webhook"
)

// hurried is a pace at which tests don't wait.
var hurried = web.Pace{Look: 10 * time.Millisecond, Check: 40 * time.Millisecond, Beat: time.Hour, Life: time.Minute, Write: 10 * time.Second}

// event is one server-sent event; a comment has the name ":".
type event struct{ name, data string }

// watching is an open stream.
type watching struct {
	t      *testing.T
	status int
	header http.Header
	events chan event // closed with the stream
	close  context.CancelFunc
}

// watch opens a stream over a real connection.
func (b *browser) watch(server *httptest.Server, path string) *watching {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for name, value := range b.cookies {
		request.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	w := &watching{t: b.t, status: response.StatusCode, header: response.Header, events: make(chan event, 1000), close: cancel}
	go w.read(response)
	b.t.Cleanup(cancel)
	return w
}

func (w *watching) read(response *http.Response) {
	defer close(w.events)
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	var now event
	var data []string
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case lines.Text() == ":":
			w.events <- event{":", ""}
		case name == "event":
			now.name = value
		case name == "data":
			data = append(data, value)
		case lines.Text() == "" && now.name != "":
			now.data = strings.Join(data, "\n")
			w.events <- now
			now, data = event{}, nil
		}
	}
}

// next is the next event, which must have the name.
func (w *watching) next(name string) string {
	w.t.Helper()
	select {
	case e, open := <-w.events:
		if !open || e.name != name {
			w.t.Fatalf("got %q (open: %t) with %.300q, want %s", e.name, open, e.data, name)
		}
		return e.data
	case <-time.After(10 * time.Second):
		w.t.Fatalf("no %s came", name)
	}
	return ""
}

// ends waits for the stream's end and answers how long that took.
func (w *watching) ends() time.Duration {
	w.t.Helper()
	began := time.Now()
	for {
		select {
		case _, open := <-w.events:
			if !open {
				return time.Since(began)
			}
		case <-time.After(10 * time.Second):
			w.t.Fatal("the stream goes on")
		}
	}
}

func (f *fixture) live() *httptest.Server {
	f.t.Helper()
	f.web.SetPace(hurried)
	server := httptest.NewServer(f.handler)
	f.t.Cleanup(func() { f.web.EndStreams(); server.Close() })
	return server
}

func TestLive_list_sends_rows_as_they_come_and_change(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.delivery(f.ours)
	b := f.as(account.Developer)
	list := b.watch(f.live(), f.path("deliveries", "stream"))
	if kind := list.header.Get("Content-Type"); kind != "text/event-stream; charset=utf-8" || list.header.Get("X-Accel-Buffering") != "no" || list.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", list.header)
	}
	if row := list.next("rows"); strings.Count(row, "<tr") != 1 || !strings.Contains(row, `id="d-`+first.ID.String()+`"`) || !strings.Contains(row, "waiting") || !strings.Contains(row, "prod_1") || strings.Contains(row, "data-pick") {
		t.Errorf("at first: %s", row)
	}
	f.attempted(500)
	row := list.next("rows")
	if strings.Contains(row, "sending") { // looked at between the claim and the result
		row = list.next("rows")
	}
	if !strings.Contains(row, first.ID.String()) || !strings.Contains(row, "exhausted") || !strings.Contains(row, "prod_1") || !strings.Contains(row, "data-pick") {
		t.Errorf("after its end: %s", row)
	}
	f.viewed(f.ours)
	if row := list.next("rows"); strings.Contains(row, first.ID.String()) || strings.Count(row, "<tr") != 1 {
		t.Errorf("the new one: %s", row)
	}
	select {
	case e := <-list.events:
		t.Errorf("nothing has changed, and %q came", e)
	case <-time.After(100 * time.Millisecond):
	}
}

func TestLive_list_marks_what_no_longer_belongs_to_it(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	list := f.as(account.Viewer).watch(f.live(), f.path("deliveries", "stream")+"?state=waiting&hide=endpoint")
	if row := list.next("rows"); strings.Contains(row, "data-gone") || strings.Contains(row, ">orders<") || strings.Contains(row, "data-pick") {
		t.Errorf("waiting: %s", row)
	}
	f.attempted(200)
	row := list.next("rows")
	if strings.Contains(row, "sending") { // between the claim and the result
		row = list.next("rows")
	}
	if !strings.Contains(row, "data-gone") || !strings.Contains(row, d.ID.String()) || !strings.Contains(row, "delivered") {
		t.Errorf("delivered: %s", row)
	}
	f.viewed(f.ours)
	if row := list.next("rows"); strings.Contains(row, d.ID.String()) {
		t.Errorf("what has gone came again: %s", row)
	}
}

func TestLive_list_follows_rows_that_newer_ones_pushed_out(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	list := f.as(account.Developer).watch(f.live(), f.path("deliveries", "stream"))
	list.next("rows")
	for range 60 {
		f.viewed(f.ours)
	}
	seen, passed := map[string]bool{}, 0
	deadline := time.After(10 * time.Second)
	for len(seen) < 50 {
		select {
		case e := <-list.events:
			if e.name == "more" {
				passed++
			}
			for _, part := range strings.Split(e.data, `id="d-`)[1:] {
				seen[part[:36]] = true
			}
		case <-deadline:
			t.Fatalf("%d rows came", len(seen))
		}
	}
	if passed > 1 {
		t.Errorf("%d times rows were passed over", passed)
	}
	if _, err := f.manage.CancelDelivery(t.Context(), system, d.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool {
		e := <-list.events
		return strings.Contains(e.data, d.ID.String()) && strings.Contains(e.data, "cancelled")
	})
}

// eventually tries a few hundred times.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for range 300 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it never came to be")
}

func TestLive_list_ends_with_the_session(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	server := f.live()
	list := b.watch(server, f.path("deliveries", "stream"))
	b.post("/sign-out", nil).is(http.StatusSeeOther)
	if why := list.next("over"); why != "gone" {
		t.Errorf("over: %q", why)
	}
	list.ends()
	if again := b.watch(server, f.path("deliveries", "stream")); again.status != http.StatusSeeOther {
		t.Errorf("after that: %d", again.status)
	}
}

func TestLive_list_ends_when_the_member_is_removed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.delivery(f.ours)
	user := f.user("ada@example.com", account.Member, account.Developer)
	list := f.signIn("ada@example.com").watch(f.live(), f.path("deliveries", "stream"))
	list.next("rows")
	f.must(f.manage.RemoveMember(t.Context(), system, f.ours.ID, user.ID.String()))
	list.next("over")
	list.ends()
}

func TestLive_list_ends_when_the_project_is_deleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	list := f.as(account.Viewer).watch(f.live(), f.path("deliveries", "stream"))
	f.must(f.manage.DeleteProject(t.Context(), system, f.ours.ID))
	if why := list.next("over"); why != "gone" {
		t.Errorf("over: %q", why)
	}
	list.ends()
}

func TestLive_page_that_is_left_open_is_nothing_that_its_person_did(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b, server := f.as(account.Viewer), f.live()
	for range 40 {
		f.clock.forward(20 * time.Minute)
		again := b.watch(server, f.path("deliveries", "stream"))
		if again.close(); again.status == http.StatusSeeOther {
			return
		}
	}
	t.Error("a live page keeps its session for ever")
}

// narrow takes connections whose kernel keeps hardly anything for a reader.
type narrow struct{ net.Listener }

func (l narrow) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		err = tcp.SetWriteBuffer(4 << 10)
	}
	return conn, err
}

func TestLive_list_leaves_those_who_do_not_read_and_serves_the_rest(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.web.SetPace(web.Pace{Look: 10 * time.Millisecond, Check: time.Hour, Beat: time.Hour, Life: time.Hour, Write: 200 * time.Millisecond})
	server := httptest.NewUnstartedServer(f.handler)
	server.Listener = narrow{server.Listener}
	server.Start()
	t.Cleanup(func() { f.web.EndStreams(); server.Close() })
	b := f.as(account.Developer)
	f.delivery(f.ours)
	for range web.StreamsOfOne - 1 {
		b.ignores(server, f.path("deliveries", "stream"))
	}
	reader := b.watch(server, f.path("deliveries", "stream"))
	status := 0
	for range 100 { // until their places are given back
		for range 20 {
			f.viewed(f.ours)
		}
		for strings.Count((<-reader.events).data, "<tr") == 0 { // "more" has none
		}
		if status = b.watch(server, f.path("deliveries", "stream")).status; status == http.StatusOK {
			return
		}
	}
	t.Errorf("who does not read keeps a place: %d", status)
}

// ignores opens a stream and does not read of it.
func (b *browser) ignores(server *httptest.Server, path string) {
	b.t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = conn.Close() }) // ended already
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		b.t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodGet, server.URL+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for name, value := range b.cookies {
		request.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if err := request.Write(conn); err != nil {
		b.t.Fatal(err)
	}
}

func TestLive_list_ends_at_once_when_the_server_stops(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.web.SetPace(web.Pace{Look: time.Hour, Check: time.Hour, Beat: time.Hour, Life: time.Hour, Write: time.Minute})
	server := httptest.NewServer(f.handler)
	defer server.Close()
	b := f.as(account.Viewer)
	list := b.watch(server, f.path("deliveries", "stream"))
	f.web.EndStreams()
	if took := list.ends(); took > time.Second {
		t.Errorf("that took %s", took)
	}
}

func TestLive_list_gives_a_sign_of_life_and_ends_after_a_while(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	server := f.live()
	f.web.SetPace(web.Pace{Look: 5 * time.Millisecond, Check: time.Hour, Beat: 20 * time.Millisecond, Life: 2 * time.Second, Write: time.Second})
	list := f.as(account.Viewer).watch(server, f.path("deliveries", "stream"))
	list.next(":")
	list.ends()
}

func TestLive_lists_of_one_person_are_bounded_and_given_back(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b, server := f.as(account.Viewer), f.live()
	var open []*watching
	for range web.StreamsOfOne {
		one := b.watch(server, f.path("deliveries", "stream"))
		if one.status != http.StatusOK {
			t.Fatalf("one of %d is refused: %d", len(open), one.status)
		}
		open = append(open, one)
	}
	if more := b.watch(server, f.path("deliveries", "stream")); more.status != http.StatusTooManyRequests {
		t.Errorf("one more: %d", more.status)
	}
	open[0].close()
	eventually(t, func() bool {
		again := b.watch(server, f.path("deliveries", "stream"))
		defer again.close()
		return again.status == http.StatusOK
	})
}

func TestLive_list_of_a_filter_that_is_wrong_is_refused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Viewer)
	b.get(f.path("deliveries", "stream") + "?status=teapot").is(http.StatusUnprocessableEntity)
	b.get(f.path("deliveries") + "?live=off&state=failed").is(http.StatusOK).says("Paused · go live")
	if older := b.get(f.path("deliveries") + "?cursor=" + url.QueryEscape("aQAAAAAAAAAAAAAAAAAAAAA")); strings.Contains(string(older.body), "data-stream") {
		t.Error("an older page is live")
	}
}

func TestLive_delivery_sends_its_parts_until_it_has_ended(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	b := f.as(account.Developer)
	one := f.path("deliveries", d.ID.String())
	stream, found := b.get(one).is(http.StatusOK).doc().Find("[data-pursue]").Attr("data-pursue")
	if !found || !strings.HasPrefix(stream, one+"/stream?") {
		t.Fatalf("the page follows %q", stream)
	}
	page := b.watch(f.live(), stream)
	select {
	case e := <-page.events:
		t.Errorf("nothing has changed, and %q came", e)
	case <-time.After(80 * time.Millisecond):
	}
	f.attempted(500)
	parts := page.next("parts")
	if strings.Contains(parts, "Being sent") { // between the claim and the result
		parts = page.next("parts")
	}
	for _, want := range []string{`id="part-head"`, "Given up after 1 try. Your server answered 500.", one + "/resend", "What to try", "Attempt 1", "prod_1"} {
		if !strings.Contains(parts, want) {
			t.Errorf("the parts do not say %q", want)
		}
	}
	if why := page.next("over"); why != "ended" {
		t.Errorf("over: %q", why)
	}
	page.ends()
	if b.get(one).doc().Find("[data-pursue]").Length() != 0 {
		t.Error("an ended delivery is followed")
	}
}

func TestDelivery_gives_its_bodies_whole(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	f.attempted(500)
	b := f.as(account.Developer)
	one := f.path("deliveries", d.ID.String())
	sent := b.get(one + "/body?attempt=1&side=request").is(http.StatusOK)
	if !strings.Contains(string(sent.body), "prod_1") || sent.header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(sent.header.Get("Content-Disposition"), "attachment;") {
		t.Errorf("%v %s", sent.header, sent.body)
	}
	if got := b.get(one + "/body?attempt=1&side=response"); string(got.body) != "<script>alert(1)</script>" {
		t.Errorf("the answer is %q", got.body)
	}
	b.get(one + "/body?attempt=2").is(http.StatusNotFound)
	f.user("viewer@example.com", account.Member, account.Viewer)
	open := f.signIn("viewer@example.com").get(one)
	if body := f.signIn("viewer@example.com").get(one + "/body?attempt=1").status; (body == http.StatusOK) != strings.Contains(open.text(), "prod_1") {
		t.Errorf("a viewer's file: %d", body)
	}
}

func TestDeliveries_that_are_picked_are_sent_again(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	f.viewed(f.ours)
	f.attempted(500)
	f.viewed(f.ours)
	page, err := f.store.Deliveries(t.Context(), webhook.DeliveryFilter{ProjectID: f.ours.ID})
	f.must(err)
	b := f.as(account.Developer)
	list := b.get(f.path("deliveries") + "?topic=product.viewed").is(http.StatusOK)
	if n := list.doc().Find("[data-pick]").Length(); n != 2 || !list.offers(f.path("deliveries", "resend")) {
		t.Fatalf("%d rows can be picked", n)
	}
	back := f.path("deliveries") + "?topic=product.viewed"
	form := url.Values{"back": {back}}
	for _, row := range page.Items {
		form.Add("id", row.ID.String())
	}
	answer := b.follow(f.path("deliveries", "resend"), form)
	if answer.location != back {
		t.Errorf("leads to %q", answer.location)
	}
	answer.says("2 resent; 1 could not: the delivery has not ended: it is waiting.")
	one := url.Values{"id": {d.ID.String()}, "back": {"https://evil.example/"}}
	if got := b.follow(f.path("deliveries", "resend"), one).says("1 resent.", "Watch it go"); got.location != f.path("deliveries") {
		t.Errorf("leads to %q", got.location)
	}
	f.must(f.manage.DeleteEndpoint(t.Context(), system, d.EndpointID))
	b.follow(f.path("deliveries", "resend"), one).says("Nothing was resent: the endpoint is deleted.")
	b.follow(f.path("deliveries", "resend"), nil).says("Nothing was picked")
	b.post(f.path("deliveries", "resend"), url.Values{"id": {"x"}}).is(http.StatusUnprocessableEntity)
	f.user("viewer@example.com", account.Member, account.Viewer)
	viewer := f.signIn("viewer@example.com")
	if viewer.get(f.path("deliveries")).doc().Find("[data-pick], #resend").Length() != 0 {
		t.Error("a viewer can pick")
	}
	viewer.post(f.path("deliveries", "resend"), one).is(http.StatusForbidden)
}

func TestDeliveries_read_their_filter_out_and_let_each_part_go(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	f.attempted(500)
	b := f.as(account.Viewer)
	page := b.get(f.path("deliveries") + "?state=failed&topic=product.viewed&since=2026-01-24T10:30&until=2026-01-24T11:00&endpoint=" + d.EndpointID.String()).is(http.StatusOK)
	chips := map[string]string{}
	for _, chip := range page.doc().Find(".sentence a.chosen").EachIter() {
		chips[strings.TrimSpace(chip.Text())] = chip.AttrOr("href", "")
	}
	for words, lost := range map[string]string{"failed": "state", "product.viewed": "topic", "orders": "endpoint", "24 Jan 10:30 – 11:00 UTC": "since"} {
		u, err := url.Parse(chips[words])
		if err != nil || chips[words] == "" || u.Query().Has(lost) || len(u.Query()) < 3 {
			t.Errorf("%q leads to %q", words, chips[words])
		}
	}
	if u, _ := url.Parse(chips["24 Jan 10:30 – 11:00 UTC"]); u.Query().Has("until") {
		t.Error("half of the time stays")
	}
}

func TestDeliveries_histogram_counts_and_leads_to_its_time(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.delivery(f.ours)
	f.attempted(500)
	b := f.as(account.Viewer)
	page := b.get(f.path("deliveries")+"?state=exhausted&range=1h").is(http.StatusOK).says("All attempts, last hour", "0 attempts were delivered and 1 failed")
	bars := page.doc().Find("svg.brush a")
	if bars.Length() != 1 {
		t.Fatalf("%d columns lead on", bars.Length())
	}
	u, err := url.Parse(bars.AttrOr("href", ""))
	if err != nil || u.Query().Get("since") == "" || u.Query().Get("until") == "" || u.Query().Has("range") || u.Query().Get("state") != "exhausted" {
		t.Errorf("it leads to %s", u)
	}
	if n := b.get(u.RequestURI()).is(http.StatusOK).doc().Find("tbody tr").Length(); n != 1 {
		t.Errorf("%d rows in that time", n)
	}
}
