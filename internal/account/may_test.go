package account_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

var (
	ours   = webhook.ProjectID{UUID: webhook.UUID{1}}
	theirs = webhook.ProjectID{UUID: webhook.UUID{2}}
	none   = webhook.ProjectID{}
)

func person(instance, project account.Role) account.Caller {
	projects := map[webhook.ProjectID]account.Role{}
	if project != "" {
		projects[ours] = project
	}
	c := account.ForUser(account.User{Email: "ada@example.com", Role: instance}, projects, true, "192.0.2.1")
	return c
}

func key(project webhook.ProjectID, scopes ...account.Scope) account.Caller {
	return account.ForKey(account.Key{Name: "ci", ProjectID: project, Scopes: scopes}, "192.0.2.1")
}

// callers by the names that the tables use; "wide" keys are the instance's.
var callers = map[string]account.Caller{
	"admin":        person(account.Admin, ""),
	"support":      person(account.Support, ""),
	"owner":        person(account.Member, account.Owner),
	"developer":    person(account.Member, account.Developer),
	"viewer":       person(account.Member, account.Viewer),
	"key-publish":  key(ours, account.ScopePublish),
	"key-manage":   key(ours, account.ScopeManage),
	"key-read":     key(ours, account.ScopeRead),
	"key-secrets":  key(ours, account.ScopeSecrets),
	"wide-publish": key(none, account.ScopePublish),
	"wide-manage":  key(none, account.ScopeManage),
	"wide-read":    key(none, account.ScopeRead),
	"wide-secrets": key(none, account.ScopeSecrets),
}

// who may do what on their project: the promise of the specification.
var allowed = map[account.Action]string{
	account.ViewProject:    "admin support owner developer viewer key-publish key-manage key-read key-secrets wide-publish wide-manage wide-read wide-secrets",
	account.ChangeProject:  "admin owner wide-manage",
	account.CreateProject:  "admin wide-manage",
	account.DeleteProject:  "admin owner wide-manage",
	account.SuspendProject: "admin wide-manage",
	account.ViewMembers:    "admin support owner developer viewer key-manage key-read wide-manage wide-read",
	account.ChangeMembers:  "admin owner wide-manage",
	account.IssueLinks:     "admin wide-manage",
	account.ViewKeys:       "admin owner developer key-manage wide-manage",
	account.CreateKeys:     "admin owner key-manage wide-manage",
	account.RevokeKeys:     "admin owner key-manage wide-manage",
	account.ViewEndpoints:  "admin support owner developer viewer key-manage key-read wide-manage wide-read",
	account.ChangeEndpoint: "admin owner developer key-manage wide-manage",
	account.PauseEndpoint:  "admin support owner developer key-manage wide-manage",
	account.TestEndpoint:   "admin owner developer key-manage wide-manage",
	account.UseSecrets:     "admin owner developer key-secrets wide-secrets",
	account.ViewDeliveries: "admin support owner developer viewer key-manage key-read wide-manage wide-read",
	account.SendAgain:      "admin support owner developer key-manage wide-manage",
	account.CancelDelivery: "admin owner developer key-manage wide-manage",
	account.ViewEvents:     "admin support owner developer viewer key-manage key-read wide-manage wide-read",
	account.Publish:        "owner developer key-publish wide-publish",
	account.Expunge:        "admin owner key-manage wide-manage",
	account.ViewTopics:     "admin support owner developer viewer key-publish key-manage key-read wide-publish wide-manage wide-read",
	account.ChangeTopics:   "admin wide-manage",
	account.ViewUsers:      "admin",
	account.ManageUsers:    "admin",
	account.ViewAudit:      "admin owner developer key-manage wide-manage",
	account.ViewSystem:     "admin wide-manage wide-read",
	account.ChangeProof:    "admin support owner developer viewer",
}

// ofEverybody are the actions that need no rank on the instance.
var ofEverybody = []account.Action{account.ViewTopics, account.ChangeProof}

func TestEachRoleMayDoItsOwnAndNothingElse(t *testing.T) {
	t.Parallel()
	for action, names := range allowed {
		for name, c := range callers {
			err := c.May(action, ours)
			if want := slices.Contains(strings.Fields(names), name); want != (err == nil) {
				t.Errorf("%s, %q: allowed %v, want %v (%v)", name, action, err == nil, want, err)
			}
			if err != nil && webhook.KindOf(err) != webhook.KindForbidden {
				t.Errorf("%s, %q: kind %v, want forbidden", name, action, webhook.KindOf(err))
			}
		}
	}
}

func TestAnotherProjectLooksMissingWhateverTheAction(t *testing.T) {
	t.Parallel()
	for action := range allowed {
		for _, name := range []string{"owner", "developer", "viewer", "key-publish", "key-manage", "key-read", "key-secrets"} {
			if err := callers[name].May(action, theirs); webhook.KindOf(err) != webhook.KindNotFound {
				t.Errorf("%s, %q: %v, want not found", name, action, err)
			}
		}
	}
}

func TestOnTheInstanceOnlyStaffAndInstanceKeysAct(t *testing.T) {
	t.Parallel()
	for action, names := range allowed {
		for name, c := range callers {
			want := slices.Contains(strings.Fields(names), name) &&
				(slices.Contains(ofEverybody, action) || !slices.Contains([]string{"owner", "developer", "viewer", "key-publish", "key-manage", "key-read", "key-secrets"}, name))
			if err := c.May(action, none); want != (err == nil) {
				t.Errorf("%s, %q on the instance: allowed %v, want %v", name, action, err == nil, want)
			}
		}
	}
}

func TestSomePowersAskForThePasswordAgain(t *testing.T) {
	t.Parallel()
	asking := []account.Action{account.DeleteProject, account.ChangeMembers, account.IssueLinks, account.CreateKeys, account.UseSecrets, account.ManageUsers, account.ChangeProof}
	for action := range allowed {
		c := person(account.Admin, "")
		c.SteppedUp = false
		err := c.May(action, ours)
		if want := slices.Contains(asking, action); want != account.NeedsStepUp(err) {
			t.Errorf("%q: asks %v, want %v", action, account.NeedsStepUp(err), want)
		}
		viewer := person(account.Member, account.Viewer)
		viewer.SteppedUp = false
		if account.NeedsStepUp(viewer.May(action, ours)) && action != account.ChangeProof {
			t.Errorf("%q: a viewer is asked for a password that would not help", action)
		}
	}
	if err := callers["wide-secrets"].May(account.UseSecrets, ours); err != nil {
		t.Errorf("a program has no password to give again: %v", err)
	}
}

func TestWhoCouldIsWhoMayAfterThePassword(t *testing.T) {
	t.Parallel()
	for action := range allowed {
		for name, c := range callers {
			asleep := c
			asleep.SteppedUp = false
			if asleep.Could(action, ours) != (c.May(action, ours) == nil) {
				t.Errorf("%s, %q: could %v, may %v", name, action, asleep.Could(action, ours), c.May(action, ours))
			}
		}
	}
}

func TestRefusalsForTheRoleAreToldFromOthers(t *testing.T) {
	t.Parallel()
	asleep := person(account.Member, account.Owner)
	asleep.SteppedUp = false
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"a viewer changes":          {callers["viewer"].May(account.ChangeEndpoint, ours), true},
		"an owner asleep":           {asleep.May(account.CreateKeys, ours), false},
		"another project":           {callers["owner"].May(account.ChangeEndpoint, theirs), false},
		"a key without the scope":   {callers["key-read"].May(account.Publish, ours), false},
		"something else altogether": {webhook.Forbidden("this request came from another site"), false},
	} {
		if account.LacksRole(test.err) != test.want {
			t.Errorf("%s: %v, want %v", name, test.err, test.want)
		}
	}
}

func TestNobodyMayNothingAndTheMachineAll(t *testing.T) {
	t.Parallel()
	for action := range allowed {
		if err := (account.Caller{}).May(action, none); webhook.KindOf(err) != webhook.KindNotFound {
			t.Errorf("nobody, %q: %v", action, err)
		}
		if err := account.ForSystem("start-up").May(action, ours); err != nil {
			t.Errorf("system, %q: %v", action, err)
		}
	}
}

func TestPayloadsOpenByRole(t *testing.T) {
	t.Parallel()
	member := person(account.Admin, account.Viewer)
	tests := map[string]struct {
		caller account.Caller
		want   account.Payload
	}{
		"viewer":                  {callers["viewer"], account.PayloadOpen},
		"admin outside":           {callers["admin"], account.PayloadAudited},
		"admin who is a member":   {member, account.PayloadOpen},
		"support":                 {callers["support"], account.PayloadWithReason},
		"key that reads":          {callers["key-read"], account.PayloadOpen},
		"key that publishes only": {callers["key-publish"], account.PayloadHidden},
		"somebody else":           {person(account.Member, ""), account.PayloadHidden},
		"nobody":                  {account.Caller{}, account.PayloadHidden},
		"the machine":             {account.ForSystem("demo"), account.PayloadOpen},
	}
	for name, test := range tests {
		if got := test.caller.PayloadOf(ours); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestViewersAndSupportDoNotSeeWholeURLs(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"admin": true, "support": false, "owner": true, "developer": true, "viewer": false, "key-read": true, "wide-read": true,
	} {
		if got := callers[name].SeesURLs(ours); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if callers["key-read"].SeesURLs(theirs) {
		t.Error("a key sees another project's URLs")
	}
}

func TestOnlyStaffAndInstanceKeysListEverything(t *testing.T) {
	t.Parallel()
	for name, c := range callers {
		want := name == "admin" || name == "support" || strings.HasPrefix(name, "wide-")
		if c.SeesAll() != want {
			t.Errorf("%s: %v, want %v", name, c.SeesAll(), want)
		}
	}
	if callers["key-read"].OwnProject() != ours || callers["owner"].OwnProject() != none {
		t.Error("only a project key has a project of its own")
	}
}
