package manage_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// delivered puts an event and its delivery, with one attempt, into the log.
func (b *bench) delivered(e manage.CreatedEndpoint, state webhook.State) webhook.DeliveryRow {
	event := webhook.Event{
		ID: webhook.EventID{UUID: webhook.UUID{1}}, ProjectID: b.project.ID, Topic: "product.price_changed",
		Data: []byte(`{"productId":"p"}`), OccurredAt: start, AcceptedAt: start, Search: []string{"p"},
	}
	row := webhook.DeliveryRow{
		Delivery: webhook.Delivery{
			ID: webhook.DeliveryID{UUID: webhook.UUID{2}}, ProjectID: b.project.ID, EventID: event.ID, EndpointID: e.ID,
			Topic: event.Topic, State: state, Seq: 9,
		},
		EndpointURL: e.URL,
	}
	b.db.events[event.ID], b.db.deliveries[row.ID] = event, row
	b.db.attempts[row.ID] = []webhook.Attempt{{
		Number: 1, EndpointVersion: 1, SecretID: b.db.secrets[e.ID][0].ID,
		Request: webhook.Request{URL: e.URL, Headers: []webhook.HeaderLine{{Name: "Webhook-Id", Value: "1"}, {Name: "X-Own", Value: "token"}}},
		Response: webhook.Response{
			Status: 500, Body: []byte("oops"), Headers: []webhook.HeaderLine{{Name: "Set-Cookie", Value: "s"}, {Name: "Server", Value: "x"}},
		},
	}}
	return row
}

func TestADeliveryShowsTheBodyThatWasSent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	row := b.delivered(b.endpoint(), webhook.Exhausted)
	d := must[manage.DeliveryDetail](t)(b.Delivery(t.Context(), b.developer(), row.ID, ""))
	want := `{"eventId":"` + row.EventID.String() + `","eventType":"product.price_changed","timestamp":"2026-01-24T10:30:00.000Z","productId":"p"}`
	if got := string(d.Attempts[0].Request.Body); got != want || d.Attempts[0].BodyNote != "" || d.Hidden {
		t.Errorf("body %s (%s)", got, d.Attempts[0].BodyNote)
	}
	if d.Attempts[0].Request.Headers[1].Value != "token" || d.EndpointURL != "https://example.com/hook?token=t" {
		t.Errorf("a developer sees %+v", d.Attempts[0].Request)
	}
}

func TestABodyIsRebuiltFromTheVersionAndSecretOfItsAttempt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.developer()
	e := b.endpoint("product.viewed")
	row := b.delivered(e, webhook.Exhausted)
	body := func() (string, string) {
		d := must[manage.DeliveryDetail](t)(b.Delivery(t.Context(), c, row.ID, ""))
		return string(d.Attempts[0].Request.Body), d.Attempts[0].BodyNote
	}
	before, note := body()
	if !strings.Contains(before, `"signature":"sha256=`) || note != "" {
		t.Fatalf("body %s (%s)", before, note)
	}
	format := webhook.FormatPlain
	if _, _, err := b.UpdateEndpoint(t.Context(), c, e.ID, manage.EndpointPatch{Format: &format}); err != nil {
		t.Fatal(err)
	}
	if after, _ := body(); after != before {
		t.Errorf("another format now changes what was sent: %s", after)
	}
	must[manage.ReplacedSecret](t)(b.ReplaceCompromised(t.Context(), c, e.ID))
	if after, note := body(); after == before || !strings.Contains(note, "wiped") {
		t.Errorf("a wiped secret: %s (%s)", after, note)
	}
	b.db.attempts[row.ID][0].EndpointVersion = 99
	if after, note := body(); after != "" || note == "" {
		t.Errorf("a lost version: %s (%s)", after, note)
	}
}

func TestPayloadsShowByRoleAndLeaveTraces(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		caller         func(*bench) account.Caller
		reason         string
		hidden, needed bool
		traces         int
	}{
		"a viewer":              {func(b *bench) account.Caller { return b.person(account.Member, account.Viewer) }, "", false, false, 0},
		"a key":                 {func(b *bench) account.Caller { return b.narrow(account.ScopeRead) }, "", false, false, 0},
		"an admin":              {func(b *bench) account.Caller { return b.person(account.Admin, "") }, "", false, false, 2},
		"support":               {func(b *bench) account.Caller { return b.person(account.Support, "") }, " ", true, true, 0},
		"support with a reason": {func(b *bench) account.Caller { return b.person(account.Support, "") }, "ticket 7", false, false, 2},
	}
	for name, test := range tests {
		b := newBench(t)
		row := b.delivered(b.endpoint(), webhook.Exhausted)
		c := test.caller(b)
		before := len(b.db.audit)
		d := must[manage.DeliveryDetail](t)(b.Delivery(t.Context(), c, row.ID, test.reason))
		ev := must[manage.EventDetail](t)(b.Event(t.Context(), c, webhook.ProjectID{}, row.EventID, test.reason))
		if d.Hidden != test.hidden || d.NeedsReason != test.needed || ev.Hidden != test.hidden || ev.NeedsReason != test.needed {
			t.Errorf("%s: delivery %v %v, event %v %v", name, d.Hidden, d.NeedsReason, ev.Hidden, ev.NeedsReason)
		}
		for what, data := range map[string][]byte{
			"event": d.Event.Data, "request": d.Attempts[0].Request.Body, "response": d.Attempts[0].Response.Body, "event's page": ev.Data,
		} {
			if (data == nil) != test.hidden {
				t.Errorf("%s: the %s is %q", name, what, data)
			}
		}
		if (ev.Search == nil) != test.hidden {
			t.Errorf("%s: search values %v", name, ev.Search)
		}
		traces := b.db.audit[before:]
		if len(traces) != test.traces {
			t.Errorf("%s: traces %+v", name, traces)
		}
		for i, trace := range traces {
			detail := []string{strings.TrimSpace(test.reason + "\nwith the bodies of delivery " + row.ID.String()), test.reason}[i]
			if trace.Action != "payload.viewed" || trace.Object != row.EventID.String() || trace.Detail != detail {
				t.Errorf("%s: trace %+v", name, trace)
			}
		}
	}
}

func TestViewersSeeAttemptsWithoutTokens(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	row := b.delivered(b.endpoint(), webhook.Exhausted)
	c := b.person(account.Member, account.Viewer)
	d := must[manage.DeliveryDetail](t)(b.Delivery(t.Context(), c, row.ID, ""))
	a := d.Attempts[0]
	got := []string{d.EndpointURL, a.Request.URL, a.Request.Headers[0].Value, a.Request.Headers[1].Value, a.Response.Headers[0].Value, a.Response.Headers[1].Value}
	if want := []string{"https://example.com/…", "https://example.com/…", "1", "****", "****", "x"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	page := must[webhook.Page[webhook.DeliveryRow]](t)(b.Deliveries(t.Context(), c, webhook.DeliveryFilter{ProjectID: b.project.ID}))
	if page.Items[0].EndpointURL != "https://example.com/…" {
		t.Errorf("the list shows %s", page.Items[0].EndpointURL)
	}
	listed := must[webhook.Page[manage.ListedDelivery]](t)(b.DeliveryLog(t.Context(), c, webhook.DeliveryFilter{ProjectID: b.project.ID})).Items[0]
	a.Attempt = listed.Attempts[0]
	got = []string{listed.EndpointURL, a.Request.URL, a.Request.Headers[0].Value, a.Request.Headers[1].Value, a.Response.Headers[0].Value}
	if want := []string{"https://example.com/…", "https://example.com/…", "1", "****", "****"}; !slices.Equal(got, want) || a.Response.Body != nil {
		t.Errorf("the list with attempts shows %q and the body %q, want %q", got, a.Response.Body, want)
	}
	open := must[webhook.Page[manage.ListedDelivery]](t)(b.DeliveryLog(t.Context(), b.narrow(account.ScopeRead), webhook.DeliveryFilter{})).Items[0]
	if got := open.Attempts[0].Request.URL; got != "https://example.com/hook?token=t" {
		t.Errorf("the list shows a key %s", got)
	}
	_, err := b.Deliveries(t.Context(), c, webhook.DeliveryFilter{ProjectID: b.project.ID, State: "lost"})
	wantPlaces(t, "an unknown state", err, "state")
}

func TestResendIsANewDeliveryThatSaysWhoAsked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint()
	row := b.delivered(e, webhook.Delivered)
	c := b.narrow(account.ScopeManage)
	again := must[webhook.DeliveryRow](t)(b.Resend(t.Context(), c, row.ID))
	stored := b.db.deliveries[again.ID]
	if stored.ResendOf != row.ID || stored.RequestedBy != c.Actor || stored.State != webhook.Waiting || stored.EventID != row.EventID || stored.Seq != 9 || stored.EndpointVersion != 1 {
		t.Errorf("%+v", stored.Delivery)
	}
	if b.woken != 1 || b.actions()[1] != "delivery.resent" {
		t.Errorf("woken %d, audit %v", b.woken, b.actions())
	}
}

func TestResendIsRefusedInWords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		state  webhook.State
		spoil  func(*bench, webhook.DeliveryRow)
		saying string
	}{
		"waiting": {webhook.Waiting, func(*bench, webhook.DeliveryRow) {}, "waiting"},
		"sending": {webhook.Sending, func(*bench, webhook.DeliveryRow) {}, "sending"},
		"deleted": {webhook.Exhausted, func(b *bench, r webhook.DeliveryRow) {
			_ = b.DeleteEndpoint(b.t.Context(), b.developer(), r.EndpointID)
		}, "deleted"},
		"expunged": {webhook.Exhausted, func(b *bench, r webhook.DeliveryRow) { _ = b.Expunge(b.t.Context(), b.narrow("manage"), r.EventID) }, "payload is gone"},
	} {
		b := newBench(t)
		row := b.delivered(b.endpoint(), test.state)
		test.spoil(b, row)
		_, err := b.Resend(t.Context(), b.developer(), row.ID)
		wantKind(t, name, err, webhook.KindConflict)
		if err != nil && !strings.Contains(err.Error(), test.saying) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestResendOfManyAnswersEachAndLocksInOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint()
	one := func(n byte, state webhook.State, gone bool) webhook.DeliveryRow {
		row := b.delivered(e, state)
		row.ID, row.EndpointGone = webhook.DeliveryID{UUID: webhook.UUID{3, n}}, gone
		b.db.deliveries[row.ID] = row
		return row
	}
	first, second := one(1, webhook.Exhausted, false), one(2, webhook.Delivered, false)
	waits, deleted := one(3, webhook.Waiting, false), one(4, webhook.Exhausted, true)
	c := b.narrow(account.ScopeManage)
	none := webhook.DeliveryID{UUID: mint.UUID(time.Now())}
	ids := []webhook.DeliveryID{deleted.ID, second.ID, waits.ID, first.ID, none, second.ID}
	got := must[[]manage.Resent](t)(b.ResendMany(t.Context(), c, webhook.ProjectID{}, ids))
	var words []string
	for i, r := range got {
		if r.Of != ids[i] {
			t.Errorf("answer %d is of %s", i, r.Of)
		}
		if r.Refused != nil {
			words = append(words, r.Refused.Error())
			continue
		}
		words = append(words, string(r.Delivery.State))
		if r.Delivery.ResendOf != ids[i] || r.Delivery.RequestedBy != c.Actor {
			t.Errorf("answer %d: %+v", i, r.Delivery.Delivery)
		}
	}
	if want := []string{"the endpoint is deleted", "waiting", "the delivery has not ended: it is waiting", "waiting", "there is no such delivery"}; !slices.Equal(words, want) {
		t.Errorf("got %q, want %q", words, want)
	}
	if !slices.IsSortedFunc(b.db.again, func(a, b webhook.DeliveryID) int { return bytes.Compare(a.UUID[:], b.UUID[:]) }) {
		t.Error("rows are locked in another order than by id")
	}
	if b.woken != 1 {
		t.Errorf("woken %d times", b.woken)
	}
	_, err := b.ResendMany(t.Context(), b.narrow(account.ScopeRead), webhook.ProjectID{}, ids)
	wantKind(t, "a key that reads", err, webhook.KindForbidden)
	_, err = b.ResendMany(t.Context(), c, webhook.ProjectID{}, []webhook.DeliveryID{none})
	wantKind(t, "none that is there", err, webhook.KindNotFound)
	_, err = b.ResendMany(t.Context(), c, webhook.ProjectID{}, nil)
	wantPlaces(t, "nothing", err, "ids")
}

func TestWaitingDeliveriesCanBeSentNowOrCancelled(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	row := b.delivered(b.endpoint(), webhook.Waiting)
	c := b.developer()
	must[webhook.DeliveryRow](t)(b.SendNow(t.Context(), c, row.ID))
	if b.woken != 1 {
		t.Errorf("woken %d", b.woken)
	}
	done := must[webhook.DeliveryRow](t)(b.CancelDelivery(t.Context(), c, row.ID))
	if done.State != webhook.Cancelled || done.Reason != "cancelled by "+c.Actor.Name {
		t.Errorf("%+v", done.Delivery)
	}
	_, err := b.SendNow(t.Context(), c, row.ID)
	wantKind(t, "sending a cancelled one", err, webhook.KindConflict)
	_, err = b.CancelDelivery(t.Context(), c, row.ID)
	wantKind(t, "cancelling it again", err, webhook.KindConflict)
	_, err = b.CancelDelivery(t.Context(), b.person(account.Support, ""), row.ID)
	wantKind(t, "support cancels", err, webhook.KindForbidden)
}

func TestAnEventSaysWhoGotItAndWhy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint()
	row := b.delivered(e, webhook.Delivered)
	d := must[manage.EventDetail](t)(b.Event(t.Context(), b.developer(), b.project.ID, row.EventID, ""))
	if len(d.Matches) != 1 || !d.Matches[0].Matched || d.Matches[0].Endpoint.ID != e.ID || len(d.Deliveries) != 1 {
		t.Errorf("%+v", d)
	}
	_, err := b.Event(t.Context(), b.wide(account.ScopeRead), b.other.ID, row.EventID, "")
	wantKind(t, "seen from another project", err, webhook.KindNotFound)
}

func TestWhereThePayloadIsHiddenSoIsWhatWasFoundInIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint()
	rows := webhook.PayloadFilter{Rows: []webhook.PayloadRow{{Path: "productId", Operator: webhook.OpEquals, Value: "q"}}}
	if _, _, err := b.UpdateEndpoint(t.Context(), b.developer(), e.ID, manage.EndpointPatch{Payload: &rows}); err != nil {
		t.Fatal(err)
	}
	row := b.delivered(e, webhook.Delivered)
	for reason, want := range map[string]string{"": "", "ticket 7": `productId is "p"`} {
		d := must[manage.EventDetail](t)(b.Event(t.Context(), b.person(account.Support, ""), webhook.ProjectID{}, row.EventID, reason))
		lines := d.Matches[0].Lines
		if d.Matches[0].Matched || len(lines) != 2 || lines[1].Why != want || lines[0].Why == "" {
			t.Errorf("%q: %+v", reason, lines)
		}
	}
}

func TestAnEventForAllIsSeenFromAProject(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	row := b.delivered(b.endpoint(), webhook.Delivered)
	ev := b.db.events[row.EventID]
	ev.ProjectID, ev.Audience = webhook.ProjectID{}, webhook.AudienceAll
	b.db.events[ev.ID] = ev
	for name, c := range map[string]account.Caller{"its own key": b.narrow(account.ScopeRead), "the platform's": b.wide(account.ScopeRead)} {
		d := must[manage.EventDetail](t)(b.Event(t.Context(), c, webhook.ProjectID{}, ev.ID, ""))
		if f := lastOf[webhook.DeliveryFilter](b.db.filters); f.ProjectID != c.OwnProject() || d.Data == nil {
			t.Errorf("%s looks from %v", name, f.ProjectID)
		}
	}
	_, err := b.Event(t.Context(), b.developer(), webhook.ProjectID{}, ev.ID, "")
	wantKind(t, "a person who says no project", err, webhook.KindNotFound)
	must[manage.EventDetail](t)(b.Event(t.Context(), b.developer(), b.project.ID, ev.ID, ""))
	if err := b.Expunge(t.Context(), b.narrow(account.ScopeManage), ev.ID); webhook.KindOf(err) != webhook.KindForbidden {
		t.Errorf("one project expunges everybody's payload: %v", err)
	}
	if err := b.Expunge(t.Context(), b.wide(account.ScopeManage), ev.ID); err != nil || b.db.events[ev.ID].Data != nil {
		t.Errorf("the platform expunges: %v", err)
	}
}

func TestEventListsHideSearchValuesFromSupport(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.delivered(b.endpoint(), webhook.Delivered)
	for role, want := range map[account.Role]int{account.Support: 0, account.Member: 1} {
		c := b.person(role, account.Viewer)
		if role == account.Support {
			c.Projects = nil
		}
		page := must[webhook.Page[webhook.Event]](t)(b.Events(t.Context(), c, webhook.EventFilter{ProjectID: b.project.ID}))
		if len(page.Items[0].Search) != want {
			t.Errorf("%s sees %v", role, page.Items[0].Search)
		}
		id := page.Items[0].ID
		if values := must[map[webhook.EventID][]string](t)(b.SearchValues(t.Context(), c, b.project.ID, []webhook.EventID{id})); len(values[id]) != want {
			t.Errorf("%s finds it by %v", role, values)
		}
	}
}

func TestAShortenedIDIsFoundByThoseWhoSeeTheProject(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	event := b.delivered(b.endpoint(), webhook.Delivered).EventID
	text := event.String()
	short, _ := webhook.ParseShortID(text[:8] + "…" + text[30:])
	if found := must[webhook.Shortened](t)(b.FindShort(t.Context(), b.narrow(account.ScopeRead), b.project.ID, short)); found.Event != event {
		t.Errorf("found %+v", found)
	}
	if _, err := b.FindShort(t.Context(), account.ForUser(account.User{Role: account.Member}, nil, true, ""), b.project.ID, short); err == nil {
		t.Error("a stranger finds it")
	}
}

func TestStatisticsCoverTheLastDayUnlessAsked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint()
	c := b.narrow(account.ScopeRead)
	s := must[manage.Stats](t)(b.Stats(t.Context(), c, webhook.StatsFilter{EndpointID: e.ID}))
	rate, any := s.SuccessRate()
	if s.Delivered != 9 || s.Failed != 1 || rate != 0.9 || !any || s.States[webhook.Waiting] != 2 {
		t.Errorf("%+v, %v", s, rate)
	}
	if _, any := (manage.Stats{}).SuccessRate(); any {
		t.Error("no attempts have a rate")
	}
	f := b.db.filters[len(b.db.filters)-1].(webhook.StatsFilter)
	if f.ProjectID != b.project.ID || f.Until.Sub(f.Since) != 24*time.Hour || f.Step != 30*time.Minute {
		t.Errorf("asked with %+v", f)
	}
	for place, f := range map[string]webhook.StatsFilter{
		"since": {Since: start, Until: start},
		"step":  {Step: time.Second},
	} {
		_, err := b.Stats(t.Context(), c, f)
		wantPlaces(t, place, err, place)
	}
	_, err := b.Stats(t.Context(), c, webhook.StatsFilter{Since: start.AddDate(-1, 0, 0), Step: time.Minute})
	wantPlaces(t, "half a million steps", err, "step")
	_, err = b.Stats(t.Context(), b.wide(account.ScopeRead), webhook.StatsFilter{ProjectID: b.other.ID, EndpointID: e.ID})
	wantKind(t, "another project's endpoint", err, webhook.KindNotFound)
	_, err = b.StatsByEndpoint(t.Context(), c, webhook.StatsFilter{}, nil)
	if err != nil {
		t.Error(err)
	}
}

func TestHowEndpointsStandIsForThoseWhoSeeThem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint()
	viewer := b.person(account.Member, account.Viewer)
	list := must[[]webhook.Standing](t)(b.Standings(t.Context(), viewer, b.project.ID, start))
	if len(list) != 1 || list[0].URL != manage.MaskURL(e.URL) || list[0].Failed != 2 {
		t.Errorf("a viewer sees %+v", list)
	}
	list = must[[]webhook.Standing](t)(b.Standings(t.Context(), b.person(account.Member, account.Developer), b.project.ID, start))
	if list[0].URL != e.URL {
		t.Errorf("a developer sees %s", list[0].URL)
	}
	waits := must[map[webhook.EndpointID]webhook.Backlog](t)(b.Backlogs(t.Context(), viewer, b.project.ID, []webhook.EndpointID{e.ID}))
	if waits[e.ID].Waiting != 1000 {
		t.Errorf("counted up to %d", waits[e.ID].Waiting)
	}
	_, err := b.Standings(t.Context(), viewer, b.other.ID, start)
	wantKind(t, "another project's endpoints", err, webhook.KindNotFound)
	_, err = b.Backlogs(t.Context(), viewer, b.other.ID, nil)
	wantKind(t, "another project's backlog", err, webhook.KindNotFound)
	if sums := must[map[webhook.ProjectID]webhook.Tally](t)(b.Tallies(t.Context(), viewer, []webhook.ProjectID{b.project.ID}, 3)); sums[b.project.ID].Endpoints != 3 {
		t.Errorf("a viewer's own project: %+v", sums)
	}
	_, err = b.Tallies(t.Context(), viewer, []webhook.ProjectID{b.project.ID, b.other.ID}, 3)
	wantKind(t, "another project's sums", err, webhook.KindNotFound)
}

func TestListsAreOfOneProjectUnlessTheCallerSeesAll(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	lists := map[string]func(account.Caller) error{
		"endpoints": func(c account.Caller) error {
			_, err := b.Endpoints(t.Context(), c, manage.EndpointFilter{})
			return err
		},
		"deliveries": func(c account.Caller) error {
			_, err := b.Deliveries(t.Context(), c, webhook.DeliveryFilter{})
			return err
		},
		"events": func(c account.Caller) error { _, err := b.Events(t.Context(), c, webhook.EventFilter{}); return err },
		"audit":  func(c account.Caller) error { _, err := b.Audit(t.Context(), c, webhook.AuditFilter{}); return err },
	}
	for name, list := range lists {
		wantPlaces(t, name+" of a person", list(b.developer()), "projectId")
		for who, c := range map[string]account.Caller{"an admin": b.person(account.Admin, ""), "a project key": b.narrow(account.ScopeManage)} {
			if err := list(c); err != nil {
				t.Errorf("%s of %s: %v", name, who, err)
			}
		}
	}
}

// lastOf is the last filter of a kind that a list was asked with.
func lastOf[F any](filters []any) (last F) {
	for _, f := range filters {
		if of, ok := f.(F); ok {
			last = of
		}
	}
	return last
}

func TestAnEventNamesTheEndpointsThatCameLater(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	row := b.delivered(b.endpoint(), webhook.Delivered)
	later := b.endpoint()
	e := b.db.endpoints[later.ID]
	e.CreatedAt = b.db.events[row.EventID].AcceptedAt.Add(time.Second)
	b.db.endpoints[later.ID] = e
	d := must[manage.EventDetail](t)(b.Event(t.Context(), b.developer(), b.project.ID, row.EventID, ""))
	if len(d.Later) != 1 || d.Later[0].ID != later.ID {
		t.Errorf("later are %+v", d.Later)
	}
}
