package products_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/products"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

// apply is what an update makes of a state; "" stands for no state before.
func apply(t testing.TB, old, update string) products.Change {
	t.Helper()
	u, err := products.Parse("p1", []byte(update))
	if err != nil {
		t.Fatalf("parse %s: %v", update, err)
	}
	var before []byte
	if old != "" {
		before = []byte(old)
	}
	c, err := products.Apply("p1", before, u)
	if err != nil {
		t.Fatalf("apply %s to %s: %v", update, old, err)
	}
	return c
}

// told are the events as "topic data", without the product's id.
func told(c products.Change) []string {
	list := []string{}
	for _, e := range c.Events {
		data := strings.Replace(string(e.Data), `"productId":"p1"`, "", 1)
		list = append(list, strings.TrimPrefix(e.Topic, "product.")+" "+strings.Replace(data, "{,", "{", 1))
	}
	return list
}

func TestApply_says_which_events_follow(t *testing.T) {
	t.Parallel()
	const shoe = `{"name":"Shoe","price":10.00,"currency":"EUR","quantity":3}`
	for name, c := range map[string]struct {
		old, update, state string
		events             []string
	}{
		"first sight is one event": {"", shoe, shoe, []string{"added " + shoe}},
		"nothing known at first":   {"", `{}`, `{}`, []string{"added {}"}},
		"nulls at first":           {"", `{"price":null,"name":"A"}`, `{"name":"A"}`, []string{`added {"name":"A"}`}},
		"the same again":           {shoe, shoe, shoe, nil},
		"the same otherwise spelt": {shoe, `{ "price" : "10.0", "quantity" : 3.0e0 , "name":"\u0053hoe"}`, shoe, nil},
		"nothing said":             {shoe, `{}`, shoe, nil},
		"another price": {shoe, `{"price":"9.5"}`, `{"name":"Shoe","price":"9.5","currency":"EUR","quantity":3}`, []string{
			`price_changed {"oldPrice":10.00,"newPrice":"9.5","currency":"EUR"}`,
			`updated {"name":"Shoe","price":"9.5","currency":"EUR","quantity":3,"changed":["price"]}`}},
		"all at once, in the order of the list": {`{"name":"Shoe","price":1,"currency":"EUR","quantity":0}`, `{"quantity":5,"price":2,"name":"Boot","currency":"USD"}`,
			`{"name":"Boot","price":2,"currency":"USD","quantity":5}`, []string{
				`price_changed {"oldPrice":1,"newPrice":2,"currency":"USD"}`,
				`inventory_changed {"oldQuantity":0,"newQuantity":5}`,
				`back_in_stock {"newQuantity":5}`,
				`updated {"name":"Boot","price":2,"currency":"USD","quantity":5,"changed":["currency","name","price","quantity"]}`}},
		"another quantity": {shoe, `{"quantity":"2"}`, `{"name":"Shoe","price":10.00,"currency":"EUR","quantity":"2"}`, []string{
			`inventory_changed {"oldQuantity":3,"newQuantity":"2"}`,
			`updated {"name":"Shoe","price":10.00,"currency":"EUR","quantity":"2","changed":["quantity"]}`}},
		"sold out": {`{"quantity":3}`, `{"quantity":0}`, `{"quantity":0}`, []string{`inventory_changed {"oldQuantity":3,"newQuantity":0}`, `updated {"quantity":0,"changed":["quantity"]}`}},
		"from below nothing is not from 0": {`{"quantity":-1}`, `{"quantity":4}`, `{"quantity":4}`, []string{
			`inventory_changed {"oldQuantity":-1,"newQuantity":4}`, `updated {"quantity":4,"changed":["quantity"]}`}},
		"below nothing": {`{"quantity":"-0"}`, `{"quantity":-2}`, `{"quantity":-2}`, []string{
			`inventory_changed {"oldQuantity":"-0","newQuantity":-2}`, `updated {"quantity":-2,"changed":["quantity"]}`}},
		"a price and a quantity for the first time": {`{"name":"A"}`, `{"price":1,"quantity":2}`, `{"name":"A","price":1,"quantity":2}`, []string{
			`updated {"name":"A","price":1,"quantity":2,"changed":["price","quantity"]}`}},
		"null clears":                {shoe, `{"price":null,"quantity":null}`, `{"name":"Shoe","currency":"EUR"}`, []string{`updated {"name":"Shoe","currency":"EUR","changed":["price","quantity"]}`}},
		"null for what is not there": {shoe, `{"colour":null}`, shoe, nil},
		"a currency nobody named":    {`{"price":1}`, `{"price":2}`, `{"price":2}`, []string{`price_changed {"oldPrice":1,"newPrice":2,"currency":"XXX"}`, `updated {"price":2,"changed":["price"]}`}},
		"the same price in another currency": {shoe, `{"currency":"USD"}`, `{"name":"Shoe","price":10.00,"currency":"USD","quantity":3}`, []string{
			`updated {"name":"Shoe","price":10.00,"currency":"USD","quantity":3,"changed":["currency"]}`}},
		"further members are kept": {`{"price":1,"tags":["a"]}`, `{"vendor":{"id":7}}`, `{"price":1,"tags":["a"],"vendor":{"id":7}}`, []string{
			`updated {"price":1,"tags":["a"],"vendor":{"id":7},"changed":["vendor"]}`}},
		"further members by what they mean": {`{"v":{"a":1.0,"b":[1e2,"x",null,true]}}`, `{"v": {"b":[100,"\u0078",null,true],"a":1}}`, `{"v":{"a":1.0,"b":[1e2,"x",null,true]}}`, nil},
		"text is no number in them":         {`{"version":"1.10"}`, `{"version":"1.1"}`, `{"version":"1.1"}`, []string{`updated {"version":"1.1","changed":["version"]}`}},
		"the id may stand in the object":    {shoe, `{"productId":"p1"}`, shoe, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := apply(t, c.old, c.update)
			if string(got.State) != c.state {
				t.Errorf("state %s, want %s", got.State, c.state)
			}
			if want := fmt.Sprint(append([]string{}, c.events...)); fmt.Sprint(told(got)) != want {
				t.Errorf("events\n %s\nwant\n %s", told(got), want)
			}
		})
	}
}

func TestApply_compares_money_as_decimals_of_any_size(t *testing.T) {
	t.Parallel()
	same := [][2]string{
		{`1.10`, `"1.1"`}, {`"1.1"`, `1.1e0`}, {`110e-2`, `"0001.1000"`}, {`0`, `"-0.00"`}, {`1e20`, `100000000000000000000`},
		{`"0.1"`, `0.1000000000000000000000`}, {`9007199254740993`, `"9007199254740993.0"`}, {`1e308`, `10e307`},
	}
	for _, pair := range same {
		if c := apply(t, `{"price":`+pair[0]+`}`, `{"price":`+pair[1]+`}`); len(c.Events) != 0 {
			t.Errorf("%s and %s are told apart: %s", pair[0], pair[1], told(c))
		}
	}
	different := [][2]string{
		{`0.1`, `0.10000000000000000001`}, {`9007199254740993`, `9007199254740992`}, {`"0.30"`, `0.30000000000000004`},
		{`1e-300`, `0`}, {`1`, `-1`}, {`"99999999999999999999.99"`, `"99999999999999999999.98"`},
	}
	for _, pair := range different {
		if c := apply(t, `{"price":`+pair[0]+`}`, `{"price":`+pair[1]+`}`); len(c.Events) != 2 {
			t.Errorf("%s and %s count as the same: %s", pair[0], pair[1], told(c))
		}
	}
}

func TestParse_names_what_is_wrong(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("9", products.MaxNumber+1)
	for update, want := range map[string]string{
		`{"price":"1e3"}`:          "price must be a number",
		`{"price":""}`:             "price must be a number",
		`{"price":"1,5"}`:          "price must be a number",
		`{"price":true}`:           "price must be a number",
		`{"price":{"amount":1}}`:   "price must be a number",
		`{"price":` + long + `}`:   "price is spelled with more",
		`{"price":"` + long + `"}`: "price is spelled with more",
		`{"price":1e999}`:          "price",
		`{"quantity":1.5}`:         "quantity must be a whole number",
		`{"quantity":"1.0"}`:       "quantity must be a whole number",
		`{"name":7}`:               "name must be text",
		`{"name":"\u0000"}`:        "name holds a NUL",
		`{"name":"` + strings.Repeat("ä", products.MaxName+1) + `"}`: "name has 1001 characters",
		`{"currency":""}`:                        "currency is empty",
		`{"changed":[]}`:                         "changed is what Bellwire itself adds",
		`{"productId":"p2"}`:                     "productId must be the id in the address",
		`{"` + strings.Repeat("n", 300) + `":1}`: "has too long a name",
		`{"\ud800":1,"\ud801":2}`:                "is there twice",
		`{"price":1,"price":2}`:                  "is there twice",
		`[]`:                                     "must be a JSON object",
		`{"price":1`:                             "is not JSON",
	} {
		_, err := products.Parse("p1", []byte(update))
		if webhook.KindOf(err) != webhook.KindInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %s", update, err, want)
		}
	}
}

func TestApply_bounds_what_is_kept(t *testing.T) {
	t.Parallel()
	half := `"` + strings.Repeat("x", products.MaxState/2) + `"`
	full := apply(t, "", `{"a":`+half+`}`)
	u, err := products.Parse("p1", []byte(`{"b":`+half+`}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = products.Apply("p1", full.State, u); webhook.KindOf(err) != webhook.KindInvalid {
		t.Errorf("more than MaxState is kept: %v", err)
	}
	if c := apply(t, string(full.State), `{"a":null,"b":`+half+`}`); len(c.Events) != 1 {
		t.Errorf("one member in place of another is no change: %s", told(c))
	}
}

func TestCheckID_takes_what_a_schema_takes(t *testing.T) {
	t.Parallel()
	for id, ok := range map[string]bool{
		"p1": true, "gid://shop/Product/1": true, strings.Repeat("ü", products.MaxID): true,
		"": false, ".": false, "..": false, strings.Repeat("x", products.MaxID+1): false, "a\x00b": false, "\xff": false,
	} {
		if err := products.CheckID(id, "productId"); (err == nil) != ok {
			t.Errorf("%.20q: %v", id, err)
		}
	}
}

// schemas are those of the topics that ship.
func schemas(t testing.TB) map[string]*publish.Schema {
	t.Helper()
	all := map[string]*publish.Schema{}
	for _, topic := range manage.ShippedTopics() {
		schema, err := publish.CompileSchema(topic.Schema)
		if err != nil {
			t.Fatal(err)
		}
		all[topic.Name] = schema
	}
	return all
}

// FuzzApply: whatever is taken makes events that their topics take, and the
// same again makes none.
func FuzzApply(f *testing.F) {
	f.Add(`{"price":1.10,"quantity":0}`, `{"price":"2","quantity":5,"a":[{"b":1}]}`)
	f.Add(`{"name":"\ud800","currency":"EUR"}`, `{"price":1e308,"x\u0001":null}`)
	f.Add(`{"a":{"b":1,"c":2},"price":"-0"}`, `{"a":{"c":2,"b":1.0},"price":0,"name":null}`)
	taken := schemas(f)
	f.Fuzz(func(t *testing.T, first, second string) {
		u, err := products.Parse("p/ü\"", []byte(first))
		if err != nil {
			return
		}
		was, err := products.Apply("p/ü\"", nil, u)
		if err != nil || len(was.Events) != 1 || was.Events[0].Topic != products.TopicAdded {
			return
		}
		if u, err = products.Parse("p/ü\"", []byte(second)); err != nil {
			return
		}
		now, err := products.Apply("p/ü\"", was.State, u)
		if err != nil {
			return
		}
		for _, e := range append(was.Events, now.Events...) {
			if err := taken[e.Topic].Check(e.Data); err != nil || len(e.Data) > publish.MaxData {
				t.Errorf("%s of %d bytes: %v\n%s", e.Topic, len(e.Data), err, e.Data)
			}
		}
		if again, err := products.Apply("p/ü\"", now.State, u); err != nil || len(again.Events) != 0 || string(again.State) != string(now.State) {
			t.Errorf("the same again: %v %s", err, told(again))
		}
	})
}
