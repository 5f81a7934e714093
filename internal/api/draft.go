package api

import (
	"context"
	"fmt"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// drafts reads {"events": […]}.
func (a *API) drafts(ctx context.Context, caller account.Caller, body []byte) ([]publish.Draft, error) {
	var list []byte
	for key, value := range rawjson.All(body) {
		if !rawjson.NameIs(key, "events") {
			return nil, unknownMember("", key)
		}
		list = value
	}
	if len(list) == 0 || list[0] != '[' {
		return nil, webhook.Invalid("events", "must be a list of events")
	}
	var drafts []publish.Draft
	for i, item := range rawjson.Elements(list) {
		if i >= publish.MaxBatch {
			return nil, webhook.Invalid("events", "holds more than %d events", publish.MaxBatch)
		}
		draft, err := a.draft(ctx, caller, item, fmt.Sprintf("events[%d].", i))
		if err != nil {
			return nil, err
		}
		drafts = append(drafts, draft)
	}
	return drafts, nil
}

// draft reads one event; at is the path before its members. What the members
// say is for publish to judge; the bytes of data stay as they were sent.
func (a *API) draft(ctx context.Context, caller account.Caller, object []byte, at string) (publish.Draft, error) {
	var d publish.Draft
	if len(object) == 0 || object[0] != '{' {
		return d, webhook.Invalid("body."+at+"topic", "is missing: an event is an object with topic and data")
	}
	var project string
	for key, value := range rawjson.All(object) {
		if err := take(&d, &project, at, key, value); err != nil {
			return d, err
		}
	}
	if d.Data == nil {
		return d, webhook.Invalid(at+"data", "is missing")
	}
	if d.Audience == webhook.AudienceAll {
		if err := mayReachAll(caller); err != nil {
			return d, locate(err, at+"audience")
		}
	}
	if project == "" {
		return d, nil // publish takes the key's own
	}
	var err error
	d.Project, err = a.projectOf(ctx, caller, project, at+"projectId")
	return d, err
}

func mayReachAll(caller account.Caller) error {
	if !caller.OwnProject().IsZero() {
		return webhook.Forbidden("only an instance key may publish to all projects")
	}
	return caller.May(account.Publish, webhook.ProjectID{})
}

// take reads one member. A null counts as left out.
func take(d *publish.Draft, project *string, at string, key, value []byte) error {
	name, _ := rawjson.Text(key)
	switch name {
	case "data":
		d.Data = value
		return nil
	case "topic", "projectId", "audience", "idempotencyKey", "occurredAt":
	default: // before its type: that is nobody's matter
		return unknownMember(at, key)
	}
	text, isText := rawjson.Text(value)
	switch {
	case !isText && string(value) != "null":
		return webhook.Invalid(at+name, "must be text")
	case !takable(text):
		return webhook.Invalid(at+name, "holds a NUL character")
	}
	switch name {
	case "topic":
		d.Topic = text
	case "projectId":
		*project = text
	case "audience":
		d.Audience = webhook.Audience(text)
	case "idempotencyKey":
		d.Key = text
		if isText && text == "" {
			return webhook.Invalid(at+name, "is empty; leave it out instead")
		}
	case "occurredAt":
		return readTime(&d.OccurredAt, text, isText, at+name)
	}
	return nil
}

func readTime(into *time.Time, text string, given bool, at string) (err error) {
	if !given {
		return nil
	}
	if *into, err = time.Parse(time.RFC3339, text); err != nil {
		return webhook.Invalid(at, "must be a time like 2026-01-24T10:30:00.000Z")
	}
	return nil
}

func unknownMember(at string, key []byte) error {
	name, _ := rawjson.Text(key)
	return webhook.Invalid("body."+at+shorten(name), "is not a member of this request")
}

// shorten keeps a stranger's text small enough to be quoted back.
func shorten(s string) string {
	const most = 128
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

// projectOf answers the project that a reference names, zero for none: an id,
// or ext: and the platform's own id. Whether an id exists is not asked here.
func (a *API) projectOf(ctx context.Context, caller account.Caller, ref, at string) (webhook.ProjectID, error) {
	if ref == "" {
		return caller.OwnProject(), nil
	}
	id, err := a.lookUp(ctx, caller, ref)
	if err == nil && !caller.Sees(id) {
		err = webhook.NotFound("there is no such project")
	}
	return id, locate(err, at)
}

func (a *API) lookUp(ctx context.Context, caller account.Caller, ref string) (webhook.ProjectID, error) {
	if id, err := webhook.ParseUUID(ref); err == nil {
		return webhook.ProjectID{UUID: id}, nil
	}
	// Who sees one project only must not learn from the memory of others.
	wide := caller.OwnProject().IsZero()
	if id, ok := a.externals.recall(ref); ok && wide {
		return id, nil
	}
	asked := a.options.Now()
	project, err := a.manage.FindProject(ctx, caller, ref)
	if err == nil && wide {
		a.externals.keep(ref, project.ID, asked)
	}
	return project.ID, err
}
