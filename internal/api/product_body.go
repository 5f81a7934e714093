package api

import (
	"fmt"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// readProducts reads {"products": […]} and whose they are: all of one
// catalogue.
func readProducts(body []byte) (updates []manage.ProductUpdate, whose owner, err error) {
	var list []byte
	for key, value := range rawjson.All(body) {
		name, _ := rawjson.Text(key)
		if name == "products" {
			list = value
		} else if known, err := whose.take(name, value, ""); !known {
			return nil, whose, unknownMember("", key)
		} else if err != nil {
			return nil, whose, err
		}
	}
	if len(list) == 0 || list[0] != '[' {
		return nil, whose, webhook.Invalid("products", "must be a list of products")
	}
	for i, item := range rawjson.Elements(list) {
		at := fmt.Sprintf("products[%d].", i)
		if i >= manage.MaxProducts {
			return nil, whose, webhook.Invalid("products", "holds more than %d products", manage.MaxProducts)
		}
		update, own, err := readProduct(item, at)
		if err != nil {
			return nil, whose, err
		}
		if updates = append(updates, update); !whose.join(own, i == 0) {
			return nil, whose, webhook.Invalid(at+"projectId", "names another catalogue than this batch; send one request for each")
		}
	}
	if len(updates) == 0 {
		return nil, whose, webhook.Invalid("products", "is empty: there is nothing to say")
	}
	return updates, whose, nil
}

// readProduct takes what says whose it is out of a product's object; the rest is
// for manage to judge. at is the path before its members.
func readProduct(object []byte, at string) (manage.ProductUpdate, owner, error) {
	update, whose := manage.ProductUpdate{At: at}, owner{at: at}
	if len(object) == 0 || object[0] != '{' {
		return update, whose, webhook.Invalid("body."+at+"productId", "is missing: a product is an object of its members")
	}
	update.Object = append(update.Object, '{')
	for key, value := range rawjson.All(object) {
		name, _ := rawjson.Text(key)
		known, err := whose.take(name, value, at)
		switch {
		case err != nil:
			return update, whose, err
		case known:
			continue
		case name == "productId" && at != "":
			update.ID, _ = rawjson.Text(value)
		}
		if len(update.Object) > 1 {
			update.Object = append(update.Object, ',')
		}
		update.Object = append(append(append(update.Object, key...), ':'), value...)
	}
	update.Object = append(update.Object, '}')
	return update, whose, nil
}

// take reads a member that says whose products they are; known says whether it
// is one. A null counts as left out.
func (o *owner) take(name string, value []byte, at string) (known bool, err error) {
	into := map[string]*string{"projectId": &o.project, "audience": &o.audience}[name]
	if into == nil {
		return false, nil
	}
	text, isText := rawjson.Text(value)
	if !isText && string(value) != "null" || !takable(text) {
		return true, webhook.Invalid(at+name, "must be text")
	}
	*into = text
	return true, nil
}

// join takes what a product of a batch says of its catalogue. The first may say
// it for all; a product that says nothing is of the batch's.
func (o *owner) join(own owner, first bool) bool {
	if own.project == "" && own.audience == "" {
		return true
	}
	if first && o.project == "" && o.audience == "" {
		*o = own
	}
	return o.project == own.project && o.audience == own.audience
}
