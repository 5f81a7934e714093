package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// ProductRequest documents what a platform says about one product; readProduct
// reads it.
type ProductRequest struct {
	Name      *string         `json:"name,omitempty" maxLength:"1000" example:"Trail shoe" doc:"Every member keeps its value when it is left out, and null clears it"`
	Price     json.RawMessage `json:"price,omitempty" doc:"A number, or a decimal number in a string such as \"129.90\", spelled with at most 64 characters; compared as decimals, never as floats"`
	Currency  *string         `json:"currency,omitempty" minLength:"1" maxLength:"16" example:"EUR" doc:"ISO 4217; an event of a price without one says XXX"`
	Quantity  json.RawMessage `json:"quantity,omitempty" doc:"A whole number, or one in a string"`
	ProjectID string          `json:"projectId,omitempty" doc:"Instance keys: a project's id, or ext: and its external id"`
	Audience  string          `json:"audience,omitempty" enum:"project,all" doc:"all: the catalogue of the instance, whose events go to every project that subscribes; instance keys only"`
}

// ProductOfBatch is one product of a batch.
type ProductOfBatch struct {
	ProductID string `json:"productId" minLength:"1" maxLength:"256" example:"prod_123"`
	ProductRequest
}

// ProductsRequest documents a batch.
type ProductsRequest struct {
	Products  []ProductOfBatch `json:"products" minItems:"1" maxItems:"1000"`
	ProjectID string           `json:"projectId,omitempty" doc:"Whose products all of them are; the products need not say it"`
	Audience  string           `json:"audience,omitempty" enum:"project,all"`
}

// Published lists the events that followed, in their order.
type Published struct {
	Published []PublishedEvent `json:"published" doc:"[] if nothing differed"`
}

// PublishedEvent is one of them.
type PublishedEvent struct {
	ID    string `json:"id" format:"uuid"`
	Topic string `json:"topic" example:"product.price_changed"`
}

// Product is what is known of one.
type Product struct {
	ProductID string          `json:"productId"`
	ProjectID string          `json:"projectId,omitempty" format:"uuid" doc:"Not there in the catalogue of the instance"`
	Audience  string          `json:"audience" enum:"project,all"`
	State     json.RawMessage `json:"state" doc:"All members as they were last said"`
	CreatedAt string          `json:"createdAt" format:"date-time"`
	UpdatedAt string          `json:"updatedAt" format:"date-time"`
}

// ProductDetail is a product with what followed from its changes.
type ProductDetail struct {
	Product
	Events []Event `json:"events" doc:"The latest, newest first, at most 32, as long as events are kept"`
}

func productShape(p webhook.Product) Product {
	audience := webhook.AudienceProject
	if p.ProjectID.IsZero() {
		audience = webhook.AudienceAll
	}
	return Product{
		ProductID: p.ID, ProjectID: idOrEmpty(p.ProjectID.UUID), Audience: string(audience), State: p.State,
		CreatedAt: stamp(p.CreatedAt), UpdatedAt: stamp(p.UpdatedAt),
	}
}

const productGroup = "Products"

func (a *API) productCalls(group *gin.RouterGroup) {
	hop := (Call{Batch: true}).headers()
	id := &huma.Param{Name: "productId", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}, Description: "The platform's own id, at most 256 characters"}
	byHand[ProductRequest, Published](a, group, Call{Method: http.MethodPut, Path: "/products/{productId}", ID: "put-product", Group: productGroup, May: account.Publish,
		Summary: "Say how a product is now", Status: http.StatusOK,
		Text: "What differs from the last known state is published in one transaction with it: product.added at first sight; else product.price_changed and product.inventory_changed " +
			"where both values are known, product.back_in_stock from 0 to more, and for any difference product.updated with the names of what changed. The same again publishes nothing. " +
			"Further members are kept and compared, too: at most 500 of 64 KiB together, numbers by their value, all else by its meaning."},
		a.putProduct, append([]*huma.Param{id}, hop...)...)
	byHand[ProductsRequest, Published](a, group, Call{Method: http.MethodPost, Path: "/products/batch", ID: "put-products", Group: productGroup, May: account.Publish,
		Summary: "Say how up to 1000 products are now", Text: "In their order, the same product also twice; all of them, or none.", Status: http.StatusOK, Batch: true},
		a.putProductsBatch, hop...)
	add(a, Call{Method: http.MethodGet, Path: "/products", ID: "list-products", Group: productGroup, May: account.ViewEvents,
		Summary: "List products", Text: "By id. A page of a search may be short and still have a nextCursor: it looked at a part."}, a.listProducts)
	add(a, Call{Method: http.MethodGet, Path: "/products/{productId}", ID: "get-product", Group: productGroup, May: account.ViewEvents,
		Summary: "Get a product", Text: "Its last known state and the latest events that followed from its changes."}, a.getProduct)
}

func (a *API) putProduct(c *gin.Context, body []byte) error {
	update, whose, err := readProduct(body, "")
	if err != nil {
		return err
	}
	update.ID = c.Param("productId")
	return a.putProducts(c, whose, []manage.ProductUpdate{update})
}

func (a *API) putProductsBatch(c *gin.Context, body []byte) error {
	updates, whose, err := readProducts(body)
	if err != nil {
		return err
	}
	return a.putProducts(c, whose, updates)
}

func (a *API) putProducts(c *gin.Context, whose owner, updates []manage.ProductUpdate) error {
	ctx, caller := c.Request.Context(), callerOf(c.Request.Context())
	hop, err := hopOf(c.Request.Header)
	if err != nil {
		return err
	}
	if err := a.paces.take(caller.Key.ID, len(updates)); err != nil {
		return err
	}
	of, err := a.catalogue(ctx, caller, whose)
	if err != nil {
		return err
	}
	receipts, err := a.manage.PutProducts(ctx, caller, of, updates, hop)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, Published{each(receipts, func(r webhook.Receipt) PublishedEvent { return PublishedEvent{r.ID.String(), r.Topic} })})
}

// owner is how a request names a catalogue; at is the place before its members.
type owner struct{ project, audience, at string }

// catalogue finds what a request names; a project key need not say anything.
func (a *API) catalogue(ctx context.Context, caller account.Caller, whose owner) (manage.Catalogue, error) {
	switch webhook.Audience(whose.audience) {
	case "", webhook.AudienceProject:
		project, err := a.projectOf(ctx, caller, whose.project, whose.at+"projectId")
		return manage.Catalogue{ProjectID: project}, err
	case webhook.AudienceAll:
		if whose.project != "" {
			return manage.Catalogue{}, webhook.Invalid(whose.at+"projectId", `can't be named together with audience "all"`)
		}
		if !caller.OwnProject().IsZero() {
			return manage.Catalogue{}, locate(webhook.Forbidden("only an instance key has to do with the catalogue of the instance"), whose.at+"audience")
		}
		return manage.Catalogue{All: true}, nil
	}
	return manage.Catalogue{}, webhook.Invalid(whose.at+"audience", `must be "project" or "all"`)
}

// CatalogueQuery says whose products a call is about.
type CatalogueQuery struct {
	ProjectID string `query:"projectId" maxLength:"300" doc:"A project's id, or ext: and its external id; a project key need not say it"`
	Audience  string `query:"audience" enum:"project,all" doc:"all: the catalogue of the instance"`
}

func (q CatalogueQuery) owner() owner { return owner{q.ProjectID, q.Audience, "query."} }

type listProductsInput struct {
	Paging
	CatalogueQuery
	Query string `query:"q" maxLength:"256" doc:"A part of the id or name, in any case"`
}

func (a *API) listProducts(ctx context.Context, caller account.Caller, in *listProductsInput) (*answer[List[Product]], error) {
	of, err := a.catalogue(ctx, caller, in.owner())
	if err != nil {
		return nil, err
	}
	page, err := a.manage.Products(ctx, caller, of, webhook.ProductFilter{Query: in.Query, Cursor: in.Cursor, Limit: in.Limit})
	return answering(listOf(page, productShape), err)
}

type getProductInput struct {
	ProductID string `path:"productId" maxLength:"1024"`
	CatalogueQuery
}

func (a *API) getProduct(ctx context.Context, caller account.Caller, in *getProductInput) (*answer[ProductDetail], error) {
	of, err := a.catalogue(ctx, caller, in.owner())
	if err != nil {
		return nil, err
	}
	d, err := a.manage.Product(ctx, caller, of, in.ProductID, "")
	return answering(ProductDetail{productShape(d.Product), each(d.Events, eventShape)}, err)
}
