package main_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/memory"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// liveStage is a node with a project, an endpoint whose receiver answers as
// status says, and an admin signed in.
func liveStage(t *testing.T, status *atomic.Int32) (*stage, *browser, string) {
	t.Helper()
	n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db")).start()
	s := n.stage(t)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(status.Load())) }))
	t.Cleanup(receiver.Close)
	endpoint := s.on(receiver.URL+"/hook", map[string]any{"name": "shop", "retry": map[string]any{"policy": "custom", "delaysSeconds": []int{1}}})
	// A member: only those who see payloads anyway get a delivery's page live.
	s.must(http.StatusCreated, n.instance, "POST", "/projects/"+s.project+"/members", map[string]any{"email": adminEmail, "role": "owner"})
	b := newBrowser(t)
	b.size(1440, 900, "light")
	b.givePassword(n.url)
	return s, b, endpoint
}

func (b *browser) mouse(x, y float64) {
	b.t.Helper()
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y))
}

// key strikes a key where the focus is.
func (b *browser) key(key string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(key))
}

// weight is what the tab holds after everything that can go has gone.
type weight struct {
	heap  float64
	nodes int64
}

func (b *browser) weigh() (w weight) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for range 3 {
			if _, err := cdp.Call(ctx, t, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
				return err
			}
		}
		usage, err := cdp.Call(ctx, t, runtime.GetHeapUsage, cdp.Empty{})
		if err != nil {
			return err
		}
		counters, err := cdp.Call(ctx, t, memory.GetDOMCounters, cdp.Empty{})
		w = weight{usage.UsedSize, counters.Nodes}
		return err
	}))
	return w
}

const (
	newestRow = `document.querySelector("#log tbody tr")?.id ?? ""`
	pillCount = `(()=>{const p=document.querySelector("[data-news]");return p.hidden?0:Number(p.textContent.replace(/\D/g,""))})()`
)

// TestBrowser_a_live_list_stands_still_under_the_cursor takes 50 deliveries a
// second for a minute into an open list.
func TestBrowser_a_live_list_stands_still_under_the_cursor(t *testing.T) {
	t.Parallel()
	var status atomic.Int32
	status.Store(http.StatusOK)
	s, b, _ := liveStage(t, &status)
	s.publishSome(1, 60)
	b.mouse(700, 20)
	b.do(chromedp.Navigate(s.url+"/p/"+s.project+"/deliveries"), chromedp.WaitReady(chromedp.CSS(`#log tbody tr`)))
	eventually(t, 20*time.Second, "the list is live", func() bool { return eval[string](b, `document.querySelector("#log").dataset.state`) == "open" })

	flood, stop := context.WithCancel(t.Context())
	defer stop()
	var published atomic.Int64
	ended := make(chan struct{})
	start := time.Now()
	go func() {
		defer close(ended)
		event := `{"topic":"product.viewed","data":{"productId":"p-4711","name":"Lorem ipsum"}}`
		batch := `{"events":[` + strings.Repeat(event+",", 4) + event + `]}`
		for n := 1; flood.Err() == nil; n++ { // what a busy machine holds up is caught up with
			if status, _ := s.call(s.key, "POST", "/events/batch", batch); status == http.StatusAccepted {
				published.Add(5)
			}
			time.Sleep(time.Until(start.Add(time.Duration(n) * 100 * time.Millisecond)))
		}
	}()

	// Nobody reads: rows flow in at the top, and the list keeps its length.
	first := eval[string](b, newestRow)
	eventually(t, 5*time.Second, "new rows flow in", func() bool { return eval[string](b, newestRow) > first })
	time.Sleep(time.Until(start.Add(15 * time.Second)))
	before := b.weigh()
	if rows := eval[int](b, `document.querySelectorAll("#log tbody tr").length`); rows != 50 {
		t.Errorf("the list has %d rows", rows)
	}

	// The mouse comes to rest on a row: that row stays, at its place.
	type point struct {
		X, Y float64
		ID   string
	}
	at := eval[point](b, `(()=>{const r=document.querySelectorAll("#log tbody tr")[6].getBoundingClientRect();return{X:r.left+r.width/3,Y:r.top+r.height/2}})()`)
	b.mouse(at.X, at.Y)
	time.Sleep(1500 * time.Millisecond)
	under := fmt.Sprintf(`document.elementFromPoint(%f,%f).closest("tr")`, at.X, at.Y)
	eval[bool](b, fmt.Sprintf(`(()=>{window.held=%[1]s;window.heldTop=held.getBoundingClientRect().top;window.moved=0;
		window.watching=setInterval(()=>{const now=%[1]s;if(now!==held||now.getBoundingClientRect().top!==heldTop)moved++},30);return true})()`, under))
	counted, made := eval[int](b, pillCount), published.Load()
	time.Sleep(20 * time.Second)
	if moved := eval[int](b, `moved`); moved != 0 {
		t.Errorf("the row under the cursor was another, or elsewhere, %d times", moved)
	}
	if eval[bool](b, `held.isConnected&&held.matches(":hover")`) != true {
		t.Error("the row is no longer under the cursor")
	}
	now := eval[int](b, pillCount)
	if grew, came := int64(now-counted), published.Load()-made; grew < came*3/5 || grew > came*7/5 {
		t.Errorf("while %d deliveries came the pill went from %d to %d", came, counted, now)
	}
	b.picture("deliveries-live-held")
	top := eval[string](b, newestRow)

	// The mouse leaves: what was kept back flows in.
	b.mouse(700, 20)
	eventually(t, 5*time.Second, "the list flows again", func() bool { return eval[int](b, pillCount) == 0 && eval[string](b, newestRow) > top })
	eval[bool](b, `(clearInterval(watching),held=null,true)`)

	// Scrolled down, the rows in sight stay and the pill leads back up.
	eval[bool](b, `(scrollTo(0,900),true)`)
	time.Sleep(time.Second)
	place := eval[float64](b, `(window.seen=document.elementFromPoint(800,450).closest("tr"),seen.getBoundingClientRect().top)`)
	time.Sleep(4 * time.Second)
	if later := eval[float64](b, `seen.isConnected?seen.getBoundingClientRect().top:-1`); later != place {
		t.Errorf("a row in sight moved from %v to %v", place, later)
	}
	if eval[int](b, pillCount) < 100 {
		t.Error("the pill does not count while the list is scrolled")
	}
	b.do(chromedp.Click(chromedp.CSS(`[data-news]`)))
	b.mouse(700, 20)
	eventually(t, 5*time.Second, "the pill leads to the newest", func() bool {
		return eval[bool](b, `document.querySelector("#log table").getBoundingClientRect().top>=0`) && eval[int](b, pillCount) == 0
	})

	eval[bool](b, `(seen=null,scrollTo(0,0),true)`)
	time.Sleep(time.Until(start.Add(time.Minute)))
	after := b.weigh()
	stop()
	<-ended
	t.Logf("%d deliveries in %s; after garbage collection at 15 s %.2f MB of heap and %d nodes, at 60 s %.2f MB and %d",
		published.Load(), time.Since(start).Round(time.Second), before.heap/1e6, before.nodes, after.heap/1e6, after.nodes)
	if published.Load() < 2700 {
		t.Errorf("only %d deliveries were made in a minute", published.Load())
	}
	if after.heap > before.heap*1.25+1e6 {
		t.Errorf("the heap grew from %.2f to %.2f MB", before.heap/1e6, after.heap/1e6)
	}
	if after.nodes > before.nodes*5/4+500 {
		t.Errorf("the tab's nodes grew from %d to %d", before.nodes, after.nodes)
	}
	eventually(t, 20*time.Second, "the last rows have ended", func() bool {
		return !strings.Contains(eval[string](b, `document.querySelector("#log tbody").textContent`), "sending")
	})
	b.check("deliveries-live-after")
}

func TestBrowser_the_log_is_worked_by_keys(t *testing.T) {
	t.Parallel()
	var status atomic.Int32
	status.Store(http.StatusInternalServerError)
	s, b, endpoint := liveStage(t, &status)
	events := s.publishSome(1, 4)
	s.is("exhausted", events...)
	list := s.url + "/p/" + s.project + "/deliveries"
	b.do(chromedp.Navigate(list), chromedp.WaitReady(chromedp.CSS(`#log tbody tr`)))
	focused := `document.activeElement?.closest("tr")?.id??""`

	b.key("?")
	shown := eval[string](b, `[...document.querySelectorAll("#keys dd")].filter(d=>d.offsetParent).map(d=>d.textContent).join("|")`)
	if !strings.Contains(shown, "Pick the row") || !strings.Contains(shown, "To the filters") || strings.Contains(shown, "attempt") || strings.Contains(shown, "older page") {
		t.Errorf("the list of keys says %s", shown)
	}
	b.check("keys")
	b.key("?")
	b.key("j")
	b.key("j")
	second := eval[string](b, `document.querySelectorAll("#log tbody tr")[1].id`)
	if got := eval[string](b, focused); got != second {
		t.Fatalf("j j leads to %s, want %s", got, second)
	}
	b.key("x")
	b.key("j")
	b.key("x")
	if bar := eval[string](b, `document.querySelector("[data-picked]").textContent`); bar != "2 picked" {
		t.Errorf("the bar says %q", bar)
	}
	b.check("deliveries-picked")
	status.Store(http.StatusOK)
	b.key("r")
	eventually(t, 20*time.Second, "both were resent", func() bool { return strings.Contains(eval[string](b, `document.body?.innerText??""`), "2 resent.") })
	eventually(t, 20*time.Second, "both arrived, live", func() bool {
		return eval[int](b, `[...document.querySelectorAll("#log tbody tr")].filter(r=>/delivered/.test(r.textContent)).length`) == 2
	})

	// A delivery's page: r sends it again, and the new page follows it.
	s.do(http.StatusOK, "/endpoints/"+endpoint+"/pause", nil)
	b.key("j")
	b.key("\r")
	eventually(t, 20*time.Second, "Enter opens the row", func() bool {
		return eval[bool](b, `document.readyState==="complete"&&document.querySelector("[data-key-resend]")!==null`)
	})
	b.key("r")
	eventually(t, 20*time.Second, "the new delivery is held", func() bool {
		return strings.Contains(eval[string](b, `document.querySelector("h1")?.textContent??""`), "Held")
	})
	eventually(t, 20*time.Second, "the page is followed", func() bool { return eval[bool](b, `document.readyState==="complete"`) })
	s.do(http.StatusOK, "/endpoints/"+endpoint+"/resume", nil)
	eventually(t, 15*time.Second, "the page shows by itself that it arrived", func() bool {
		return strings.Contains(eval[string](b, `document.querySelector("h1")?.textContent??""`), "Delivered at the first try") &&
			eval[bool](b, `document.querySelector("#exchange")!==null`)
	})
	b.check("delivery-followed")
	b.key("e")
	eventually(t, 20*time.Second, "e leads to the event", func() bool { return strings.Contains(eval[string](b, `location.pathname`), "/events/") })

	// The histogram: a stretch is dragged out with the mouse.
	b.do(chromedp.Navigate(list), chromedp.WaitReady(chromedp.CSS(`svg.brush`)))
	type box struct{ X, Y, W float64 }
	svg := eval[box](b, `(()=>{const r=document.querySelector("svg.brush").getBoundingClientRect();return{X:r.left,Y:r.top+r.height/2,W:r.width}})()`)
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMousePressed, svg.X+svg.W*0.5, svg.Y, chromedp.ButtonLeft, chromedp.ClickCount(1)),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, svg.X+svg.W*0.8, svg.Y, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, svg.X+svg.W-1, svg.Y, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, svg.X+svg.W-1, svg.Y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
	eventually(t, 20*time.Second, "the time is in the address", func() bool { return strings.Contains(eval[string](b, `location.search`), "since=") })
	b.do(chromedp.WaitReady(chromedp.CSS(`.sentence .chosen`)))
	if rows := eval[int](b, `document.querySelectorAll("#log tbody tr").length`); rows != 7 {
		t.Errorf("%d rows in that time", rows)
	}
	b.check("deliveries-brushed")

	// The switch: paused, the address says so, and nothing comes.
	b.do(chromedp.Click(chromedp.CSS(`[data-live-toggle]`)))
	if query := eval[string](b, `location.search+document.querySelector("[data-live-words]").textContent`); !strings.Contains(query, "live=off") || !strings.Contains(query, "Paused") {
		t.Errorf("paused: %s", query)
	}
	b.check("deliveries-paused")
}

// TestBrowser_many_live_tabs_leave_room_for_pages opens more live lists than a
// browser has connections to a host.
func TestBrowser_many_live_tabs_leave_room_for_pages(t *testing.T) {
	t.Parallel()
	var status atomic.Int32
	status.Store(http.StatusOK)
	s, b, _ := liveStage(t, &status)
	s.is("delivered", s.publishSome(1, 3)...)
	list := s.url + "/p/" + s.project + "/deliveries"
	var tabs []*browser
	for range 8 {
		tab := b.tab()
		tab.open(list)
		tabs = append(tabs, tab)
	}
	live := func() (open int) {
		for _, tab := range tabs {
			if eval[string](tab, `document.querySelector("#log").dataset.state`) == "open" {
				open++
			}
		}
		return open
	}
	eventually(t, 30*time.Second, "as many are live as there are places", func() bool { return live() == 4 })
	b.open(s.url + "/p/" + s.project + "/endpoints") // needs a connection
	eventually(t, 30*time.Second, "those that wait say so", func() bool {
		waiting := 0
		for _, tab := range tabs {
			if tab.text(`[data-live-words]`) == "Live in other tabs" {
				waiting++
			}
		}
		return waiting == 4
	})
	for _, tab := range tabs[:4] { // the next in line go live
		tab.open(s.url + "/p/" + s.project + "/endpoints")
	}
	tabs = tabs[4:]
	eventually(t, 30*time.Second, "the rest goes live", func() bool { return live() == 4 })
}

// tab is another tab of the same browser, with its cookies.
func (b *browser) tab() *browser {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	ctx, stop := context.WithTimeout(ctx, 90*time.Second) // a page that can't load would wait for ever
	b.t.Cleanup(func() { stop(); cancel() })
	tab := &browser{t: b.t, ctx: ctx}
	if err := chromedp.Listen(ctx, tab.listen); err != nil {
		b.t.Fatal(err)
	}
	return tab
}
