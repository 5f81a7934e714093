package main_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// watched is a project of a developer in a browser, with deliveries that
// arrived and one endpoint that refuses everything.
func watched(t *testing.T) (b *browser, s *stage, home string) {
	t.Helper()
	b, s, _, endpoint, _ := developed(t, func(int, hit) reply { return reply{} })
	dead := aim(t, func(int, hit) reply { return reply{status: http.StatusInternalServerError} })
	s.endpoint(s.key, dead.url+"/hook", map[string]any{"name": "old-crm", "format": "abba"})
	s.publishSome(1, 8)
	home, _, _ = strings.Cut(endpoint, "/endpoints/")
	eventually(t, firstWithin, "the overview knows of every delivery", func() bool {
		b.open(home)
		return strings.Contains(b.text("main"), "1 endpoint needs you") && strings.Contains(b.text(".figures"), "Attempts delivered8")
	})
	return b, s, home
}

const drawn = `document.querySelectorAll("figure .u-over").length===2`

// narrowed is when a time of one's own is shown, on the page that was there.
const narrowed = `!!window.same&&/since=.*until=/.test(location.search)&&document.body.innerText.includes("Deliveries of this time")&&` + drawn

func (b *browser) pressKey(key string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(key))
}

// drags moves the pressed mouse over the first chart, from one part of its
// width to another.
func (b *browser) drags(from, to float64) {
	b.t.Helper()
	at := eval[map[string]float64](b, `(()=>{const e=document.querySelector(".u-over");e.scrollIntoView({block:"center"});const r=e.getBoundingClientRect();return {x:r.x,y:r.y+r.height/2,w:r.width}})()`)
	for _, step := range []struct {
		kind   input.DispatchMouseEventType
		part   float64
		button int64
	}{{input.DispatchMouseEventTypeMouseMoved, from, 0}, {input.DispatchMouseEventTypeMousePressed, from, 1}, {input.DispatchMouseEventTypeMouseMoved, (from + to) / 2, 1}, {input.DispatchMouseEventTypeMouseMoved, to, 1}, {input.DispatchMouseEventTypeMouseReleased, to, 0}} {
		b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, input.DispatchMouseEvent, input.DispatchMouseEventParams{
				Type: step.kind, X: at["x"] + at["w"]*step.part, Y: at["y"], Button: input.MouseButtonLeft, Buttons: step.button, ClickCount: 1,
			})
			return err
		}))
	}
}

func TestBrowser_overview_charts_are_read_and_zoomed_by_mouse_and_keys(t *testing.T) {
	b, _, home := watched(t)
	b.open(home)
	b.comes("both charts are drawn", drawn)
	b.wants("1 endpoint needs you", "Of the others 1 healthy.", "old-crm", "it answered 500", "per 1 min, UTC")
	b.looked("overview")

	eval[bool](b, `(window.same=true)`)
	eval[bool](b, `(document.querySelector("#chart-attempts .plot").focus(),true)`)
	b.pressKey(kb.End)
	b.comes("the values under the keys are shown", `[...document.querySelectorAll(".tip")].every(t=>!t.hidden&&t.textContent.includes("UTC")&&t.textContent.includes("your time"))`)
	if spoken := eval[string](b, `document.querySelector("#chart-attempts .plot").getAttribute("aria-valuetext")`); !strings.Contains(spoken, "delivered") || !strings.Contains(spoken, "UTC") {
		t.Errorf("spoken as %q", spoken)
	}
	b.pressKey("+")
	b.comes("the keys narrow the time, without a new page", narrowed)
	b.comes("the keyboard stays with the chart", `document.activeElement===document.querySelector("#chart-attempts .plot")`)
	b.pressKey(kb.Escape)
	b.comes("and goes back", `!!window.same&&!location.search.includes("since")&&!document.body.innerText.includes("Deliveries of this time")&&`+drawn)

	b.drags(0.3, 0.998)
	b.comes("the mouse narrows the time", narrowed)
	address := eval[string](b, `location.href`)
	b.looked("overview-zoomed")
	b.open(address)
	b.comes("an address that was sent on shows the same time", drawn+`&&!!document.querySelector(".custom-time summary")&&document.querySelector(".custom-time summary").textContent.includes("UTC")`)
	b.press(`main .segments a[href*="range=7d"]`)
	if at := eval[string](b, `location.search`); at != "?range=7d" {
		t.Errorf("7 days are at %q", at)
	}
	b.press(`main .rail a[href$="/endpoints"], .rail a[href$="/endpoints"]`)
	b.looked("endpoints")
	b.press(`main tbody tr:first-child a[data-open]`)
	b.press(`.tabs-line a[href*="tab=health"]`)
	b.comes("the health tab's charts are drawn", drawn)
	b.wants("failures in a row", "Why attempts failed")
	b.looked("health")
}

func TestBrowser_overview_is_told_in_pictures_and_tables_without_JavaScript(t *testing.T) {
	b, _, home := watched(t)
	b.withoutScript()
	b.open(home)
	if n := eval[float64](b, `[...document.querySelectorAll("figure .plot > svg")].filter(e=>e.checkVisibility()).length`); n != 2 {
		t.Errorf("%v still pictures", n)
	}
	b.click(`#chart-attempts details.numbers summary`)
	b.comes("the values stand in a table", `document.querySelector("#chart-attempts table").checkVisibility()&&document.querySelector("#chart-attempts tbody tr").textContent.includes("8")`)
	b.click(`.custom-time summary`)
	b.do(chromedp.SetValue(chromedp.CSS(`#chart-since`), "2020-01-01T00:00"), chromedp.SetValue(chromedp.CSS(`#chart-until`), "2020-01-02T00:00"))
	b.press(`.custom-time button`)
	b.wants("Nothing was sent in this time.", "1 Jan 00:00–2 Jan 00:00 UTC")
}

// refreshes is how often the test replaces the live part: as many as an open
// page does in five minutes.
const refreshes = 60

func TestBrowser_overview_left_open_keeps_its_memory_its_reader_and_its_theme(t *testing.T) {
	b, s, home := watched(t)
	b.open(home)
	b.comes("both charts are drawn", drawn)
	refresh := `htmx.ajax("GET",location.href,{target:"#overview",select:"#overview",swap:"outerHTML"})`
	heap := func(times int) float64 {
		eval[bool](b, `(async()=>{for(let i=0;i<`+strconv.Itoa(times)+`;i++)await `+refresh+`;return true})()`)
		b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, heapprofiler.CollectGarbage, cdp.Empty{})
			return err
		}))
		return eval[float64](b, `performance.memory.usedJSHeapSize`) / (1 << 20)
	}
	before := heap(10)
	after := heap(refreshes)
	t.Logf("heap after 10 refreshes %.1f MiB, after %d more %.1f MiB", before, refreshes, after)
	if after > before+3 {
		t.Errorf("the heap grew from %.1f to %.1f MiB", before, after)
	}
	if n := eval[float64](b, `uPlot.sync("charts").plots.length*100+document.querySelectorAll(".uplot").length`); n != 202 {
		t.Errorf("charts kept and shown: %v", n)
	}

	eval[bool](b, `(document.querySelector("#chart-attempts details summary").click(),true)`)
	was := eval[string](b, `(window.kept=document.querySelector("#overview"),document.querySelector(".figures").textContent)`)
	s.publish(9)
	eval[bool](b, `new Promise(r=>setTimeout(()=>r(true),6000))`) // one turn of the page's clock
	if !eval[bool](b, `window.kept.isConnected`) {
		t.Error("the table was closed under its reader")
	}
	colours := `(()=>{const c=document.querySelector("#chart-attempts canvas"),d=c.getContext("2d").getImageData(0,0,c.width,c.height).data,n={};for(let i=0;i<d.length;i+=4)if(d[i+3]===255){const k=d[i]+","+d[i+1]+","+d[i+2];n[k]=(n[k]||0)+1}return Object.keys(n).filter(k=>n[k]>100)})()`
	light := eval[[]string](b, colours)
	b.size(1440, 900, "dark")
	b.comes("bars and lines are drawn anew for the dark", `(`+colours+`).length>1&&!(`+colours+`).some(k=>"`+strings.Join(light, " ")+`".split(" ").includes(k))`)
	eval[bool](b, `(document.querySelector("#chart-attempts details summary").click(),document.activeElement.blur(),true)`)
	b.comes("closed, the page follows again", `!window.kept.isConnected&&document.querySelector(".figures").textContent!==`+quoted(was))

	b.size(390, 844, "dark")
	b.comes("and fit a phone", `document.documentElement.scrollWidth===document.documentElement.clientWidth&&document.querySelector("#chart-attempts .uplot").offsetWidth<=document.querySelector("#chart-attempts").offsetWidth`)
	b.check("overview-left-open-phone-dark")
}
