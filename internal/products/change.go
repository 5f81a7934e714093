package products

import (
	"slices"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// The topics of the events that follow from a change.
const (
	TopicAdded            = "product.added"
	TopicPriceChanged     = "product.price_changed"
	TopicInventoryChanged = "product.inventory_changed"
	TopicBackInStock      = "product.back_in_stock"
	TopicUpdated          = "product.updated"
)

// NoCurrency is ISO 4217's code for a price whose currency nobody named:
// product.price_changed needs one.
const NoCurrency = "XXX"

// Event is one that follows from a change, in its place among the others.
type Event struct {
	Topic string
	Data  []byte
}

// Change is what an update comes to.
type Change struct {
	// State is the product as it is now, a JSON object without nulls.
	State []byte
	// Events follow in this order; none if nothing changed, and then State is
	// the old one.
	Events []Event
}

// Apply works out what an update makes of the last known state, empty for a
// product that was not seen before.
func Apply(id string, old []byte, u Update) (Change, error) {
	was := read(old)
	now, changed := merge(was, u.members)
	c := Change{State: old}
	if len(old) > 0 && len(changed) == 0 {
		return c, nil
	}
	if c.State = write(now); len(c.State) > MaxState || len(now) > MaxMembers {
		return Change{}, webhook.Invalid("", "would have %d members of %d bytes together; at most %d of %d bytes are kept",
			len(now), len(c.State), MaxMembers, MaxState)
	}
	if len(old) == 0 {
		c.Events = []Event{{TopicAdded, write(identified(id, now))}}
		return c, nil
	}
	c.Events = append(append(priceEvents(id, was, now), quantityEvents(id, was, now)...), updated(id, now, changed))
	return c, nil
}

// merge answers the members as they are now and the names of those that differ,
// sorted. What means the same keeps its spelling, and every member its place.
func merge(was, update []member) (now []member, changed []string) {
	now = slices.Clone(was)
	places := make(map[string]int, len(was))
	for i, m := range was {
		places[m.name] = i
	}
	for _, m := range update {
		i, there := places[m.name]
		switch {
		case !there && m.cleared(), there && !m.cleared() && sameMember(m.name, now[i].value, m.value):
			continue
		case there:
			now[i] = m
		default:
			now = append(now, m)
		}
		changed = append(changed, m.name)
	}
	slices.Sort(changed)
	return slices.DeleteFunc(now, member.cleared), changed
}

// priceEvents has an event if there was a price and there is another: the topic
// tells both.
func priceEvents(id string, was, now []member) []Event {
	old, fresh := valueOf(was, priceMember), valueOf(now, priceMember)
	if old == nil || fresh == nil || compare(old, fresh) == 0 {
		return nil
	}
	currency := valueOf(now, currencyMember)
	if currency == nil {
		currency = rawjson.Quote(NoCurrency)
	}
	return []Event{{TopicPriceChanged, write(identified(id, []member{{"oldPrice", old}, {"newPrice", fresh}, {currencyMember, currency}}))}}
}

// quantityEvents, too, need a quantity before and after.
func quantityEvents(id string, was, now []member) []Event {
	old, fresh := valueOf(was, quantityMember), valueOf(now, quantityMember)
	if old == nil || fresh == nil || compare(old, fresh) == 0 {
		return nil
	}
	quantity := member{"newQuantity", fresh}
	events := []Event{{TopicInventoryChanged, write(identified(id, []member{{"oldQuantity", old}, quantity}))}}
	if compare(old, zero) == 0 && compare(fresh, zero) > 0 {
		events = append(events, Event{TopicBackInStock, write(identified(id, []member{quantity}))})
	}
	return events
}

func updated(id string, now []member, changed []string) Event {
	list := []byte{'['}
	for i, name := range changed {
		if i > 0 {
			list = append(list, ',')
		}
		list = rawjson.AppendQuote(list, name)
	}
	return Event{TopicUpdated, write(append(identified(id, now), member{changedMember, append(list, ']')}))}
}

// identified puts the product's id before members.
func identified(id string, members []member) []member {
	return append([]member{{idMember, rawjson.Quote(id)}}, members...)
}

func valueOf(members []member, name string) []byte {
	for _, m := range members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// read takes a stored state apart.
func read(state []byte) (members []member) {
	for key, value := range rawjson.All(state) {
		name, _ := rawjson.Text(key)
		members = append(members, member{name, value})
	}
	return members
}

// write puts an object together.
func write(members []member) []byte {
	object := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			object = append(object, ',')
		}
		object = append(append(rawjson.AppendQuote(object, m.name), ':'), m.value...)
	}
	return append(object, '}')
}

// NameOf is the name in a stored state, empty for none.
func NameOf(state []byte) string {
	name, _ := rawjson.Text(valueOf(read(state), nameMember))
	return name
}
