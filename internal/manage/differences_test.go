package manage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestNoSecretGetsIntoTheAuditLog(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.developer()
	const token = "t0ken"
	made := must[manage.CreatedEndpoint](t)(b.CreateEndpoint(t.Context(), c, manage.NewEndpoint{
		ProjectID: b.project.ID, Secret: "whsec_" + token + strings.Repeat("A", 35),
		Settings: webhook.Settings{URL: "https://me:" + token + "@example.com/" + token, Topics: []string{"*"}, Headers: []webhook.Header{
			{Name: "Authorization", Value: token, Secret: true}, {Name: "X-Key", Value: token}, {Name: "X-Same", Value: "a"}, {Name: "X-Gone", Value: token},
		}},
	}))
	another := "https://example.com/other?key=" + token
	headers := []webhook.Header{
		{Name: "Authorization", Value: token + "2", Secret: true}, {Name: "X-Key", Value: token + "2", Secret: true}, {Name: "X-Same", Value: "a"}, {Name: "X-New", Value: token},
	}
	if _, _, err := b.UpdateEndpoint(t.Context(), c, made.ID, manage.EndpointPatch{URL: &another, Headers: &headers}); err != nil {
		t.Fatal(err)
	}
	headers[0].Secret, headers[0].Value, headers[2].Value = false, token, token
	headers[1].Value = ""
	if _, _, err := b.UpdateEndpoint(t.Context(), c, made.ID, manage.EndpointPatch{Headers: &headers}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		"https://example.com/…",
		"URL: another path or query at https://example.com/…\nheader Authorization: another value (secret)\nheader X-Key: secret: no → yes\nheader X-New: added\nheader X-Gone: removed",
		"header Authorization: secret: yes → no\nheader X-Same: another value",
	} {
		if got := b.db.audit[i].Detail; got != want {
			t.Errorf("%q\nwant %q", got, want)
		}
	}
	for _, e := range b.db.audit {
		if strings.Contains(fmt.Sprintf("%+v", e), token) {
			t.Errorf("a secret stands in %+v", e)
		}
	}
}

func TestALongValueIsCutToWhereItDiffers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.developer()
	e := b.endpoint()
	change := func(p manage.EndpointPatch) string {
		t.Helper()
		if _, _, err := b.UpdateEndpoint(t.Context(), c, e.ID, p); err != nil {
			t.Fatal(err)
		}
		return b.db.audit[len(b.db.audit)-1].Detail
	}
	long := "data.note != '" + strings.Repeat("ä", 400) + "' && data.price > "
	change(manage.EndpointPatch{Payload: &webhook.PayloadFilter{Expression: long + "5"}})
	got := change(manage.EndpointPatch{Payload: &webhook.PayloadFilter{Expression: long + "10"}})
	if !strings.HasSuffix(got, "data.price > 10") || !strings.Contains(got, "data.price > 5 → …") || len([]rune(got)) > 200 {
		t.Errorf("an expression: %q", got)
	}
	if got = change(manage.EndpointPatch{Payload: &webhook.PayloadFilter{Expression: long + " \n 10"}}); got != "payload filter: other spaces" {
		t.Errorf("spaces: %q", got)
	}
	var topics []string
	for i := range 60 {
		topics = append(topics, fmt.Sprintf("thing-%d.*", i))
	}
	change(manage.EndpointPatch{Topics: &topics})
	fewer := append([]string{"product.*"}, topics[2:]...)
	if got = change(manage.EndpointPatch{Topics: &fewer}); got != "topics: added product.*; removed thing-0.*, thing-1.*" {
		t.Errorf("topics: %q", got)
	}
	turned := append(fewer[1:len(fewer):len(fewer)], fewer[0])
	if got = change(manage.EndpointPatch{Topics: &turned}); got != "topics: in another order" {
		t.Errorf("order: %q", got)
	}
}
