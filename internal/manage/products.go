package manage

import (
	"context"
	"slices"
	"strings"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/products"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

// MaxProducts is how many updates one request may hold.
const MaxProducts = 1000

// Catalogue names the products of a project, or all of the instance's, whose
// events are for every project that subscribes.
type Catalogue struct {
	ProjectID webhook.ProjectID
	// All is the instance's; the zero value without a project is nobody's.
	All bool
}

// ProductUpdate is what a platform says about one product.
type ProductUpdate struct {
	ID string
	// Object is the JSON as it came, without what says whose product it is.
	Object []byte
	// At is the place before its members: "" or "products[3].".
	At string
}

// PutProducts compares what a platform says with the last known states, in
// order, and publishes what follows: states and events are stored together, all
// or none. hop is how often the cause came round already.
func (s *Service) PutProducts(ctx context.Context, c account.Caller, of Catalogue, updates []ProductUpdate, hop int) ([]webhook.Receipt, error) {
	if err := may(c, account.Publish, of); err != nil {
		return nil, err
	}
	if len(updates) > MaxProducts {
		return nil, webhook.Invalid("products", "holds %d products, at most %d are taken at once", len(updates), MaxProducts)
	}
	p, err := parseProducts(updates)
	if err != nil {
		return nil, err
	}
	p.of, p.now, p.hop = of, s.now(), hop
	return s.Changer.Change(ctx, c, of.ProjectID, func(ctx context.Context, follow publish.Follow) (webhook.Admitted, error) {
		return s.Store.ChangeProducts(ctx, of.ProjectID, slices.Clone(p.ids), func(known map[string]webhook.Product) ([]webhook.Product, webhook.Admission, error) {
			return p.apply(known, follow)
		})
	})
}

// may answers whether the caller may do something with a catalogue.
func may(c account.Caller, action account.Action, of Catalogue) error {
	switch {
	case of.All && !c.OwnProject().IsZero():
		return webhook.Forbidden("only an instance key has to do with the catalogue of the instance")
	case !of.All && of.ProjectID.IsZero():
		return webhook.Invalid("projectId", `is missing: name the project, or say audience "all" for the catalogue of the instance`)
	}
	return c.May(action, of.ProjectID)
}

// Products lists a catalogue by id. A page of a search may be short and still
// name a next one: it looked at a part. Who may not see what events carry gets
// ids and times, and can't search.
func (s *Service) Products(ctx context.Context, c account.Caller, of Catalogue, f webhook.ProductFilter) (webhook.Page[webhook.Product], error) {
	var none webhook.Page[webhook.Product]
	if err := may(c, account.ViewEvents, of); err != nil {
		return none, err
	}
	open := c.PayloadOf(of.ProjectID) == account.PayloadOpen
	var err error
	if f.Limit, err = limitOf(f.Limit); err != nil {
		return none, err
	}
	if f.ProjectID, f.Query = of.ProjectID, strings.TrimSpace(f.Query); !open {
		f.Query = ""
	}
	page, err := s.Store.Products(ctx, f)
	if err == nil && f.Query != "" && f.Cursor == "" && page.Next != "" {
		page.Items, err = s.exactFirst(ctx, f, page.Items)
	}
	for i := range page.Items {
		if product := &page.Items[i]; open {
			product.Name = products.NameOf(product.State)
		} else {
			product.State = nil
		}
	}
	return page, err
}

// exactFirst puts the product that has just the id that is looked for before
// those that were found: it may stand far behind what was searched.
func (s *Service) exactFirst(ctx context.Context, f webhook.ProductFilter, found []webhook.Product) ([]webhook.Product, error) {
	if slices.ContainsFunc(found, func(p webhook.Product) bool { return p.ID == f.Query }) {
		return found, nil
	}
	exact, err := s.Store.Product(ctx, f.ProjectID, f.Query)
	switch {
	case webhook.KindOf(err) == webhook.KindNotFound:
		return found, nil
	case err != nil:
		return nil, err
	}
	return append([]webhook.Product{exact}, found[:min(len(found), f.Limit-1)]...), nil
}

// ProductDetail is a product with the latest events that followed from its
// changes, newest first, as far as they are kept.
type ProductDetail struct {
	// Product comes without Name and State where the caller may not see what
	// events carry.
	webhook.Product
	Events      []webhook.Event
	Hidden      bool
	NeedsReason bool
}

// Product answers one product. reason is why support looks at its state.
func (s *Service) Product(ctx context.Context, c account.Caller, of Catalogue, id, reason string) (ProductDetail, error) {
	var d ProductDetail
	err := may(c, account.ViewEvents, of)
	if err == nil {
		d.Product, err = s.Store.Product(ctx, of.ProjectID, id)
	}
	if err != nil {
		return d, err
	}
	about := object{project: of.ProjectID, name: "product " + id}
	if d.Hidden, d.NeedsReason, err = s.openPayload(ctx, c, about, reason, ""); err != nil {
		return d, err
	}
	if d.Name = products.NameOf(d.State); d.Hidden {
		d.Name, d.State = "", nil
	}
	d.Events, err = s.Store.EventsByID(ctx, of.ProjectID, d.Product.Events)
	return d, err
}
