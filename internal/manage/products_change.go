package manage

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/products"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

// productChange is one request's updates on their way into a transaction.
type productChange struct {
	of      Catalogue
	now     time.Time
	hop     int
	ids     []string // each once
	updates []parsedProduct
}

type parsedProduct struct {
	id     string
	update products.Update
	at     string
}

// maxProductFaults is how many wrong places one answer names.
const maxProductFaults = 20

func parseProducts(updates []ProductUpdate) (*productChange, error) {
	p := &productChange{}
	seen := map[string]bool{}
	var faults []webhook.Field
	for _, u := range updates {
		update, err := parseProduct(u)
		if err != nil {
			if faults = append(faults, placed(err, u.At)...); len(faults) >= maxProductFaults {
				break
			}
			continue
		}
		if !seen[u.ID] {
			seen[u.ID] = true
			p.ids = append(p.ids, u.ID)
		}
		p.updates = append(p.updates, parsedProduct{u.ID, update, u.At})
	}
	return p, webhook.InvalidFields(faults)
}

func parseProduct(u ProductUpdate) (products.Update, error) {
	if err := products.CheckID(u.ID, "productId"); err != nil {
		return products.Update{}, err
	}
	return products.Parse(u.ID, u.Object)
}

// placed are the wrong places of one product of a request.
func placed(err error, at string) []webhook.Field {
	var told *webhook.Error
	if !errors.As(err, &told) {
		return []webhook.Field{{Location: at, Message: "can't be read"}}
	}
	fields := make([]webhook.Field, len(told.Fields))
	for i, f := range told.Fields {
		switch {
		case f.Location == "" && at == "":
			f.Location = "body"
		case f.Location == "":
			f.Location = strings.TrimSuffix(at, ".")
		case f.Location == "productId" && at == "":
			f.Location = "path.productId"
		default:
			f.Location = at + f.Location
		}
		fields[i] = f
	}
	return fields
}

// apply works out what the products are from now on and lays out the events
// that follow. It may be called again with other states.
func (p *productChange) apply(known map[string]webhook.Product, follow publish.Follow) ([]webhook.Product, webhook.Admission, error) {
	var drafts []publish.Draft
	var about []string // the product of each draft
	for _, u := range p.updates {
		product := known[u.id]
		change, err := products.Apply(u.id, product.State, u.update)
		if err != nil {
			return nil, webhook.Admission{}, webhook.InvalidFields(placed(err, u.at))
		}
		if len(change.Events) == 0 {
			continue
		}
		known[u.id] = p.renewed(product, u.id, change.State)
		for _, e := range change.Events {
			drafts, about = append(drafts, p.draft(e)), append(about, u.id)
		}
	}
	admission, err := follow(drafts)
	if err != nil {
		return nil, admission, fmt.Errorf("lay out the events of products: %w", err)
	}
	return remember(known, about, admission), admission, nil
}

// renewed is a product with its new state.
func (p *productChange) renewed(product webhook.Product, id string, state []byte) webhook.Product {
	if len(product.State) == 0 {
		product = webhook.Product{ProjectID: p.of.ProjectID, ID: id, CreatedAt: p.now}
	}
	product.State, product.Name, product.UpdatedAt = state, products.NameOf(state), p.now
	return product
}

func (p *productChange) draft(e products.Event) publish.Draft {
	d := publish.Draft{Topic: e.Topic, Data: e.Data, Project: p.of.ProjectID, Audience: webhook.AudienceProject, Hop: p.hop}
	if p.of.All {
		d.Audience = webhook.AudienceAll
	}
	return d
}

// remember notes the events with their products and answers those that changed.
func remember(known map[string]webhook.Product, about []string, admission webhook.Admission) []webhook.Product {
	var changed []webhook.Product
	places := map[string]int{}
	for i, id := range about {
		place, there := places[id]
		if !there {
			place = len(changed)
			places[id] = place
			changed = append(changed, known[id])
		}
		product := &changed[place]
		latest := append([]webhook.EventID{admission.Items[i].Event.ID}, product.Events...)
		product.Events = latest[:min(len(latest), webhook.ProductEvents)]
	}
	return changed
}
