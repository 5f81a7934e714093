package filter_test

import (
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/webhook"
)

func BenchmarkMatch(b *testing.B) {
	e := endpoint("chat.*", "product.price_changed")
	e.Payload.Rows = []webhook.PayloadRow{
		{Path: "currency", Operator: webhook.OpEquals, Value: "EUR"},
		{Path: "newPrice", Operator: webhook.OpLess, Value: "100"},
	}
	c, err := filter.Compile(e)
	if err != nil {
		b.Fatal(err)
	}
	ev := event("product.price_changed", `{"productId":"p","text":"`+strings.Repeat("lorem ipsum ", 80)+`","currency":"EUR","newPrice":99.50}`)
	b.ReportAllocs()
	for b.Loop() {
		if !c.Match(ev) {
			b.Fatal("no match")
		}
	}
}

func BenchmarkMatchExpression(b *testing.B) {
	e := endpoint("chat.*", "product.price_changed")
	e.Payload.Expression = `data.currency == "EUR" && data.newPrice < 100`
	c, err := filter.Compile(e)
	if err != nil {
		b.Fatal(err)
	}
	ev := event("product.price_changed", `{"productId":"p","text":"`+strings.Repeat("lorem ipsum ", 80)+`","currency":"EUR","newPrice":99.50}`)
	b.ReportAllocs()
	for b.Loop() {
		if !c.Match(ev) {
			b.Fatal("no match")
		}
	}
}

func BenchmarkCheckExpression(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := filter.CheckExpression(`data.currency == "EUR" && data.newPrice < 100`); err != nil {
			b.Fatal(err)
		}
	}
}
