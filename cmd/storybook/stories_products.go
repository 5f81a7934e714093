package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/products"
)

func productStories() map[string]teller {
	return map[string]teller{
		"products":        func(t string) templ.Component { return products.List(productList(t)) },
		"products-many":   func(t string) templ.Component { return products.List(productListLong(t)) },
		"products-empty":  func(t string) templ.Component { return products.List(productListEmpty(t)) },
		"products-none":   func(t string) templ.Component { return products.List(productListNone(t)) },
		"products-hidden": func(t string) templ.Component { return products.List(productListHidden(t)) },
		"product":         func(t string) templ.Component { return products.Show(productShow(t)) },
		"product-long":    func(t string) templ.Component { return products.Show(productLong(t)) },
		"product-hidden":  func(t string) templ.Component { return products.Show(productHidden(t)) },
	}
}

const productPut = `curl -X PUT 'https://hooks.nimbus.example/api/v1/products/prod_123' -H 'Authorization: Bearer KEY' -H 'Content-Type: application/json' -d '{"name":"Trail shoe","price":"129.90","currency":"EUR","quantity":12}'`

func productList(theme string) products.ListModel {
	row := func(id, name, price, quantity string, since time.Duration) products.Row {
		return products.Row{URL: "/story/product", ID: id, Name: name, Price: price, Quantity: quantity, Changed: ago(since)}
	}
	return products.ListModel{Shell: shell(theme, "Products"), Action: "/story/products", Rows: []products.Row{
		row("gid://shop/Product/7021", "Trail shoe", "129.90 EUR", "12", 20*time.Second),
		row("prod_124", "", "", "", 3*time.Hour),
		row("prod_125", rtlName, "99999999999999999999.99 USD", "0", 26*time.Hour),
		row(strings.Repeat("sku-", 64), longName, strings.Repeat("9", 64)+" EUR", strings.Repeat("7", 64), 40*24*time.Hour),
		row(hostile, emoji, "9.5", "-1", time.Minute),
	}, Pager: component.Pager{NextURL: "/story/products", FirstLabel: "First page", NextLabel: "Next page"}}
}

func productListLong(theme string) products.ListModel {
	m := productList(theme)
	m.Rows = nil
	for i := range 50 {
		m.Rows = append(m.Rows, products.Row{
			URL: "/story/product", ID: fmt.Sprintf("prod_%03d", i), Name: fmt.Sprintf("Trail shoe no. %d", i), Price: fmt.Sprintf("%d.90 EUR", 20+i),
			Quantity: fmt.Sprint(i % 13), Changed: ago(time.Duration(i) * 7 * time.Minute),
		})
	}
	m.Query, m.ClearURL, m.Pager.Text = component.Input{Value: "trail"}, "/story/products", "This part of the products was searched; go on for the next."
	return m
}

func productListEmpty(theme string) products.ListModel {
	return products.ListModel{Shell: shell(theme, "Products"), Action: "/story/products", Empty: component.EmptyModel{
		Title:   "No product was described yet",
		Text:    "A platform that only knows how its products are says so, and Bellwire publishes what differs: new products, prices, stock. Say it twice with another price to see the event, with an API key of the scope publish in place of KEY:",
		Command: productPut,
	}}
}

func productListNone(theme string) products.ListModel {
	m := productListEmpty(theme)
	m.Query, m.ClearURL = component.Input{Value: "shö"}, "/story/products"
	m.Empty = component.EmptyModel{Title: "No product has that in its id or name", Text: "Look for a shorter part of it, or see them all.", Action: component.Link{Label: "All products", URL: "/story/products"}}
	return m
}

func productListHidden(theme string) products.ListModel {
	m := productList(theme)
	m.Hidden = "Names, prices and quantities are what events carry: you see which products there are, and open one to say why you look."
	for i := range m.Rows {
		m.Rows[i].Name, m.Rows[i].Price, m.Rows[i].Quantity = "", "", ""
	}
	return m
}

func productShow(theme string) products.ShowModel {
	event := func(n int, topic string, got component.Mark) products.Event {
		return products.Event{URL: "/story/event", ID: id(n), Topic: topic, Got: got, GotWords: "2 of 2 endpoints got it", At: ago(time.Duration(n) * time.Minute)}
	}
	return products.ShowModel{
		Shell: shell(theme, "Products", "Trail shoe"), ID: "gid://shop/Product/7021", Title: "Trail shoe", Price: "129.90 EUR", Quantity: "12",
		First: ago(40 * 24 * time.Hour), Changed: ago(time.Minute),
		State: component.Body{Kind: "json", Size: "96 B", Text: "{\n  \"name\": \"Trail shoe\",\n  \"price\": \"129.90\",\n  \"currency\": \"EUR\",\n  \"quantity\": 12,\n  \"tags\": [\n    \"run\"\n  ]\n}"},
		Events: []products.Event{
			event(1, "product.updated", component.Mark{Tone: component.Good, Text: "2 of 2"}), event(1, "product.back_in_stock", component.Mark{Tone: component.Retry, Text: "1 of 2"}),
			event(1, "product.inventory_changed", component.Mark{Tone: component.Bad, Text: "0 of 1"}), event(9, "product.updated", component.Mark{Tone: component.Good, Text: "2 of 2"}),
			event(9, "product.price_changed", component.Mark{Tone: component.Quiet, Text: "nobody"}), event(400, "product.added", component.Mark{Tone: component.Neutral, Text: "for 12,400"}),
		},
		MoreURL: "/story/events", Command: productPut,
	}
}

func productLong(theme string) products.ShowModel {
	m := productShow(theme)
	m.Shell = shell(theme, "Products", longName)
	m.ID, m.Title, m.Price, m.Quantity = strings.Repeat("sku-", 64), longName+" "+emoji, strings.Repeat("9", 64)+" EUR", strings.Repeat("7", 64)
	m.State.Text, m.Events, m.NoEvents = `{"name":"`+strings.Repeat(hostile, 20)+`"}`, nil, "The events that followed from its changes are older than what is kept."
	return m
}

func productHidden(theme string) products.ShowModel {
	m := productShow(theme)
	m.Title, m.Price, m.Quantity, m.MoreURL, m.Command, m.ReasonURL = m.ID, "", "", "", "", "/story/product"
	m.State = component.Body{Kind: "text", Note: "hidden until you say why you open it"}
	return m
}
