package manage_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// required are the members that the documents list for each topic.
var required = map[string]string{
	"product.price_changed":     "productId oldPrice newPrice currency",
	"product.inventory_changed": "productId oldQuantity newQuantity",
	"product.back_in_stock":     "productId newQuantity",
	"commission.earned":         "saleId productId productName merchantId saleAmount amountEarned",
	"prompt.created":            "id name version projectId labels prompt type config tags createdAt updatedAt",
	"prompt.updated":            "id name version projectId labels prompt type config tags createdAt updatedAt",
	"prompt.deleted":            "id name version projectId labels prompt type config tags createdAt updatedAt",
	"chat.session.created":      "",
	"chat.message.received":     "",
	"chat.message.sent":         "",
	"product.viewed":            "",
	"product.added":             "",
	"product.updated":           "",
	"analytics.daily":           "",
	"endpoint.warning":          "endpointId reason",
	"endpoint.paused":           "endpointId pausedBecause",
	"endpoint.resumed":          "endpointId",
	"delivery.exhausted":        "endpointId deliveryId eventId topic",
}

func compile(t *testing.T, schema []byte) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	doc := must[any](t)(jsonschema.UnmarshalJSON(bytes.NewReader(schema)))
	if err := c.AddResource("x.json", doc); err != nil {
		t.Fatal(err)
	}
	return must[*jsonschema.Schema](t)(c.Compile("x.json"))
}

func TestEveryShippedTopicTakesItsExampleAndAsksForItsMembers(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, topic := range manage.ShippedTopics() {
		seen[topic.Name] = true
		members, listed := required[topic.Name]
		if !listed || !webhook.ValidTopicName(topic.Name) || topic.Description == "" || !topic.Shipped || len(topic.SearchKeys) == 0 || len(topic.SearchKeys) > 3 {
			t.Errorf("%+v is no topic that ships", topic.Name)
		}
		if filter.IsOperational(topic.Name) != (topic.Group == webhook.GroupOperational) {
			t.Errorf("%s is in the group %s", topic.Name, topic.Group)
		}
		if _, err := rawjson.Check(topic.Example); err != nil {
			t.Errorf("%s: %v", topic.Name, err)
		}
		schema := compile(t, topic.Schema)
		var example map[string]any
		if err := json.Unmarshal(topic.Example, &example); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(example); err != nil {
			t.Errorf("%s refuses its example: %v", topic.Name, err)
		}
		for _, key := range topic.SearchKeys {
			if _, ok := example[key]; !ok {
				t.Errorf("%s is searched by %s, which its example lacks", topic.Name, key)
			}
		}
		further := maps.Clone(example)
		further["further"] = true
		if err := schema.Validate(further); err != nil {
			t.Errorf("%s refuses a further member: %v", topic.Name, err)
		}
		for _, member := range strings.Fields(members) {
			short := maps.Clone(example)
			delete(short, member)
			if schema.Validate(short) == nil {
				t.Errorf("%s does without %s", topic.Name, member)
			}
		}
		if members == "" && schema.Validate(map[string]any{"any": 1}) != nil {
			t.Errorf("%s does not take any object", topic.Name)
		}
	}
	if len(seen) != len(required) {
		t.Errorf("%d topics ship, %d are specified", len(seen), len(required))
	}
}

func TestPricesAreNumbersOrDecimalsAndNothingElse(t *testing.T) {
	t.Parallel()
	topics := manage.ShippedTopics()
	at := slices.IndexFunc(topics, func(t webhook.Topic) bool { return t.Name == "product.price_changed" })
	schema := compile(t, topics[at].Schema)
	for price, want := range map[string]bool{`1`: true, `1.50`: true, `"19.99"`: true, `-0`: true, `"cheap"`: false, `null`: false, `{}`: false, `true`: false} {
		data := `{"productId":"p","oldPrice":` + price + `,"newPrice":1,"currency":"USD"}`
		doc := must[any](t)(jsonschema.UnmarshalJSON(strings.NewReader(data)))
		if got := schema.Validate(doc) == nil; got != want {
			t.Errorf("oldPrice %s: taken %v, want %v", price, got, want)
		}
	}
}

func TestOperatorsMakeTopicsOfTheirOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.wide(account.ScopeManage)
	made := must[webhook.Topic](t)(b.CreateTopic(t.Context(), key, webhook.Topic{
		Name: "customer.signed_up", Shipped: true,
		Schema: []byte(`{"type":"object","required":["id"]}`), Example: []byte(`{ "id": 1 }`), SearchKeys: []string{"id"},
	}))
	if made.Group != webhook.GroupCustom || made.Shipped || string(made.Example) != `{"id":1}` {
		t.Errorf("%+v", made)
	}
	description, empty, group := "Somebody signed up", []byte{}, webhook.GroupCommerce
	changed := must[webhook.Topic](t)(b.UpdateTopic(t.Context(), key, made.Name, manage.TopicPatch{Group: &group, Description: &description, Schema: &empty}))
	if changed.Group != group || changed.Description != description || changed.Schema != nil || changed.Example == nil {
		t.Errorf("%+v", changed)
	}
	if d := b.db.audit[len(b.db.audit)-1].Detail; d != "group: custom → commerce\ndescription: none → Somebody signed up\nschema: {\"type\":\"object\",\"required\":[\"id\"]} → none" {
		t.Errorf("audit %q", d)
	}
	if err := b.DeleteTopic(t.Context(), key, made.Name); err != nil {
		t.Error(err)
	}
	_, err := b.Topic(t.Context(), key, "product.price_change")
	wantKind(t, "a name that is not there", err, webhook.KindNotFound)
	if !strings.Contains(err.Error(), "product.price_changed") {
		t.Errorf("%v does not name the nearest", err)
	}
}

func TestTopicsThatCouldNotWorkAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.wide(account.ScopeManage)
	file := filepath.Join(t.TempDir(), "any.json")
	if err := os.WriteFile(file, []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		topic webhook.Topic
		place string
	}{
		"an operational topic":         {webhook.Topic{Name: "a", Group: webhook.GroupOperational}, "group"},
		"a group of no such name":      {webhook.Topic{Name: "a", Group: "x"}, "group"},
		"a name with a blank":          {webhook.Topic{Name: "a b"}, "name"},
		"a glob":                       {webhook.Topic{Name: "a.*"}, "name"},
		"four search keys":             {webhook.Topic{Name: "a", SearchKeys: []string{"a", "b", "c", "d"}}, "searchKeys"},
		"an empty search key":          {webhook.Topic{Name: "a", SearchKeys: []string{""}}, "searchKeys[0]"},
		"a schema that is no JSON":     {webhook.Topic{Name: "a", Schema: []byte(`{`)}, "schema"},
		"a schema of no known type":    {webhook.Topic{Name: "a", Schema: []byte(`{"type":"thing"}`)}, "schema.type"},
		"a schema on the network":      {webhook.Topic{Name: "a", Schema: []byte(`{"$ref":"http://127.0.0.1:1/x.json"}`)}, "schema"},
		"a schema in a file":           {webhook.Topic{Name: "a", Schema: []byte(`{"$ref":"file://` + file + `"}`)}, "schema"},
		"an example that is a list":    {webhook.Topic{Name: "a", Example: []byte(`[]`)}, "example"},
		"an example with two a":        {webhook.Topic{Name: "a", Example: []byte(`{"a":1,"a":2}`)}, "example.a"},
		"an example against its words": {webhook.Topic{Name: "a", Schema: []byte(`{"required":["id"]}`), Example: []byte(`{}`)}, "example.id"},
	}
	for name, test := range tests {
		_, err := b.CreateTopic(t.Context(), key, test.topic)
		wantPlaces(t, name, err, test.place)
	}
	_, err := b.CreateTopic(t.Context(), b.narrow(account.ScopeManage), webhook.Topic{Name: "a"})
	wantKind(t, "a project key", err, webhook.KindForbidden)
}

func TestShippedTopicsKeepTheirShape(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.SeedTopics(t.Context()); err != nil {
		t.Fatal(err)
	}
	key, text, on := b.wide(account.ScopeManage), "x", true
	_, err := b.UpdateTopic(t.Context(), key, "prompt.created", manage.TopicPatch{Description: &text})
	wantKind(t, "another description", err, webhook.KindConflict)
	group := webhook.GroupStore
	_, err = b.UpdateTopic(t.Context(), key, "prompt.created", manage.TopicPatch{Group: &group})
	wantKind(t, "another group", err, webhook.KindConflict)
	wantKind(t, "deleting it", b.DeleteTopic(t.Context(), key, "prompt.created"), webhook.KindConflict)
	topic := must[webhook.Topic](t)(b.UpdateTopic(t.Context(), key, "prompt.created", manage.TopicPatch{WarnOnly: &on}))
	if !topic.WarnOnly || !topic.CreatedAt.Equal(start) {
		t.Errorf("%+v", topic)
	}
}

func TestATopicThatSomebodyNamesStays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.wide(account.ScopeManage)
	must[webhook.Topic](t)(b.CreateTopic(t.Context(), key, webhook.Topic{Name: "order.placed"}))
	b.endpoint("order.*")
	named := b.endpoint("order.placed")
	err := b.DeleteTopic(t.Context(), key, "order.placed")
	wantKind(t, "a topic that an endpoint names", err, webhook.KindConflict)
	if !strings.Contains(err.Error(), named.Name) {
		t.Errorf("%v does not say who names it", err)
	}
	if namers := must[[]webhook.Endpoint](t)(b.TopicNamers(t.Context(), key, "order.placed")); len(namers) != 1 || namers[0].ID != named.ID {
		t.Errorf("named by %+v", namers)
	}
	if _, err := b.TopicNamers(t.Context(), b.developer(), "order.placed"); webhook.KindOf(err) != webhook.KindForbidden {
		t.Errorf("endpoints of all projects are shown to a developer: %v", err)
	}
	delete(b.db.endpoints, named.ID)
	if err := b.DeleteTopic(t.Context(), key, "order.placed"); err != nil {
		t.Errorf("one that is only taken by a glob: %v", err)
	}
}

func TestATopicNamesAllItsWrongPlacesAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.CreateTopic(t.Context(), b.wide(account.ScopeManage), webhook.Topic{
		Name: "a", SearchKeys: []string{""}, Schema: []byte(`{"properties":{"n":{"type":"number"}},"required":["id"]}`), Example: []byte(`{"n":"1"}`),
	})
	var told *webhook.Error
	if !errors.As(err, &told) {
		t.Fatal(err)
	}
	var places []string
	for _, f := range told.Fields {
		places = append(places, f.Location)
	}
	if got := strings.Join(places, " "); got != "searchKeys[0] example.id example.n" {
		t.Errorf("wrong places: %s", got)
	}
}
