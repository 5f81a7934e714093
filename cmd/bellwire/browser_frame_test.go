package main_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestBrowser_a_question_holds_the_focus_until_it_is_answered opens questions
// by the keyboard alone, and looks at the frame around them at every width.
func TestBrowser_a_question_holds_the_focus_until_it_is_answered(t *testing.T) {
	t.Parallel()
	var status atomic.Int32
	status.Store(http.StatusInternalServerError)
	s, b, endpoint := liveStage(t, &status)
	s.is("exhausted", s.publishSome(1, 2)...)
	b.open(s.url + "/p/" + s.project + "/endpoints/" + endpoint)
	for _, c := range []struct{ opener, first string }{
		{`[popovertarget=send-test]`, `#test-topic`},
		{`[popovertarget=pause]`, `#pause [popovertargetaction=hide]`},
		{`[popovertarget=delete]`, `#delete [autofocus]`},
	} {
		opener := `document.querySelector('button` + c.opener + `:not([popovertargetaction])')`
		eval[bool](b, opener+`.focus()||true`)
		b.key("\r")
		b.comes("the focus goes into "+c.opener, `document.activeElement===document.querySelector('`+c.first+`')`)
		for range 5 {
			b.key("\t")
			if !eval[bool](b, `document.activeElement.closest(":popover-open")!==null`) {
				t.Errorf("%s: Tab leads out to %s", c.opener, eval[string](b, `document.activeElement.outerHTML.slice(0,80)`))
			}
		}
		b.key("\x1b")
		b.comes("the focus comes back to "+c.opener, `document.activeElement===`+opener)
	}

	eval[bool](b, `document.activeElement.blur()||true`)
	b.key("?")
	if keys := b.text("#keys"); !strings.Contains(keys, "Ctrl K") || !strings.Contains(keys, "Esc") || !strings.Contains(keys, "nothing is asked") && strings.Contains(keys, "Resend") {
		t.Errorf("the list of keys says %s", keys)
	}
	b.comes("the focus is in the list of keys", `document.activeElement.closest("#keys")!==null`)
	b.key("\x1b")

	eventually(t, 20*time.Second, "the endpoint counts as failing", func() bool {
		b.open(s.url + "/p/" + s.project + "/endpoints/" + endpoint)
		return eval[bool](b, `document.querySelector(".rail .count.t-bad")!==null`)
	})
	for width, where := range map[int64]string{1440: ".rail", 768: ".rail", 390: ".sheet"} {
		b.size(width, 900, "light")
		if !eval[bool](b, `(document.querySelector("`+where+` .count.t-bad")?.getClientRects().length??0)>0`) {
			t.Errorf("at %d px nothing says how many endpoints fail", width)
		}
		b.check("frame")
	}
	b.size(768, 900, "light")
	if cut := eval[string](b, `[...document.querySelectorAll(".crumbs .cut")].filter(c=>c.textContent.length<=16&&c.scrollWidth>c.clientWidth).map(c=>c.textContent).join()`); cut != "" {
		t.Errorf("at 768 px the breadcrumbs %s are cut", cut)
	}
	b.picture("frame-768")
	b.size(1440, 900, "light")
	eval[bool](b, `(document.querySelector(".crumbs li:last-child .cut").textContent="x".repeat(300),document.querySelector(".crumbs li:last-child").classList.remove("brief"),true)`)
	if cut := eval[string](b, `[...document.querySelectorAll(".crumbs li.brief .cut")].filter(c=>c.scrollWidth>c.clientWidth).map(c=>c.textContent).join()`); cut != "" {
		t.Errorf("beside long names %s is cut", cut)
	}
	b.picture("frame-long")
}
