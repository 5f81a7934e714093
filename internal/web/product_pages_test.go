package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// say describes products of a project, "id object" each.
func (f *fixture) say(project webhook.Project, products ...string) {
	f.t.Helper()
	var updates []manage.ProductUpdate
	for _, p := range products {
		id, object, _ := strings.Cut(p, " ")
		updates = append(updates, manage.ProductUpdate{ID: id, Object: []byte(object)})
	}
	_, err := f.manage.PutProducts(f.t.Context(), system, manage.Catalogue{ProjectID: project.ID}, updates, 0)
	f.must(err)
}

func TestProducts_are_listed_searched_and_lead_to_the_events_of_their_changes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	b.get(f.path("products")).is(http.StatusOK).says("No product was described yet", "curl -X PUT", "/api/v1/products/prod_123", "KEY")
	f.say(f.theirs, `p1 {"name":"Theirs"}`)
	f.say(f.ours, `gid://shop/1 {"name":"<b>Shoe</b>","price":"10.00","currency":"EUR","quantity":0}`, `gid://shop/1 {"price":9.5,"quantity":4}`, `p2 {}`)
	list := b.get(f.path("products")).is(http.StatusOK).says("<b>Shoe</b>", "9.5 EUR", "gid://shop/1", "p2").hides("Theirs", "<b>Shoe</b>")
	one := f.path("products", url.PathEscape("gid://shop/1"))
	if !list.offers(one) {
		t.Errorf("the list does not lead to %s", one)
	}
	b.get(f.path("products")+"?q=sHOE").is(http.StatusOK).says("gid://shop/1", "Clear")
	b.get(f.path("products")+"?q=nothing").is(http.StatusOK).says("No product has that in its id or name", "All products")
	page := b.get(one).is(http.StatusOK).says("<b>Shoe</b>", "9.5 EUR", "product.added", "product.price_changed", "product.back_in_stock", "Everything that was published about it", "curl -X PUT").hides("<b>Shoe</b>")
	events, err := f.store.Events(t.Context(), webhook.EventFilter{ProjectID: f.ours.ID, Query: "gid://shop/1", Limit: 50})
	f.must(err)
	for _, e := range events.Items {
		if !page.offers(f.path("events", e.ID.String())) {
			t.Errorf("the page does not lead to %s", e.Topic)
		}
	}
	if len(events.Items) != 5 {
		t.Errorf("%d events of the product", len(events.Items))
	}
	b.get(f.path("products", "p3")).is(http.StatusNotFound)
	b.get(f.path("products", "p1")).is(http.StatusNotFound)
	b.get(f.path("products", "%FF")).is(http.StatusNotFound)
}

func TestProducts_go_on_after_a_page(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var list []string
	for i := range 60 {
		list = append(list, fmt.Sprintf(`p%02d {"name":"Shoe %d"}`, i, i))
	}
	f.say(f.ours, list...)
	b := f.as(account.Viewer)
	page := b.get(f.path("products")).is(http.StatusOK).says("p00", "p49").hides("p50")
	next, found := page.doc().Find(`a[href*="cursor="]`).Attr("href")
	if !found {
		t.Fatal("there is no next page")
	}
	b.get(next).is(http.StatusOK).says("p50", "p59").hides("p49")
	b.get(f.path("products", "p00")).is(http.StatusOK).hides("curl") // a viewer can't publish
}

func TestProducts_are_hidden_from_support_until_they_say_why(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.say(f.ours, `p1 {"name":"Secret shoe","price":7321}`)
	f.user("help@example.com", account.Support, "")
	b := f.signIn("help@example.com")
	b.get(f.path("products")).is(http.StatusOK).says("p1", "open one to say why").hides("Secret shoe")
	b.get(f.path("products") + "?q=nothing").is(http.StatusOK).says("p1").hides("Secret shoe")
	one := f.path("products", "p1")
	b.get(one).is(http.StatusOK).says("Why you open the state", "product.added").hides("Secret shoe", "7321")
	before := strings.Count(f.actions(), "payload.viewed")
	b.post(one, url.Values{"reason": {"ticket 5"}}).is(http.StatusOK).says("Secret shoe")
	if got := strings.Count(f.actions(), "payload.viewed"); got != before+1 {
		t.Errorf("%d looks are in the audit log, want one more than %d", got, before)
	}
}
