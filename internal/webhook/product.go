package webhook

import "time"

// ProductEvents is how many of a product's latest events are remembered.
const ProductEvents = 32

// Product is what a platform last said of one of its products. Its catalogue is
// a project's, or with a zero ProjectID the instance's, whose events are for
// all.
type Product struct {
	ProjectID ProjectID
	ID        string
	// Name is the product's own, empty for none.
	Name string
	// State is the last known one, a JSON object without the id.
	State     []byte
	CreatedAt time.Time
	UpdatedAt time.Time
	// Events are the latest that followed from changes, newest first.
	Events []EventID
}

// ProductFilter narrows a list of products, which is sorted by id.
type ProductFilter struct {
	ProjectID ProjectID
	// Query is a part of the id or name, in any case.
	Query  string
	Cursor string
	Limit  int
}
