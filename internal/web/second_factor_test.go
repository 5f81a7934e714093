package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/pquerna/otp/totp"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// enrolled turns the second factor on for whoever the browser is, and answers
// the secret and the recovery codes.
func (b *browser) enrolled(f *fixture) (text string, codes []string) {
	b.t.Helper()
	b.get("/profile/second-factor").is(http.StatusOK).says("Begin")
	scan := b.follow("/profile/second-factor", nil).is(http.StatusOK).says("Scan with your app")
	text = strings.ReplaceAll(scan.doc().Find(`pre[aria-label="The secret"]`).Text(), " ", "")
	done := b.post("/profile/second-factor/confirm", url.Values{"code": {f.code(text)}}).is(http.StatusOK).says("not shown again")
	done.doc().Find(".codes li").Each(func(_ int, s *goquery.Selection) { codes = append(codes, s.Text()) })
	if len(codes) != 10 {
		b.t.Fatalf("%d recovery codes", len(codes))
	}
	f.clock.forward(30 * time.Second) // the code was used
	return text, codes
}

func (f *fixture) code(text string) string {
	f.t.Helper()
	code, err := totp.GenerateCode(text, f.clock.now())
	f.must(err)
	return code
}

// halfIn is a browser that has given the password and not yet the code.
func (f *fixture) halfIn(email string) *browser {
	f.t.Helper()
	b := f.visitor()
	got := b.post("/sign-in", url.Values{"email": {email}, "password": {password}, "next": {"/profile"}}).is(http.StatusSeeOther)
	if got.location != "/sign-in/code?next=%2Fprofile" {
		f.t.Fatalf("the password leads to %q", got.location)
	}
	return b
}

func TestSecondFactor_is_turned_on_asked_for_and_turned_off(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	b.get("/profile").is(http.StatusOK).says("Second factor", "off", "Turn on")
	elsewhere := f.signIn("owner@example.com")
	before := b.cookies["bellwire"]
	text, codes := b.enrolled(f)
	if b.cookies["bellwire"] == before {
		t.Error("the session kept its token")
	}
	elsewhere.get("/projects").is(http.StatusSeeOther)
	b.get("/profile").is(http.StatusOK).says("10 recovery codes are left").hides(codes[0], text)
	if got := b.get("/profile/second-factor"); got.location != "/profile" {
		t.Errorf("who has one is led to %q", got.location)
	}

	phone := f.halfIn("owner@example.com")
	action, form := phone.get("/sign-in/code?next=%2Fprofile").is(http.StatusOK).form(`form[action="/sign-in/code"]:contains("from your app")`)
	form.Set("code", "000 000")
	phone.post(action, form).is(http.StatusUnprocessableEntity).says("That code is not right")
	f.manage.Settle()
	code := f.code(text)
	form.Set("code", code[:3]+" "+code[3:])
	half := phone.cookies["bellwire"]
	if in := phone.post(action, form).is(http.StatusSeeOther); in.location != "/profile" {
		t.Errorf("goes on at %q", in.location)
	}
	if phone.cookies["bellwire"] == half {
		t.Error("the second step made no new token")
	}
	phone.get("/profile").is(http.StatusOK).says("1 sign-in has failed since your last one")

	off := phone.post("/profile/second-factor/off", url.Values{"password": {password}, "code": {code}}).is(http.StatusUnprocessableEntity)
	off.says("code is not right")
	phone.post("/profile/second-factor/off", url.Values{"password": {"wrong"}, "code": {codes[1]}}).is(http.StatusUnprocessableEntity).says("password is not right")
	phone.follow("/profile/second-factor/off", url.Values{"password": {password}, "code": {codes[1]}}).says("Your second factor is off")
	b.get("/projects").is(http.StatusSeeOther)
	f.signIn("owner@example.com").get("/projects").is(http.StatusOK)
	if got := f.actions(); !strings.Contains(got, "user.second-factor-off") || !strings.Contains(got, "user.second-factor-on") {
		t.Errorf("audit %s", got)
	}
}

// Whoever has given the password alone can open nothing that a stranger can't.
func TestSecondFactor_half_signed_in_opens_no_route(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	f.as(account.Owner).enrolled(f)
	ids := map[string]string{
		":project": f.ours.ID.String(), ":endpoint": d.EndpointID.String(), ":delivery": d.ID.String(), ":event": d.EventID.String(), ":topic": "product.viewed",
	}
	half := f.halfIn("owner@example.com")
	cookie := half.cookies["bellwire"]
	before, tried := f.actions(), 0
	for _, r := range f.web.Routes() {
		half.cookies["bellwire"] = cookie
		path := filled(r.Path, ids)
		got := half.call(r, path)
		if r.Who != "anyone" {
			tried++
			if got.status != http.StatusSeeOther || !strings.HasPrefix(got.location, "/sign-in?next=") {
				t.Errorf("%s %s: %d to %q", r.Method, r.Path, got.status, got.location)
			}
		}
		got.hides("orders", "prod_1", "receiver.example")
	}
	half.cookies["bellwire"] = cookie
	half.get("/metrics").is(http.StatusNotFound)
	f.manage.Settle() // it posted an empty code
	if tried < 50 || strings.TrimPrefix(f.actions(), "user.sign-in-failed ") != before {
		t.Errorf("%d routes tried, audit %s", tried, f.actions())
	}
	if sessions, err := f.store.SessionsOf(t.Context(), f.userID("owner@example.com")); err != nil || len(sessions) != 1 {
		t.Errorf("half a session is listed: %d, %v", len(sessions), err)
	}
}

func TestSecondFactor_refuses_a_code_that_was_used(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	text, codes := f.as(account.Owner).enrolled(f)
	code := f.code(text)
	f.halfIn("owner@example.com").post("/sign-in/code", url.Values{"code": {code}}).is(http.StatusSeeOther)
	f.halfIn("owner@example.com").post("/sign-in/code", url.Values{"code": {code}}).is(http.StatusUnprocessableEntity).says("code is not right")
	in := f.halfIn("owner@example.com")
	in.follow("/sign-in/code", url.Values{"code": {strings.ToUpper(codes[4])}, "recovery": {"true"}, "next": {"/profile"}}).says("You used a recovery code; 9 of them are left", "9 recovery codes")
	f.halfIn("owner@example.com").post("/sign-in/code", url.Values{"code": {codes[4]}, "recovery": {"true"}}).is(http.StatusUnprocessableEntity).says("not one of your recovery codes, or was used")
	if !strings.Contains(f.actions(), "user.recovery-code-used") {
		t.Errorf("audit %s", f.actions())
	}
	for _, code := range codes[5:9] {
		f.halfIn("owner@example.com").post("/sign-in/code", url.Values{"code": {code}}).is(http.StatusSeeOther)
	}
	in.get("/profile").says("5 recovery codes are left")
	fresh := in.post("/profile/second-factor/codes", nil).is(http.StatusOK).says("The ones from before don't work any more")
	if strings.Contains(string(fresh.body), codes[9]) {
		t.Error("an old code is among the new ones")
	}
	f.halfIn("owner@example.com").post("/sign-in/code", url.Values{"code": {codes[9]}}).is(http.StatusUnprocessableEntity)
}

func TestSecondFactor_asks_for_the_password_again_after_wrong_codes_or_time(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	text, _ := f.as(account.Owner).enrolled(f)
	b := f.halfIn("owner@example.com")
	for range 4 {
		b.post("/sign-in/code", url.Values{"code": {"000000"}}).is(http.StatusUnprocessableEntity)
	}
	if got := b.post("/sign-in/code", url.Values{"code": {"000000"}}); got.location != "/sign-in" {
		t.Errorf("the fifth wrong code: %d to %q", got.status, got.location)
	}
	if got := b.post("/sign-in/code", url.Values{"code": {f.code(text)}}); got.location != "/sign-in" {
		t.Errorf("a right code after them: %d to %q", got.status, got.location)
	}
	late := f.halfIn("owner@example.com")
	f.clock.forward(5*time.Minute + time.Second)
	if got := late.post("/sign-in/code", url.Values{"code": {f.code(text)}}); got.location != "/sign-in" {
		t.Errorf("after five minutes: %d to %q", got.status, got.location)
	}
	// From one network: ten codes in a quarter of an hour, whatever password they
	// are mixed with.
	f.clock.forward(16 * time.Minute)
	limited := false
	for range 3 {
		b := f.halfIn("owner@example.com")
		for range 4 {
			got := b.post("/sign-in/code", url.Values{"code": {"000000"}})
			limited = limited || strings.Contains(string(got.body), "too many failed sign-ins") || strings.Contains(string(got.body), "Too many failed sign-ins")
		}
	}
	if !limited {
		t.Error("twelve wrong codes are not too many")
	}
	f.halfIn("owner@example.com").post("/sign-in/code", url.Values{"code": {f.code(text)}}).is(http.StatusUnprocessableEntity).says("Too many failed sign-ins")
}

func TestSecondFactor_is_given_with_the_password_again(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	text, _ := b.enrolled(f)
	f.tired()
	b.get(f.path("keys"))
	action, form := b.post(f.path("keys"), url.Values{"name": {"ci"}, "scope": {"read"}}).is(http.StatusForbidden).says("and a code").form(`form[action="/step-up"]`)
	form.Set("password", password)
	b.post(action, form).is(http.StatusUnprocessableEntity).says("is missing")
	form.Set("code", "000000")
	b.post(action, form).is(http.StatusUnprocessableEntity).says("is not right")
	form.Set("code", f.code(text))
	b.post(action, form).is(http.StatusSeeOther)
	b.post(f.path("keys"), url.Values{"name": {"ci"}, "scope": {"read"}}).is(http.StatusOK)
}

// A platform's link asks for no code, and gives none of the great powers.
func TestSecondFactor_is_not_asked_for_by_a_sign_in_link(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.as(account.Developer).enrolled(f)
	d := f.delivery(f.ours)
	b := f.byLink("developer@example.com", account.Developer)
	b.get(f.path()).is(http.StatusOK)
	b.post(f.path("endpoints", d.EndpointID.String(), "secret", "reveal"), nil).is(http.StatusForbidden).says("and a code")
	b.post("/profile/second-factor/codes", nil).is(http.StatusForbidden).says("and a code")
}

func TestSecondFactor_comes_first_for_staff_where_it_is_demanded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("admin@example.com", account.Admin, "")
	early := f.signIn("admin@example.com")
	early.get("/projects").is(http.StatusOK)
	f.manage.Facts.StaffSecondFactor = true
	f.as(account.Owner).get("/projects").is(http.StatusOK)
	for name, b := range map[string]*browser{"a session from before": early, "a new one": f.signIn("admin@example.com")} {
		for _, r := range f.web.Routes() {
			path := filled(r.Path, map[string]string{":project": f.ours.ID.String()})
			if r.Who == "anyone" || strings.HasPrefix(path, "/profile/second-factor") || path == "/sign-out" || path == "/step-up" {
				continue
			}
			if got := b.call(r, path); got.location != "/profile/second-factor" {
				t.Errorf("%s: %s %s: %d to %q", name, r.Method, r.Path, got.status, got.location)
			}
		}
		b.get("/nothing").is(http.StatusNotFound).hides("Ours", "Theirs")
		b.get("/metrics").is(http.StatusNotFound)
	}
	b := f.signIn("admin@example.com")
	b.get("/profile/second-factor").is(http.StatusOK).says("asks it of everybody who is staff", "Sign out")
	b.enrolled(f)
	b.get("/projects").is(http.StatusOK).says("Ours")
	b.get("/profile").is(http.StatusOK).says("so it stays on")
	f.tired()
	b.post("/profile/second-factor/off", url.Values{"password": {password}, "code": {"000000"}}).is(http.StatusConflict)
}

func TestSecondFactor_secret_shows_to_whoever_gave_the_password_only(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	b.follow("/profile/second-factor", nil).says("Scan")
	f.tired()
	b.get("/profile/second-factor").is(http.StatusForbidden).says("Confirm that it is you")
	b.post("/profile/second-factor/confirm", url.Values{"code": {"000000"}}).is(http.StatusForbidden)
	if strings.Contains(f.actions(), "second-factor") {
		t.Errorf("audit %s", f.actions())
	}
}

func TestRecoveryCodes_are_saved_as_a_file_of_the_codes_on_the_page(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	b.follow("/profile/second-factor", nil)
	text := strings.ReplaceAll(b.get("/profile/second-factor").doc().Find(`pre[aria-label="The secret"]`).Text(), " ", "")
	page := b.post("/profile/second-factor/confirm", url.Values{"code": {f.code(text)}}).is(http.StatusOK)
	action, form := page.form(`form[action$="/codes.txt"]`)
	file := b.post(action, form).is(http.StatusOK)
	if !strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment;") || !strings.HasPrefix(file.header.Get("Content-Type"), "text/plain") ||
		len(regexp.MustCompile(`(?m)^[a-z1-9-]{19}\r$`).FindAll(file.body, -1)) != 10 || file.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v\n%s", file.header, file.body)
	}
	b.post(action, url.Values{"code": {"<script>alert(1)</script>"}}).is(http.StatusUnprocessableEntity)
	b.post(action, nil).is(http.StatusUnprocessableEntity)
}

func TestMembers_show_second_factors_to_owners_and_let_admins_reset_them(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	dev := f.as(account.Developer)
	dev.enrolled(f)
	owner := f.as(account.Owner)
	owner.get(f.path("members")).is(http.StatusOK).says("Second factor").hides("reset-second-factor")
	dev.get(f.path("members")).is(http.StatusOK).hides("Second factor")
	owner.post(f.path("members", f.userID("developer@example.com").String(), "reset-second-factor"), nil).is(http.StatusForbidden)
	f.user("admin@example.com", account.Admin, "")
	admin := f.signIn("admin@example.com")
	action, _ := admin.get(f.path("members")).form(`form[action$="/reset-second-factor"]`)
	admin.follow(action, nil).says("The second factor of developer@example.com is off")
	dev.get("/projects").is(http.StatusSeeOther)
	f.signIn("developer@example.com").get("/projects").is(http.StatusOK)
}

func TestSignIn_tells_of_failed_ones(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("ada@example.com", account.Member, account.Owner)
	for range 3 {
		f.visitor().post("/sign-in", url.Values{"email": {"ada@example.com"}, "password": {"guess"}}).is(http.StatusUnprocessableEntity)
	}
	f.manage.Settle()
	b := f.signIn("ada@example.com")
	b.get(f.path()).says("3 sign-ins have failed since your last one", "If that was not you")
	f.signIn("ada@example.com").get(f.path()).hides("have failed")
	page, err := f.manage.Audit(t.Context(), system, webhook.AuditFilter{Action: "user.sign-in-failed"})
	f.must(err)
	if len(page.Items) != 1 || page.Items[0].ObjectName != "ada@example.com" || page.Items[0].Addr == "" {
		t.Errorf("the audit log tells of %d: %+v", len(page.Items), page.Items)
	}
}

func TestForms_from_another_site_are_refused_without_advice_about_roles(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	b.post(f.path("keys"), url.Values{"name": {"evil"}}, "Sec-Fetch-Site", "cross-site").is(http.StatusForbidden).says("came from another site").hides("Ask an owner")
	f.as(account.Viewer).get(f.path("endpoints", "new")).is(http.StatusForbidden).says("Ask an owner")
}
