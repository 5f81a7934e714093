package storetest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// NewProduct stores a product with one event that follows.
func (h *Harness) NewProduct(catalogue webhook.ProjectID, id, name string) webhook.Product {
	h.T.Helper()
	p := webhook.Product{ProjectID: catalogue, ID: id, Name: name, State: fmt.Appendf(nil, `{"name":%q}`, name), CreatedAt: moment(), UpdatedAt: moment()}
	_, err := h.Store.ChangeProducts(h.T.Context(), catalogue, []string{id}, func(map[string]webhook.Product) ([]webhook.Product, webhook.Admission, error) {
		event := h.Event()
		if event.ProjectID = catalogue; catalogue.IsZero() {
			event.Audience, event.FanOut = webhook.AudienceAll, true
		}
		p.Events = []webhook.EventID{event.ID}
		return []webhook.Product{p}, webhook.Admission{Items: []webhook.AdmissionItem{h.Item(event, false)}}, nil
	})
	h.must(err)
	p.Name = "" // the state has it
	return p
}

// products are read as they were last said.
var products = []scene{
	{"a product is read as it was written, in its own catalogue only", func(h *Harness) {
		ctx, other := h.T.Context(), h.NewProject("other")
		ours, theirs, all := h.NewProduct(h.Project, "p/1", "Ours"), h.NewProduct(other, "p/1", "Theirs"), h.NewProduct(webhook.ProjectID{}, "p/1", "All")
		h.same(first(h.Store.Product(ctx, h.Project, "p/1")), ours)
		h.same(first(h.Store.Product(ctx, other, "p/1")), theirs)
		h.same(first(h.Store.Product(ctx, webhook.ProjectID{}, "p/1")), all)
		h.refused(webhook.KindNotFound, func() error { return second(h.Store.Product(ctx, h.Project, "p/2")) })
		h.same(first(h.Store.Products(ctx, webhook.ProductFilter{ProjectID: h.Project})).Items, []webhook.Product{ours})
		events := first(h.Store.EventsByID(ctx, h.Project, append(theirs.Events, ours.Events...)))
		if len(events) != 1 || events[0].ID != ours.Events[0] {
			h.T.Errorf("the events of ours are %v", events)
		}
	}},
	{"a change sees what stands there, and what fails changes nothing", func(h *Harness) {
		ctx, was := h.T.Context(), h.NewProduct(h.Project, "a", "A")
		failure := errors.New("second thoughts")
		_, err := h.Store.ChangeProducts(ctx, h.Project, []string{"b", "a"}, func(known map[string]webhook.Product) ([]webhook.Product, webhook.Admission, error) {
			h.same(string(known["a"].State), `{"name":"A"}`)
			h.same(len(known["b"].State), 0)
			return []webhook.Product{{ProjectID: h.Project, ID: "a", State: []byte(`{}`)}}, webhook.Admission{}, failure
		})
		if !errors.Is(err, failure) {
			h.T.Errorf("answered %v", err)
		}
		stale := h.Item(h.Event(), false)
		stale.Catalogue--
		answer, err := h.Store.ChangeProducts(ctx, h.Project, []string{"b"}, func(map[string]webhook.Product) ([]webhook.Product, webhook.Admission, error) {
			return []webhook.Product{{ProjectID: h.Project, ID: "b", State: []byte(`{}`)}}, webhook.Admission{Items: []webhook.AdmissionItem{stale}}, nil
		})
		h.must(err)
		h.same(answer.Stale, true)
		h.same(first(h.Store.Products(ctx, webhook.ProductFilter{ProjectID: h.Project})).Items, []webhook.Product{was})
	}},
	{"products are listed by id and searched by id and name, in any case", func(h *Harness) {
		ctx := h.T.Context()
		for _, one := range [][2]string{{"b", "Ölkanne"}, {"B", "Boot"}, {"a%1", "100%"}, {"ä", strings.Repeat("long ", 200)}} {
			h.NewProduct(h.Project, one[0], one[1])
		}
		list := func(query string) []string {
			ids := []string{}
			for _, p := range all(h, 2, func(cursor string) (webhook.Page[webhook.Product], error) {
				return h.Store.Products(ctx, webhook.ProductFilter{ProjectID: h.Project, Query: query, Cursor: cursor, Limit: 2})
			}) {
				ids = append(ids, p.ID)
			}
			return ids
		}
		h.same(list(""), []string{"B", "a%1", "b", "ä"})
		h.same(list("öLK"), []string{"b"})
		h.same(list("b"), []string{"B", "b"})
		h.same(list("%"), []string{"a%1"})
		h.same(list("_"), []string{})
		h.refused(webhook.KindInvalid, func() error {
			return second(h.Store.Products(ctx, webhook.ProductFilter{ProjectID: h.Project, Cursor: "x"}))
		})
	}},
	{"a search looks at a part of many products and goes on from there", func(h *Harness) {
		h.Exec(`INSERT INTO products (project_id, product_id, state, words, created_at, updated_at, events)
 WITH RECURSIVE n(i) AS (SELECT 10000 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
 SELECT %s, 'p' || i, %s, 'p' || i || ' shoe', 1, 1, %s FROM n`, h.Lit(h.Project.UUID), h.blob("{}"), h.blob(""))
		counts := pages(h, func(cursor string) (webhook.Page[webhook.Product], error) {
			return h.Store.Products(h.T.Context(), webhook.ProductFilter{ProjectID: h.Project, Query: "p24999", Cursor: cursor, Limit: 50})
		})
		h.same(counts, [3]int{1, 2, 0})
	}},
	{"what a deleted project knew of products goes with it", func(h *Harness) {
		ctx := h.T.Context()
		h.NewProduct(h.Project, "a", "A")
		h.NewProduct(webhook.ProjectID{}, "a", "A")
		h.must(h.Store.DeleteProject(ctx, h.Project, h.audit("project.deleted")))
		for range 3 {
			h.must(h.Store.Housekeep(ctx, 720*time.Hour))
		}
		h.same(h.Number("SELECT count(*) FROM products"), int64(1))
		h.same(h.Number("SELECT count(*) FROM projects"), int64(0))
	}},
}

// blob writes bytes into SQL.
func (h *Harness) blob(text string) string {
	if h.Store.Dialect() == "postgres" {
		return "convert_to('" + text + "', 'UTF8')"
	}
	return "CAST('" + text + "' AS BLOB)"
}
