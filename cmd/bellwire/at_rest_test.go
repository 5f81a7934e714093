package main_test

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/bellwire/bellwire/internal/oidc/oidctest"
	"github.com/bellwire/bellwire/internal/slack/slacktest"
	"github.com/bellwire/bellwire/internal/store/storetest"
)

// secrets is what must be nowhere at rest, by what it is.
type secrets map[string]string

// TestSecrets_are_nowhere_at_rest uses every kind of secret and then looks for
// each, however it may be written, in all that is kept: the database's files, a
// copy made by backup, a dump, and the whole log. A text that is no secret shows
// that the search finds what is there.
func TestSecrets_are_nowhere_at_rest(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		known := secrets{"master key": masterKey, "OIDC client secret": oidctest.Secret, "Slack client secret": slacktest.Secret}
		provider := oidctest.New(t, "sub-1", "admin@example.com")
		n.env = append(n.env, "BELLWIRE_OIDC_ISSUER="+provider.URL, "BELLWIRE_OIDC_CLIENT_ID="+oidctest.ClientID, "BELLWIRE_OIDC_SECRET="+oidctest.Secret,
			"BELLWIRE_LOG_LEVEL=debug")
		workspace := withSlack(t, n, slacktest.Channel{ID: "C0ONE", Name: "one"})
		n.start()
		v := newVisitor(t, n.url)
		project, key := known.ofAdmin(n, v)
		known.ofSlack(n, v, workspace, project, key)
		known.ofEndpoints(t, n, key)
		known.ofNewcomers(n, project)
		known.ofSecondFactor(n, v)
		const marker = "a text that is no secret"
		n.prompt(t, key, `{"name":"control","prompt":"x","commitMessage":"`+marker+`"}`)
		kept := n.kept(t)
		if len(known) < 20 {
			t.Errorf("only %d secrets are looked for", len(known))
		}
		for where, text := range kept {
			for what, secret := range known {
				if form := written(text, secret); form != "" {
					t.Errorf("%s holds the %s, in %s", where, what, form)
				}
			}
		}
		for where, text := range map[string]string{
			"the database": kept["bellwire.db"] + kept["bellwire.db-wal"] + kept["the dump"], "the copy": kept["copy.db"] + kept["the dump"],
		} {
			if written(text, marker) == "" {
				t.Errorf("the search does not even find in %s what it holds", where)
			}
		}
	})
}

// ofAdmin signs the admin in, by a wrong password, by the right one and at the
// provider, and makes a project with keys.
func (s secrets) ofAdmin(n *node, v *visitor) (project, key string) {
	s["admin's password"], s["mistyped password"] = "correct horse battery", "korrect horse/battery+?"
	v.signIn("admin@example.com", s["mistyped password"])
	v.signIn("admin@example.com", s["admin's password"])
	s["first session cookie"] = v.cookie()
	atProvider := newVisitor(n.t, n.url)
	if page := atProvider.get("/sign-in/oidc?next=/profile"); !strings.Contains(page, "admin@example.com") {
		n.t.Fatalf("the provider's sign-in leads to\n%s", page)
	}
	s["cookie by the provider"] = atProvider.cookie()
	_, home := v.postTo("/projects", url.Values{"name": {"Vault"}})
	project = strings.TrimPrefix(home, "/p/")
	s["instance key"], s["project's key"] = n.instance, n.key("--project", project)
	s["key made on a page"] = shownKey.FindString(v.post(home+"/keys", url.Values{"name": {"page"}, "scope": {"read"}}))
	n.raw("", "GET", "/endpoints?access_token="+s["project's key"], nil)
	n.raw("bwsk_mistyped_0123456789", "GET", "/endpoints", nil)
	s["key that is none"] = "bwsk_mistyped_0123456789"
	return project, s["project's key"]
}

func (s secrets) ofSlack(n *node, v *visitor, w *slacktest.Workspace, project, key string) {
	response, err := v.http.Get(n.url + "/p/" + project + "/slack/connect")
	if err == nil {
		response.Body.Close()
		allow := *response.Request.URL
		allow.Path = "/oauth/v2/allow"
		response, err = v.http.Get(allow.String())
	}
	v.read(response, err, "the way to Slack and back")
	tokens := w.Tokens()
	if len(tokens) != 1 {
		n.t.Fatalf("%d tokens were given out", len(tokens))
	}
	s["Slack token"] = tokens[0]
	n.must(201, key, "POST", "/endpoints", object{"kind": "slack", "channel": object{"id": "C0ONE"}, "topics": []string{"product.*"}})
	n.must(202, key, "POST", "/events", viewed)
	eventually(n.t, 20*time.Second, "the channel is told", func() bool { return len(w.In("C0ONE")) == 1 })
}

// ofEndpoints delivers with every kind of signing secret: made and brought,
// next, previous and replaced, and with secret headers, one of them within the
// body.
func (s secrets) ofEndpoints(t *testing.T, n *node, key string) {
	receiver, seen := answering(t)
	s["secret header"], s["secret in a body"] = "tops3cret/header+value?", "r0uting/key+value?"
	s["brought secret"], s["brought next secret"] = "brought=secret/0123+456", "brought=next/9876+543"
	headers := object{"headers": []object{{"name": "X-Api-Key", "value": s["secret header"], "secret": true}}}
	first := n.endpoint(key, receiver, headers)
	s["made secret"] = first.text("secret")
	n.must(200, key, "POST", "/endpoints/"+first.text("id")+"/secret/rotate", object{"secret": s["brought next secret"]})

	second := n.endpoint(key, receiver, object{"secret": s["brought secret"], "format": "aicommerce"})
	at := "/endpoints/" + second.text("id") + "/secret/"
	s["made next secret"] = n.must(200, key, "POST", at+"rotate", nil).text("secret")
	n.must(200, key, "POST", at+"switch", nil)

	third := n.endpoint(key, receiver, object{
		"headers":  []object{{"name": "X-Routing-Key", "value": s["secret in a body"], "secret": true}},
		"template": `{"routing_key":"{{secret['X-Routing-Key']}}","about":"{{topic}}"}`,
	})
	s["replaced secret"] = third.text("secret")
	s["secret that replaced it"] = n.must(200, key, "POST", "/endpoints/"+third.text("id")+"/secret/compromised", nil).text("secret")
	n.must(202, key, "POST", "/events", viewed)
	eventually(t, 20*time.Second, "all three got it", func() bool { return len(seen()) == 3 })
	filled := false
	for _, r := range seen() {
		filled = filled || strings.Contains(r.body, s["secret in a body"])
	}
	if !filled {
		t.Error("the template's secret was not filled in")
	}
	eventually(t, 20*time.Second, "all is logged", func() bool {
		return len(n.must(200, key, "GET", "/deliveries?state=delivered", nil).list("data")) == 4
	})
}

// ofNewcomers invites two and gives two links, one of each used.
func (s secrets) ofNewcomers(n *node, project string) {
	token := func(what, kind string, body object) string {
		n.t.Helper()
		link := n.must(201, n.instance, "POST", "/projects/"+project+kind, body).text("url")
		u, err := url.Parse(link)
		if err != nil || u.Query().Get("token") == "" {
			n.t.Fatalf("no token in %q", link)
		}
		s[what] = u.Query().Get("token")
		return link
	}
	s["newcomer's password"] = "a very long/phrase+of mine?"
	token("open invitation", "/invitations", object{"email": "later@example.com", "role": "viewer"})
	invitation := token("used invitation", "/invitations", object{"email": "new@example.com", "role": "developer"})
	in := newVisitor(n.t, n.url)
	in.get(strings.TrimPrefix(invitation, n.url))
	if _, at := in.postTo("/invitation", url.Values{"token": {s["used invitation"]}, "name": {"New"}, "password": {s["newcomer's password"]}}); at != "/p/"+project {
		n.t.Fatalf("the invitation leads to %s", at)
	}
	s["newcomer's cookie"] = in.cookie()
	token("open sign-in link", "/sign-in-links", object{"email": "b@example.com", "role": "viewer"})
	link := token("used sign-in link", "/sign-in-links", object{"email": "c@example.com", "role": "viewer"})
	by := newVisitor(n.t, n.url)
	by.get(strings.TrimPrefix(link, n.url))
	if at := by.useLink(link); at != "/p/"+project {
		n.t.Fatalf("the link leads to %s", at)
	}
	s["cookie by link"] = by.cookie()
}

var (
	shownSeed = regexp.MustCompile(`aria-label="The secret">([A-Z2-7 ]+)<`)
	shownCode = regexp.MustCompile(`>([a-z1-9]{4}-[a-z1-9]{4}-[a-z1-9]{4}-[a-z1-9]{4})<`)
)

// ofSecondFactor turns it on and signs in by a recovery code.
func (s secrets) ofSecondFactor(n *node, v *visitor) {
	found := shownSeed.FindStringSubmatch(v.post("/profile/second-factor", nil))
	if found == nil {
		n.t.Fatal("the seed is not on the page")
	}
	seed := strings.ReplaceAll(found[1], " ", "")
	code, err := totp.GenerateCode(seed, time.Now())
	if err != nil {
		n.t.Fatal(err)
	}
	codes := shownCode.FindAllStringSubmatch(v.post("/profile/second-factor/confirm", url.Values{"code": {code}}), -1)
	if len(codes) != 10 {
		n.t.Fatalf("%d recovery codes", len(codes))
	}
	again := newVisitor(n.t, n.url)
	again.signIn("admin@example.com", s["admin's password"])
	if _, at := again.postTo("/sign-in/code", url.Values{"code": {codes[0][1]}, "recovery": {"true"}, "next": {"/profile"}}); at != "/profile" {
		n.t.Fatalf("the recovery code leads to %s", at)
	}
	s["seed"], s["used recovery code"], s["open recovery code"] = seed, codes[0][1], codes[1][1]
	s["session cookie"], s["cookie by recovery code"] = v.cookie(), again.cookie()
}

// cookie is the visitor's session's.
func (v *visitor) cookie() string {
	v.t.Helper()
	base, err := url.Parse(v.base)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, c := range v.http.Jar.Cookies(base) {
		if c.Name == "bellwire" && len(c.Value) > 20 {
			return c.Value
		}
	}
	v.t.Fatal("there is no session")
	return ""
}

// kept is everything that the node leaves behind, by where it is.
func (n *node) kept(t *testing.T) map[string]string {
	t.Helper()
	kept := map[string]string{}
	database := n.database()
	path, lite := strings.CutPrefix(database, "sqlite://")
	if lite {
		n.command("backup", filepath.Join(filepath.Dir(path), "copy.db"))
		for _, file := range files(t, filepath.Dir(path)) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			kept[filepath.Base(file)] = string(raw)
		}
		if _, ok := kept["bellwire.db-wal"]; !ok || len(kept) < 4 {
			t.Fatalf("not all files are there: %d", len(kept))
		}
	} else {
		kept["the dump"] = storetest.Dump(t, database)
	}
	if err := n.stop(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	kept["the log"] = n.log.String()
	return kept
}

func (n *node) database() (found string) {
	for _, v := range n.env {
		if value, ok := strings.CutPrefix(v, "BELLWIRE_DATABASE_URL="); ok {
			found = value
		}
	}
	return found
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	return all
}

// written says in which form a text holds a secret, empty for none: as it is,
// the bytes that it stands for, or any of them in hex, base64 or percent signs.
func written(text, secret string) string {
	for form, look := range formsOf(secret) {
		if strings.Contains(text, look) {
			return form
		}
	}
	return ""
}

func formsOf(secret string) map[string]string {
	forms := map[string]string{}
	for of, bytes := range bytesOf(secret) {
		add := func(form, look string) { forms[form+of] = look }
		add("plain text", bytes)
		add("hex", hex.EncodeToString([]byte(bytes)))
		add("capital hex", strings.ToUpper(hex.EncodeToString([]byte(bytes))))
		add("percent signs", url.QueryEscape(bytes))
		add("a path's percent signs", url.PathEscape(bytes))
		add("percent signs throughout", percent(bytes))
		for shift := range 3 {
			look := inBase64(bytes, shift)
			add(fmt.Sprintf("base64 from byte %d", shift), look)
			add(fmt.Sprintf("base64 of URLs from byte %d", shift), strings.NewReplacer("+", "-", "/", "_").Replace(look))
		}
	}
	return forms
}

// bytesOf are a secret's text and what it stands for.
func bytesOf(secret string) map[string]string {
	of := map[string]string{"": secret}
	if bare := strings.ReplaceAll(secret, "-", ""); len(bare) == 16 {
		of[" without hyphens"] = bare
	}
	if raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_")); err == nil && len(raw) >= 24 {
		of[" of its bytes"] = string(raw)
	}
	if raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret); err == nil && len(raw) >= 16 {
		of[" of its bytes"] = string(raw)
	}
	return of
}

// inBase64 is how text shows in base64 when so many bytes stand before it:
// the characters that depend on nothing else.
func inBase64(text string, before int) string {
	encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before) + text))
	return encoded[(before*8+5)/6 : (before+len(text))*8/6]
}

func percent(text string) string {
	var out strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&out, "%%%02X", text[i])
	}
	return out.String()
}

func TestSearch_finds_a_secret_however_it_is_written(t *testing.T) {
	t.Parallel()
	const secret = "s3cret+/?with~odd characters>"
	for name, text := range map[string]string{
		"plain": "x" + secret + "y", "hex": hex.EncodeToString([]byte("x" + secret + "y")), "capitals": fmt.Sprintf("%X", secret),
		"query": "a=" + url.QueryEscape(secret) + "&b", "path": "/" + url.PathEscape(secret), "percent": percent(secret),
		"base64": base64.StdEncoding.EncodeToString([]byte(secret + "y")), "one on": base64.StdEncoding.EncodeToString([]byte("x" + secret + "yy")),
		"two on": base64.StdEncoding.EncodeToString([]byte("xy" + secret)), "URLs": base64.RawURLEncoding.EncodeToString([]byte("xyzu" + secret)),
	} {
		if written(text, secret) == "" {
			t.Errorf("%s: %q is not found in %q", name, secret, text)
		}
	}
	if form := written("whsec "+string([]byte{0, 1, 2}), secret); form != "" {
		t.Errorf("found in %s where it is not", form)
	}
	key := "whsec_" + base64.StdEncoding.EncodeToString([]byte("twenty-four bytes or more"))
	if written("x twenty-four bytes or more x", key) == "" || written(hex.EncodeToString([]byte("twenty-four bytes or more")), key) == "" {
		t.Error("the bytes of a signing secret are not found")
	}
}
