package manage_test

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Every method that takes a caller is called on things of our project by
// somebody who may not: nobody, a member of another project, another project's
// key. A use-case that forgets to ask is found here.
func TestEveryUseCaseAsksWhoMay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint()
	id := mint.UUID(b.at)
	b.db.events[webhook.EventID{UUID: id}] = webhook.Event{ID: webhook.EventID{UUID: id}, ProjectID: b.project.ID, Data: []byte(`{}`)}
	b.db.deliveries[webhook.DeliveryID{UUID: id}] = webhook.DeliveryRow{Delivery: webhook.Delivery{ProjectID: b.project.ID, State: webhook.Exhausted}}
	b.db.keys[webhook.KeyID{UUID: id}] = account.Key{ID: webhook.KeyID{UUID: id}, ProjectID: b.project.ID}
	ours := map[reflect.Type]any{
		reflect.TypeFor[webhook.ProjectID]():      b.project.ID,
		reflect.TypeFor[[]webhook.ProjectID]():    []webhook.ProjectID{b.project.ID},
		reflect.TypeFor[webhook.EndpointID]():     e.ID,
		reflect.TypeFor[webhook.EventID]():        webhook.EventID{UUID: id},
		reflect.TypeFor[webhook.DeliveryID]():     webhook.DeliveryID{UUID: id},
		reflect.TypeFor[webhook.KeyID]():          webhook.KeyID{UUID: id},
		reflect.TypeFor[manage.NewEndpoint]():     manage.NewEndpoint{ProjectID: b.project.ID},
		reflect.TypeFor[manage.Catalogue]():       manage.Catalogue{ProjectID: b.project.ID},
		reflect.TypeFor[manage.NewKey]():          manage.NewKey{ProjectID: b.project.ID, Scopes: []string{"read"}},
		reflect.TypeFor[manage.Registration]():    manage.Registration{ProjectID: b.project.ID},
		reflect.TypeFor[webhook.EndpointFilter](): webhook.EndpointFilter{ProjectID: b.project.ID},
		reflect.TypeFor[webhook.DeliveryFilter](): webhook.DeliveryFilter{ProjectID: b.project.ID},
		reflect.TypeFor[webhook.EventFilter]():    webhook.EventFilter{ProjectID: b.project.ID},
		reflect.TypeFor[webhook.StatsFilter]():    webhook.StatsFilter{ProjectID: b.project.ID},
		reflect.TypeFor[webhook.AuditFilter]():    webhook.AuditFilter{ProjectID: b.project.ID},
		reflect.TypeFor[string]():                 b.project.ID.String(),
	}
	foreign := account.ForKey(account.Key{ProjectID: b.other.ID, Scopes: []account.Scope{"publish", "manage", "read", "secrets"}}, "")
	member := b.person(account.Member, "")
	member.Projects[b.other.ID] = account.Owner
	before := len(b.db.audit)
	for name, c := range map[string]account.Caller{"nobody": {}, "another project's key": foreign, "another project's owner": member} {
		for method, args := range callerMethods(b.Service, c, ours) {
			if c.User != nil && slices.Contains(aboutThemselves, method.Name) ||
				!c.SeesAll() && c.Key != nil && method.Name == "Projects" ||
				(c.User != nil || c.Key != nil) && method.Name == "Topics" {
				continue // about themselves or the catalogue
			}
			out := method.Func.Call(args)
			err, _ := out[len(out)-1].Interface().(error)
			switch webhook.KindOf(err) {
			case webhook.KindNotFound, webhook.KindForbidden, webhook.KindUnauthorized:
			default:
				t.Errorf("%s calls %s: %v, want a refusal", name, method.Name, err)
			}
		}
	}
	if len(b.db.audit) != before {
		t.Errorf("refused calls left audit entries: %v", b.actions()[before:])
	}
}

// aboutThemselves are the use-cases in which people act on nobody but
// themselves.
var aboutThemselves = []string{
	"Projects", "StepUp", "ChangePassword", "Rename", "SecondFactor", "BeginSecondFactor", "Enrolment", "ConfirmSecondFactor", "RenewRecoveryCodes",
	"TurnOffSecondFactor", "MustEnrol",
}

// callerMethods are the methods of the Service that take a caller, with
// arguments about our project.
func callerMethods(s *manage.Service, c account.Caller, ours map[reflect.Type]any) map[*reflect.Method][]reflect.Value {
	found := map[*reflect.Method][]reflect.Value{}
	typ := reflect.TypeOf(s)
	for i := range typ.NumMethod() {
		m := typ.Method(i)
		if m.Type.NumIn() < 3 || m.Type.In(2) != reflect.TypeFor[account.Caller]() {
			continue
		}
		args := []reflect.Value{reflect.ValueOf(s), reflect.ValueOf(context.Background()), reflect.ValueOf(c)}
		for j := 3; j < m.Type.NumIn(); j++ {
			in := m.Type.In(j)
			arg := reflect.Zero(in)
			if known, ok := ours[in]; ok {
				arg = reflect.ValueOf(known)
			}
			args = append(args, arg)
		}
		found[&m] = args
	}
	return found
}

func TestViewersSeeNoTokensInURLsOrHeaders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	made := must[manage.CreatedEndpoint](t)(b.CreateEndpoint(t.Context(), b.developer(), manage.NewEndpoint{
		ProjectID: b.project.ID,
		Settings: webhook.Settings{
			URL: "https://example.com/hook?token=t", Topics: []string{"*"},
			Headers: []webhook.Header{{Name: "X-Plain", Value: "open"}, {Name: "X-Api-Key", Value: "hush-hush", Secret: true}},
		},
	}))
	for role, want := range map[account.Role][3]string{
		account.Viewer:    {"https://example.com/…", "****", "****"},
		account.Developer: {"https://example.com/hook?token=t", "open", "****"},
	} {
		c := b.person(account.Member, role)
		e := must[webhook.Endpoint](t)(b.Endpoint(t.Context(), c, made.ID))
		list := must[webhook.Page[webhook.Endpoint]](t)(b.Endpoints(t.Context(), c, manage.EndpointFilter{ProjectID: b.project.ID}))
		for _, seen := range []webhook.Endpoint{e, list.Items[0]} {
			got := [3]string{seen.URL, seen.Headers[0].Value, seen.Headers[1].Value}
			if got != want {
				t.Errorf("%s sees %q, want %q", role, got, want)
			}
			if seen.Headers[1].Sealed != nil {
				t.Errorf("%s gets the sealed value", role)
			}
		}
	}
	stored := b.db.endpoints[made.ID]
	if stored.Headers[1].Value != "" || string(must[[]byte](t)(b.keys.Open(stored.Headers[1].Sealed, made.ID.UUID, webhook.HeaderField("X-API-KEY")))) != "hush-hush" {
		t.Errorf("stored header %+v does not open again", stored.Headers[1])
	}
}
