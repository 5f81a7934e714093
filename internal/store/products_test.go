package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/store/storetest"
	"github.com/bellwire/bellwire/internal/webhook"
)

// shop is a database with a project whose only endpoint takes everything of
// products, and what puts products there.
type shop struct {
	*storetest.Harness
	service *manage.Service
	caller  account.Caller
}

func newShop(t *testing.T, url string) *shop {
	t.Helper()
	h := storetest.NewHarness(t, url)
	publisher := publish.New(h.Store, nobody{}, publish.Options{})
	s := &shop{Harness: h, caller: account.ForSystem("test")}
	s.service = manage.New(manage.Options{Store: h.Store, Changer: publisher, Waker: nobody{}, Now: time.Now})
	if err := s.service.SeedTopics(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.Endpoint(func(e *webhook.Settings) { e.Topics = []string{"product.*"} })
	return s
}

// inShops runs a test on a shop of each database.
func inShops(t *testing.T, test func(t *testing.T, s *shop)) {
	for name, database := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newShop(t, database(t)))
		})
	}
}

func (s *shop) put(ctx context.Context, updates ...manage.ProductUpdate) ([]webhook.Receipt, error) {
	return s.service.PutProducts(ctx, s.caller, manage.Catalogue{ProjectID: s.Project}, updates, 0)
}

// said is what a client said in one request and what was published for it.
type said struct {
	updates  []manage.ProductUpdate
	receipts []webhook.Receipt
}

// randomUpdate spells prices and quantities from a few values in many ways.
func randomUpdate(r *rand.Rand) manage.ProductUpdate {
	var members []string
	add := func(odds int, name string, values ...string) {
		if r.IntN(odds) == 0 {
			members = append(members, fmt.Sprintf("%q:%s", name, values[r.IntN(len(values))]))
		}
	}
	add(2, "price", "1.10", `"1.1"`, "1.1e0", "110e-2", `"0.30"`, "0.3", "0.30000000000000004", `"99999999999999999999.99"`, "99999999999999999999.990", "null")
	add(2, "quantity", "0", `"0"`, "0.0", "5", `"5"`, "5e0", `"-1"`, "7", "null")
	add(4, "name", `"Shoe"`, `"Boot"`, `"\u0053hoe"`, "null")
	add(6, "currency", `"EUR"`, `"USD"`)
	add(6, "tags", `["a","b"]`, `[ "a", "b" ]`, `["b"]`, "null")
	return manage.ProductUpdate{ID: fmt.Sprintf("p%d", r.IntN(20)), Object: []byte("{" + strings.Join(members, ",") + "}")}
}

// speak sends random updates, now and then several at once, and notes them.
func (s *shop) speak(ctx context.Context, seed uint64, total int) (all []said, err error) {
	r := rand.New(rand.NewPCG(seed, 42))
	for left := total; left > 0; {
		one := said{updates: []manage.ProductUpdate{randomUpdate(r)}}
		for r.IntN(3) == 0 && len(one.updates) < min(left, 5) {
			one.updates = append(one.updates, randomUpdate(r))
		}
		left -= len(one.updates)
		if one.receipts, err = s.put(ctx, one.updates...); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// model is another telling of the rules, of exact fractions and plain texts.
type model map[string]string

// meaning is a value as the model compares it.
func meaning(t *testing.T, name string, value json.RawMessage) string {
	t.Helper()
	text := strings.Trim(string(value), `"`)
	if name != "price" && name != "quantity" {
		var any any
		if err := json.Unmarshal(value, &any); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(any)
	}
	fraction, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%s is no number", value)
	}
	return fraction.RatString()
}

// hear answers which topics follow, with old and new values where they tell
// them.
func (m model) hear(t *testing.T, object []byte, firstSight bool) (events []string) {
	t.Helper()
	var update map[string]json.RawMessage
	if err := json.Unmarshal(object, &update); err != nil {
		t.Fatal(err)
	}
	old := map[string]string{"price": m["price"], "quantity": m["quantity"]}
	var changed []string
	for name, value := range update {
		now := ""
		if string(value) != "null" {
			now = meaning(t, name, value)
		}
		if m[name] != now {
			changed = append(changed, name)
		}
		if m[name] = now; now == "" {
			delete(m, name)
		}
	}
	slices.Sort(changed)
	switch {
	case firstSight:
		return []string{"product.added"}
	case len(changed) == 0:
		return nil
	}
	if was, now := old["price"], m["price"]; was != "" && now != "" && was != now {
		events = append(events, "product.price_changed "+was+" "+now)
	}
	if was, now := old["quantity"], m["quantity"]; was != "" && now != "" && was != now {
		events = append(events, "product.inventory_changed "+was+" "+now)
		if was == "0" && now[0] != '-' {
			events = append(events, "product.back_in_stock "+now)
		}
	}
	return append(events, "product.updated "+strings.Join(changed, ","))
}

// told is an event in the model's words.
func told(t *testing.T, topic string, data []byte) string {
	t.Helper()
	var d map[string]json.RawMessage
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	part := func(name, as string) string { return meaning(t, as, d[name]) }
	switch topic {
	case "product.price_changed":
		return topic + " " + part("oldPrice", "price") + " " + part("newPrice", "price")
	case "product.inventory_changed":
		return topic + " " + part("oldQuantity", "quantity") + " " + part("newQuantity", "quantity")
	case "product.back_in_stock":
		return topic + " " + part("newQuantity", "quantity")
	case "product.updated":
		var changed []string
		if err := json.Unmarshal(d["changed"], &changed); err != nil {
			t.Fatal(err)
		}
		return topic + " " + strings.Join(changed, ",")
	}
	return topic
}

// stored is an event as the database has it.
type stored struct {
	id      webhook.EventID
	seq     int64
	product string
	words   string
}

func (s *shop) stored(t *testing.T) map[webhook.EventID]stored {
	t.Helper()
	all := map[webhook.EventID]stored{}
	for cursor := ""; ; {
		page, err := s.Store.Events(t.Context(), webhook.EventFilter{ProjectID: s.Project, Cursor: cursor, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Items {
			all[e.ID] = stored{id: e.ID, seq: e.Seq, product: e.Search[0]}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	for i, line := range s.Texts("SELECT %s FROM events ORDER BY id", s.eventText()) {
		head, data, _ := strings.Cut(line, "|")
		id, topic, _ := strings.Cut(head, " ")
		parsed, err := webhook.ParseUUID(fmt.Sprintf("%s-%s-%s-%s-%s", id[:8], id[8:12], id[12:16], id[16:20], id[20:]))
		if err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
		e := all[webhook.EventID{UUID: parsed}]
		e.words = told(t, topic, []byte(data))
		all[e.id] = e
	}
	return all
}

// eventText is id, topic and data in one text, in SQL.
func (s *shop) eventText() string {
	if s.Store.Dialect() == "postgres" {
		return "replace(id::text, '-', '') || ' ' || topic || '|' || convert_from(data, 'UTF8')"
	}
	return "lower(hex(id)) || ' ' || topic || '|' || CAST(data AS TEXT)"
}

func TestEightPlatformsSayTenThousandStatesAndTheEventsAreTheModelsInTheOrderOfTheCommits(t *testing.T) {
	t.Parallel()
	const clients = 8
	inShops(t, func(t *testing.T, s *shop) {
		began := time.Now()
		heard := make([][]said, clients)
		var wg sync.WaitGroup
		for i := range clients {
			wg.Go(func() {
				var err error
				if heard[i], err = s.speak(t.Context(), uint64(i), saidByEach); err != nil {
					t.Errorf("client %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		took := time.Since(began)
		events := s.stored(t)
		s.follow(t, heard, events)
		if deliveries := s.Number("SELECT count(*) FROM deliveries"); deliveries != int64(len(events)) {
			t.Errorf("%d deliveries of %d events", deliveries, len(events))
		}
		t.Logf("%d updates made %d events in %v", clients*saidByEach, len(events), took)
	})
}

// change is what one request said of one product, and what followed.
type change struct {
	objects [][]byte
	events  []stored
}

// follow goes through each product's changes in the order of their events and
// holds them against the model.
func (s *shop) follow(t *testing.T, heard [][]said, events map[webhook.EventID]stored) {
	t.Helper()
	perProduct, claimed := map[string][]*change{}, 0
	for _, one := range slices.Concat(heard...) {
		changes := map[string]*change{}
		for _, u := range one.updates {
			if changes[u.ID] == nil {
				changes[u.ID] = &change{}
			}
			changes[u.ID].objects = append(changes[u.ID].objects, u.Object)
		}
		for _, receipt := range one.receipts {
			e := events[receipt.ID]
			if claimed++; changes[e.product] == nil {
				t.Fatalf("an event of %q answers a request that says nothing of it", e.product)
			}
			changes[e.product].events = append(changes[e.product].events, e)
		}
		for product, c := range changes {
			if len(c.events) > 0 {
				perProduct[product] = append(perProduct[product], c)
			}
		}
	}
	if claimed != len(events) {
		t.Errorf("%d events were answered, %d are stored", claimed, len(events))
	}
	for product, changes := range perProduct {
		slices.SortFunc(changes, func(a, b *change) int { return int(a.events[0].seq - b.events[0].seq) })
		s.hold(t, product, retold(t, product, changes))
	}
}

// retold is the model after all changes of a product, each of which must have
// made the model's events behind those of the one before.
func retold(t *testing.T, product string, changes []*change) model {
	t.Helper()
	m, last := model{}, int64(0)
	for i, c := range changes {
		var got, want []string
		for j, object := range c.objects {
			want = append(want, m.hear(t, object, i == 0 && j == 0)...)
		}
		for _, e := range c.events {
			if e.seq <= last {
				t.Errorf("%s: an event of seq %d after %d", product, e.seq, last)
			}
			last = e.seq
			got = append(got, e.words)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s, change %d, %s: %q, want %q", product, i, c.objects, got, want)
		}
	}
	return m
}

// hold compares the state that is kept with the model's.
func (s *shop) hold(t *testing.T, product string, m model) {
	t.Helper()
	p, err := s.Store.Product(t.Context(), s.Project, product)
	if err != nil {
		t.Fatal(err)
	}
	var state map[string]json.RawMessage
	if err := json.Unmarshal(p.State, &state); err != nil {
		t.Fatal(err)
	}
	for name, value := range state {
		if meaning(t, name, value) != m[name] {
			t.Errorf("%s: %s is %s, the model says %s", product, name, value, m[name])
		}
	}
	if len(state) != len(m) || len(p.Events) > webhook.ProductEvents || len(p.Events) == 0 {
		t.Errorf("%s: %s with %d events, the model has %v", product, p.State, len(p.Events), m)
	}
}

func TestABatchOfAThousandProductsIsOneTransaction(t *testing.T) {
	t.Parallel()
	inShops(t, func(t *testing.T, s *shop) {
		batch := func(state string) []manage.ProductUpdate {
			list := make([]manage.ProductUpdate, manage.MaxProducts)
			for i := range list {
				list[i] = manage.ProductUpdate{ID: fmt.Sprintf("p%03d", i), Object: []byte(state), At: fmt.Sprintf("products[%d].", i)}
			}
			return list
		}
		for _, step := range []struct {
			state  string
			events int
		}{{`{"name":"Shoe","price":"1.10","currency":"EUR","quantity":0}`, 1}, {`{"price":2,"quantity":5}`, 4}, {`{"price":"2.0","quantity":5}`, 0}} {
			began := time.Now()
			receipts, err := s.put(t.Context(), batch(step.state)...)
			if err != nil || len(receipts) != step.events*manage.MaxProducts {
				t.Fatalf("%d events, %v", len(receipts), err)
			}
			t.Logf("1000 products, %d events: %v", len(receipts), time.Since(began))
		}
	})
}

// refusals of the database that strike in the middle of the transaction.
var refusals = map[string][]string{
	"sqlite": {`CREATE TRIGGER struck BEFORE INSERT ON events WHEN NEW.topic = 'product.updated' BEGIN SELECT RAISE(ABORT, 'struck'); END`},
	"postgres": {`CREATE FUNCTION strike() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''struck''; END'`,
		`CREATE TRIGGER struck BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.topic = 'product.updated') EXECUTE FUNCTION strike()`},
}

func TestAFailedTransactionLeavesNeitherStatesNorEvents(t *testing.T) {
	t.Parallel()
	inShops(t, func(t *testing.T, s *shop) {
		update := func(id, object string) manage.ProductUpdate {
			return manage.ProductUpdate{ID: id, Object: []byte(object)}
		}
		if _, err := s.put(t.Context(), update("old", `{"price":1}`)); err != nil {
			t.Fatal(err)
		}
		untouched := func(what string, err error) {
			t.Helper()
			p, readErr := s.Store.Product(t.Context(), s.Project, "old")
			if err == nil || readErr != nil || string(p.State) != `{"price":1}` || s.Number("SELECT count(*) FROM events") != 1 || s.Number("SELECT count(*) FROM products") != 1 {
				t.Errorf("%s: %v; the state is %s of %d products, with %d events", what, err, p.State, s.Number("SELECT count(*) FROM products"), s.Number("SELECT count(*) FROM events"))
			}
		}
		_, err := s.put(t.Context(), update("new", `{}`), update("old", `{"x":"`+strings.Repeat("x", 65<<10)+`"}`))
		untouched("too large a state", err)
		for _, text := range refusals[s.Store.Dialect()] {
			if err := s.TryExec(text); err != nil {
				t.Fatal(err)
			}
		}
		_, err = s.put(t.Context(), update("new", `{}`), update("old", `{"price":2}`))
		untouched("the database refused an event", err)
	})
}
