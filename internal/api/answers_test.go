package api_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/publish"
)

func TestNullTakesNoRequiredMemberAway(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.endpoint(f.full)
	for _, member := range []string{"name", "kind", "url", "format", "topics"} {
		f.refused(422, "body."+member, f.full, "PATCH", "/endpoints/"+id, `{"ordered":true,"`+member+`":null}`)
	}
	f.ok(200, f.full, "GET", "/endpoints/"+id, "").is(map[string]string{"version": "1", "ordered": "false"})
	f.ok(200, f.full, "PATCH", "/endpoints/"+id, `{"name":"Other"}`).is(map[string]string{"name": "Other", "url": "https://receiver.example/hook"})
	f.refused(422, "body.name", f.instance, "PATCH", "/projects/"+f.ours.ID.String(), `{"name":null}`)
}

func TestAListOfAnEndpointIsNeverLeftOut(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	e := f.ok(200, f.full, "GET", "/endpoints/"+f.endpoint(f.full), "")
	for _, at := range [][]any{{"promptFilter", "names"}, {"promptFilter", "tags"}, {"promptFilter", "labels"}, {"retry", "delaysSeconds"}, {"headers"}, {"payloadFilter"}} {
		if n := e.count(at...); n != 0 {
			t.Errorf("%v holds %d", at, n)
		}
	}
	if e.count("topics") != 1 {
		t.Error("no topics")
	}
	f.ok(201, f.full, "POST", "/endpoints", `{"url":"https://receiver.example/","topics":["prompt.*"],"promptFilter":{"tags":["a"]},"retry":{"policy":"short"}}`)
}

func TestAnErrorAboutAParameterNamesIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, name := range []string{"endpointId", "eventId"} {
		detail := f.refused(422, "query."+name, f.full, "GET", "/deliveries?"+name+"=x", "")
		if !strings.HasPrefix(detail, name+" is not an id: ") {
			t.Errorf("%s: %s", name, detail)
		}
	}
}

func TestAMemberIsUnknownBeforeItsTypeIsWrong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, value := range []string{`1`, `"x"`, `[]`, `null`, `"\u0000"`} {
		detail := f.refused(422, "body.colour", f.full, "POST", "/events", strings.Replace(viewed, `{"topic"`, `{"colour":`+value+`,"topic"`, 1))
		if !strings.Contains(detail, "is not a member") {
			t.Errorf("%s: %s", value, detail)
		}
	}
	f.refused(422, "body.topic", f.full, "POST", "/events", `{"topic":1,"data":{}}`)
}

func TestOnlyThePlatformPublishesToAll(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	all := strings.Replace(viewed, `{"topic"`, `{"audience":"all","topic"`, 1)
	detail := f.refused(403, "body.audience", f.full, "POST", "/events", all)
	if detail != "only an instance key may publish to all projects" {
		t.Error(detail)
	}
	f.refused(403, "body.events[0].audience", f.full, "POST", "/events/batch", `{"events":[`+all+`]}`)
	f.ok(202, f.instance, "POST", "/events", all)
}

func TestATopicNamesItsGroup(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ok(201, f.instance, "POST", "/topics", `{"name":"cart.left"}`).is(map[string]string{"group": "custom"})
	f.ok(201, f.instance, "POST", "/topics", `{"name":"cart.filled","group":"store"}`).is(map[string]string{"group": "store"})
	f.ok(200, f.instance, "PATCH", "/topics/cart.left", `{"group":"commerce"}`).is(map[string]string{"group": "commerce"})
	f.ok(200, f.instance, "GET", "/topics/cart.left", "").is(map[string]string{"group": "commerce"})
	for _, group := range []string{"operational", "mine"} {
		f.refused(422, "body.group", f.instance, "POST", "/topics", `{"name":"cart.lost","group":"`+group+`"}`)
		f.refused(422, "body.group", f.instance, "PATCH", "/topics/cart.left", `{"group":"`+group+`"}`)
	}
}

func TestAProjectSeesItsOwnShareOfAnEventForAll(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpoint(f.full)
	f.endpoint(f.full)
	f.endpoint(f.foreign)
	wide := f.ok(202, f.instance, "POST", "/events", strings.Replace(viewed, `{"topic"`, `{"audience":"all","topic"`, 1)).text("id")
	f.fanOut(wide, 3)
	for key, want := range map[string]string{f.full: "2", f.foreign: "1"} {
		for _, event := range []node{f.ok(200, key, "GET", "/events", "").at("data", 0), f.ok(200, key, "GET", "/events/"+wide, "")} {
			event.is(map[string]string{"id": wide, "deliveries": want, "publishedBy.type": "key", "publishedBy.name": "the platform"})
			if event.at("publishedBy").has("id") {
				t.Error("the instance's key is named")
			}
		}
	}
	if !f.ok(200, f.instance, "GET", "/events/"+wide, "").at("publishedBy").has("id") {
		t.Error("the instance does not see its own key")
	}
	own := f.ok(202, f.full, "POST", "/events", viewed).text("id")
	f.ok(200, f.full, "GET", "/events/"+own, "").is(map[string]string{"deliveries": "2", "publishedBy.name": "key"})
	given := f.ok(202, f.instance, "POST", "/events", strings.Replace(viewed, `{"topic"`, `{"projectId":"ext:acme/1","topic"`, 1)).text("id")
	f.ok(200, f.full, "GET", "/events/"+given, "").is(map[string]string{"deliveries": "2", "publishedBy.name": "the platform"})
}

// fanOut makes the deliveries of an event for all, as the publisher does.
func (f *fixture) fanOut(event string, deliveries int) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	ended := make(chan error)
	go func() { ended <- publish.New(f.store, idle{}, publish.Options{}).RunFanOut(ctx) }()
	for ctx.Err() == nil && f.ok(200, f.instance, "GET", "/deliveries?eventId="+event, "").count("data") < deliveries {
		time.Sleep(5 * time.Millisecond)
	}
	if ctx.Err() != nil {
		f.t.Error("the deliveries are not made")
	}
	cancel()
	f.must(<-ended)
}
