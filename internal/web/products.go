package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/products"
)

// productPages show what platforms last said of their products.
func (w *Web) productPages() []line {
	return []line{
		{get, "/p/:project/products", member, w.listProducts},
		{get, "/p/:project/products/:product", member, w.showProduct},
		{post, "/p/:project/products/:product", member, w.showProduct},
	}
}

func (w *Web) listProducts(c *gin.Context) error {
	project, caller := w.project(c).ID, w.caller(c)
	f := webhook.ProductFilter{Query: strings.TrimSpace(c.Query("q")), Cursor: c.Query("cursor")}
	page, err := w.Manage.Products(c.Request.Context(), caller, manage.Catalogue{ProjectID: project}, f)
	if err != nil {
		return err
	}
	shell, err := w.shell(c, atProducts, "Products", component.Link{Label: "Products"})
	if err != nil {
		return err
	}
	m := products.ListModel{Shell: shell, Action: under(project, "products"), Query: component.Input{Value: f.Query}, Pager: pager(c, page.Next, "")}
	if caller.PayloadOf(project) != account.PayloadOpen {
		m.Hidden = "Names, prices and quantities are what events carry: you see which products there are, and open one to say why you look."
	}
	m.Pager.FirstLabel, m.Pager.NextLabel = "First page", "Next page"
	if f.Query != "" {
		m.ClearURL = m.Action
		if page.Next != "" {
			m.Pager.Text = "This part of the products was searched; go on for the next."
		}
	}
	for _, p := range page.Items {
		m.Rows = append(m.Rows, w.presentProduct(project, p))
	}
	m.Empty = w.noProducts(c, f, page.Next != "")
	return w.render(c, http.StatusOK, products.List(m))
}

func (w *Web) presentProduct(project webhook.ProjectID, p webhook.Product) products.Row {
	return products.Row{
		URL: under(project, "products", p.ID), ID: p.ID, Name: p.Name, Price: priceOf(p.State), Quantity: memberText(p.State, "quantity"),
		Changed: moment(p.UpdatedAt, w.Now()),
	}
}

// priceOf is the price as it was spelled, with its currency.
func priceOf(state []byte) string {
	price := memberText(state, "price")
	if currency := memberText(state, "currency"); price != "" && currency != "" {
		return price + " " + currency
	}
	return price
}

// memberText is a member's text or number; empty if it is not there.
func memberText(state []byte, name string) string {
	value, _ := rawjson.Lookup(state, name)
	if text, isText := rawjson.Text(value); isText {
		return text
	}
	return string(value)
}

func (w *Web) noProducts(c *gin.Context, f webhook.ProductFilter, more bool) component.EmptyModel {
	all := component.Link{Label: "All products", URL: under(w.project(c).ID, "products")}
	switch {
	case more:
		return component.EmptyModel{Title: "Nothing in this part", Text: "There are many products, and this part has none with " + inQuotes(f.Query) + " in its id or name. Go on to search the next part, or look for the whole id."}
	case f.Query != "":
		return component.EmptyModel{Title: "No product has that in its id or name", Text: "Look for a shorter part of it, or see them all.", Action: all}
	case f.Cursor != "":
		return component.EmptyModel{Title: "No products follow", Text: "This was the end of the list.", Action: all}
	}
	return component.EmptyModel{
		Title:   "No product was described yet",
		Text:    "A platform that only knows how its products are says so, and Bellwire publishes what differs: new products, prices, stock. Say it twice with another price to see the event, with an API key of the scope publish in place of KEY:",
		Command: w.productCommand("prod_123", []byte(`{"name":"Trail shoe","price":"129.90","currency":"EUR","quantity":12}`)),
	}
}

// productCommand is a line that says how a product is; KEY is left to fill in.
func (w *Web) productCommand(id string, state []byte) string {
	return fmt.Sprintf("curl -X PUT %s -H 'Authorization: Bearer KEY' -H 'Content-Type: application/json' -d %s",
		quote(w.BaseURL.String()+"/api/v1/products/"+url.PathEscape(id)), quote(string(state)))
}

// showProduct also takes POST: support opens a state by giving a reason.
func (w *Web) showProduct(c *gin.Context) error {
	project, caller, id := w.project(c).ID, w.caller(c), c.Param("product")
	if !utf8.ValidString(id) {
		return webhook.NotFound("there is no such product")
	}
	d, err := w.Manage.Product(c.Request.Context(), caller, manage.Catalogue{ProjectID: project}, id, c.PostForm("reason"))
	if err != nil {
		return err
	}
	rows, err := w.eventRows(c, d.Events)
	if err != nil {
		return err
	}
	m := products.ShowModel{
		ID: d.ID, Title: d.Name, Price: priceOf(d.State), Quantity: memberText(d.State, "quantity"),
		First: moment(d.CreatedAt, w.Now()), Changed: moment(d.UpdatedAt, w.Now()), State: presentBody(d.State, ""),
		NoEvents: "The events that followed from its changes are older than what is kept.",
	}
	if m.Title == "" {
		m.Title = d.ID
	}
	for _, r := range rows {
		m.Events = append(m.Events, products.Event{URL: r.URL, ID: r.ID, Topic: r.Topic, Got: r.Got, GotWords: r.GotWords, At: r.At})
	}
	w.offerProductActs(&m, caller, project, d)
	m.Shell, err = w.shell(c, atProducts, m.Title, component.Link{Label: "Products", URL: under(project, "products")}, component.Link{Label: m.Title})
	if err != nil {
		return err
	}
	return w.render(c, http.StatusOK, products.Show(m))
}

// offerProductActs adds what this person may do with the product now.
func (w *Web) offerProductActs(m *products.ShowModel, caller account.Caller, project webhook.ProjectID, d manage.ProductDetail) {
	if d.Hidden {
		m.State.Note = "what is known of it is hidden"
		if d.NeedsReason {
			m.ReasonURL, m.State.Note = under(project, "products", d.ID), hiddenUntil
		}
		return
	}
	m.MoreURL = under(project, "events") + "?q=" + url.QueryEscape(d.ID)
	if len(d.State) <= inLine && caller.May(account.Publish, project) == nil {
		m.Command = w.productCommand(d.ID, d.State)
	}
}
