package manage

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

//go:embed topics/*.json
var topicFiles embed.FS

// ShippedTopics are the topics that come with Bellwire: one file per group.
func ShippedTopics() []webhook.Topic {
	var all []webhook.Topic
	for _, group := range []webhook.Group{webhook.GroupCommerce, webhook.GroupPrompts, webhook.GroupStore, webhook.GroupOperational} {
		all = append(all, shippedGroup(group)...)
	}
	return all
}

// shippedGroup panics on a broken file: it is part of the program, and a test
// reads it.
func shippedGroup(group webhook.Group) []webhook.Topic {
	data, err := topicFiles.ReadFile("topics/" + string(group) + ".json")
	if err != nil {
		panic(err)
	}
	var rows []struct {
		Name, Description string
		Schema, Example   json.RawMessage
		SearchKeys        []string
	}
	if err := json.Unmarshal(data, &rows); err != nil {
		panic(fmt.Sprintf("topics/%s.json: %v", group, err))
	}
	topics := make([]webhook.Topic, len(rows))
	for i, r := range rows {
		topics[i] = webhook.Topic{
			Name:        r.Name,
			Group:       group,
			Description: r.Description,
			Schema:      compact(r.Schema),
			Example:     compact(r.Example),
			SearchKeys:  r.SearchKeys,
			Shipped:     true,
		}
	}
	return topics
}

func compact(raw []byte) []byte {
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// SeedTopics brings the catalogue up to date with this version of Bellwire.
func (s *Service) SeedTopics(ctx context.Context) error {
	topics := ShippedTopics()
	for i := range topics {
		topics[i].CreatedAt = s.now()
	}
	return s.Store.SeedTopics(ctx, topics)
}

// Topics lists the catalogue by group and name.
func (s *Service) Topics(ctx context.Context, c account.Caller) ([]webhook.Topic, error) {
	if err := c.May(account.ViewTopics, webhook.ProjectID{}); err != nil {
		return nil, err
	}
	topics, _, err := s.Store.Topics(ctx)
	return topics, err
}

// Topic answers one topic; for a name that is not there it says the nearest.
func (s *Service) Topic(ctx context.Context, c account.Caller, name string) (webhook.Topic, error) {
	topics, err := s.Topics(ctx, c)
	if err != nil {
		return webhook.Topic{}, err
	}
	return topicNamed(topics, name)
}

func topicNamed(topics []webhook.Topic, name string) (webhook.Topic, error) {
	for _, t := range topics {
		if t.Name == name {
			return t, nil
		}
	}
	return webhook.Topic{}, webhook.NotFound("there is no topic %s%s", name, hint(topics, name))
}

// TopicPatch changes the members that are not nil.
type TopicPatch struct {
	Group       *webhook.Group
	Description *string
	// Schema and Example take an empty slice for none.
	Schema     *[]byte
	Example    *[]byte
	SearchKeys *[]string
	WarnOnly   *bool
	Deprecated *bool
}

// CreateTopic adds an operator's own topic, of the group custom unless it
// names another.
func (s *Service) CreateTopic(ctx context.Context, c account.Caller, t webhook.Topic) (webhook.Topic, error) {
	if err := c.May(account.ChangeTopics, webhook.ProjectID{}); err != nil {
		return t, err
	}
	if !webhook.ValidTopicName(t.Name) {
		return t, webhook.Invalid("name", `must be segments of letters, digits, "_" and "-" joined by dots, at most 128 characters`)
	}
	if t.Group == "" {
		t.Group = webhook.GroupCustom
	}
	t.Shipped, t.CreatedAt = false, s.now()
	if err := checkGroup(t.Group); err != nil {
		return t, err
	}
	if err := checkTopic(&t); err != nil {
		return t, err
	}
	return t, s.Store.CreateTopic(ctx, t, s.entry(c, "topic.created", object{name: t.Name}, ""))
}

// UpdateTopic changes a topic. Of one that ships only WarnOnly and Deprecated
// can be set: the next start would bring the rest back.
func (s *Service) UpdateTopic(ctx context.Context, c account.Caller, name string, patch TopicPatch) (webhook.Topic, error) {
	if err := c.May(account.ChangeTopics, webhook.ProjectID{}); err != nil {
		return webhook.Topic{}, err
	}
	t, err := s.Topic(ctx, c, name)
	if err != nil {
		return t, err
	}
	if t.Shipped && (patch.Group != nil || patch.Description != nil || patch.Schema != nil || patch.Example != nil || patch.SearchKeys != nil) {
		return t, webhook.Conflict("%s ships with Bellwire: only warnOnly and deprecated can be changed", name)
	}
	was := t
	apply(&t.Group, patch.Group)
	apply(&t.Description, patch.Description)
	apply(&t.Schema, patch.Schema)
	apply(&t.Example, patch.Example)
	apply(&t.SearchKeys, patch.SearchKeys)
	apply(&t.WarnOnly, patch.WarnOnly)
	apply(&t.Deprecated, patch.Deprecated)
	if patch.Group != nil {
		if err := checkGroup(t.Group); err != nil {
			return t, err
		}
	}
	if err := checkTopic(&t); err != nil {
		return t, err
	}
	return t, s.Store.UpdateTopic(ctx, t, s.entry(c, "topic.updated", object{name: name}, topicChanged(was, t).String()))
}

// DeleteTopic removes an operator's topic that no endpoint names in full; one
// that takes it by a glob does not keep it. Events of it stay.
func (s *Service) DeleteTopic(ctx context.Context, c account.Caller, name string) error {
	if err := c.May(account.ChangeTopics, webhook.ProjectID{}); err != nil {
		return err
	}
	t, err := s.Topic(ctx, c, name)
	if err != nil {
		return err
	}
	if t.Shipped {
		return webhook.Conflict("%s ships with Bellwire and can't be deleted", name)
	}
	naming, err := s.Store.Naming(ctx, name, MaxLimit)
	if err != nil {
		return err
	}
	if len(naming) > 0 {
		return webhook.Conflict("%s is still named by %s: they would wait for events that never come; deprecate it, and delete it once nobody names it", name, sample(naming))
	}
	return s.Store.DeleteTopic(ctx, name, s.entry(c, "topic.deleted", object{name: name}, ""))
}

// sample names the first endpoints of a list: "orders, ledger and 3 more".
func sample(endpoints []webhook.Endpoint) string {
	const named = 3
	var names []string
	for _, e := range endpoints[:min(named, len(endpoints))] {
		names = append(names, e.Name)
	}
	text := strings.Join(names, ", ")
	if more := len(endpoints) - named; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// TopicNamers are the endpoints of all projects that subscribe to a topic by
// its full name, which keep it from being deleted; at most MaxLimit.
func (s *Service) TopicNamers(ctx context.Context, c account.Caller, name string) ([]webhook.Endpoint, error) {
	if err := c.May(account.ChangeTopics, webhook.ProjectID{}); err != nil {
		return nil, err
	}
	return s.Store.Naming(ctx, name, MaxLimit)
}

func apply[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// The bounds of a topic.
const (
	maxDescription = 2000
	maxSchema      = 64 << 10
	maxExample     = 64 << 10
	maxSearchKeys  = 3
)

// checkGroup refuses groups that an operator's topic can't be in.
func checkGroup(group webhook.Group) error {
	switch group {
	case webhook.GroupCommerce, webhook.GroupPrompts, webhook.GroupStore, webhook.GroupCustom:
		return nil
	case webhook.GroupOperational:
		return webhook.Invalid("group", "can't be operational: those topics are made by Bellwire itself")
	}
	return webhook.Invalid("group", "must be commerce, prompts, store or custom")
}

// checkTopic names every wrong place of a topic, so that a form shows all of
// them at once.
func checkTopic(t *webhook.Topic) error {
	var found problems
	if len(t.Description) > maxDescription {
		found.add(webhook.Invalid("description", "must have at most %d bytes", maxDescription))
	}
	if len(t.SearchKeys) > maxSearchKeys {
		found.add(webhook.Invalid("searchKeys", "can be at most %d", maxSearchKeys))
	}
	for i, key := range t.SearchKeys {
		if key == "" || len(key) > maxName {
			found.add(webhook.Invalid(fmt.Sprintf("searchKeys[%d]", i), "must be the name of a member of data"))
		}
	}
	schema, err := checkSchema(t)
	found.add(err)
	found.add(checkExample(t, schema))
	return found.err()
}

// checkSchema makes the topic's schema ready; nil for none.
func checkSchema(t *webhook.Topic) (*publish.Schema, error) {
	if len(t.Schema) == 0 {
		t.Schema = nil
		return nil, nil
	}
	if len(t.Schema) > maxSchema {
		return nil, webhook.Invalid("schema", "must have at most %d bytes", maxSchema)
	}
	return publish.CompileSchema(t.Schema)
}

// checkExample judges the example as publishing would judge data.
func checkExample(t *webhook.Topic, schema *publish.Schema) (err error) {
	if len(t.Example) == 0 {
		t.Example = nil
		return nil
	}
	if len(t.Example) > maxExample {
		return webhook.Invalid("example", "must have at most %d bytes", maxExample)
	}
	if t.Example, err = rawjson.Check(t.Example); err != nil {
		return moved(err, "data", "example")
	}
	if t.WarnOnly {
		return nil
	}
	return moved(schema.Check(t.Example), "data", "example")
}

// checkPatterns looks at an endpoint's topics: each is a topic's name, or a
// glob. It answers them without repeats, the groups they reach, and warnings
// for globs that reach nothing yet.
func checkPatterns(patterns []string, topics []webhook.Topic) (kept []string, groups []webhook.Group, warnings []string, err error) {
	if len(patterns) == 0 {
		return nil, nil, nil, webhook.Invalid("topics", "must name at least one topic")
	}
	if len(patterns) > maxPatterns {
		return nil, nil, nil, webhook.Invalid("topics", "can be at most %d", maxPatterns)
	}
	for i, p := range patterns {
		at := fmt.Sprintf("topics[%d]", i)
		if err := filter.CheckTopicPattern(p); err != nil {
			return nil, nil, nil, moved(err, "topics", at)
		}
		reached := 0
		for _, t := range topics {
			if filter.Topic(p, t.Name) {
				reached++
				if !slices.Contains(groups, t.Group) {
					groups = append(groups, t.Group)
				}
			}
		}
		if reached == 0 && !strings.Contains(p, "*") {
			return nil, nil, nil, webhook.Invalid(at, "is not a known topic: %s%s", p, hint(topics, p))
		}
		if reached == 0 {
			warnings = append(warnings, fmt.Sprintf("%s matches none of the present topics", p))
		}
		if !slices.Contains(kept, p) {
			kept = append(kept, p)
		}
	}
	return kept, groups, warnings, nil
}

// maxPatterns bounds the topics of one endpoint.
const maxPatterns = 100

// hint names the nearest topic, in words to put after a complaint.
func hint(topics []webhook.Topic, name string) string {
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = t.Name
	}
	if near := webhook.Nearest(name, names); near != "" {
		return "; the nearest is " + near
	}
	return ""
}
