// Lists and pages that show what happens while it happens. The server sends
// rows as it draws them in pages; here they are put in their place, or kept
// back while somebody reads. What is under the cursor never moves.

const say = (words) => {
  const region = document.getElementById("say");
  if (region) region.textContent = words;
};

// parse makes elements of the server's own markup, escaped there like any page.
function parse(html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  return [...box.content.children];
}

// A browser opens six connections to a host and no more, and an open stream
// keeps one: all its tabs together hold as many streams as there are places, so
// that pages still load. The next in line goes live when one ends.
const places = ["live 1", "live 2", "live 3", "live 4"];

// Source is an event stream that is closed while nobody sees the page, and
// opened again after a fault, later each time.
class Source {
  constructor(url, events, tell) {
    Object.assign(this, { url, events, tell, wait: 5000, wanted: false });
    document.addEventListener("visibilitychange", () => this.settle());
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", (event) => event.persisted && this.settle());
  }

  want(wanted) {
    this.wanted = wanted;
    this.settle();
  }

  settle() {
    if (!this.wanted || document.hidden) this.close();
    else if (!this.stream && !this.wish) this.queue();
  }

  // queue opens the stream once this browser has a place for it.
  queue() {
    this.close();
    if (!navigator.locks) return this.open(); // over plain http
    const wish = new AbortController();
    this.wish = wish;
    this.timer = setTimeout(() => this.tell("queued"), 2000);
    for (const place of places) {
      navigator.locks.request(place, { signal: wish.signal }, () => {
        if (this.wish !== wish || this.free) return;
        const held = new Promise((free) => { this.free = free; });
        wish.abort(); // the other places
        this.open();
        return held;
      }).catch(() => {}); // taken back
    }
  }

  close() {
    clearTimeout(this.timer);
    this.timer = null;
    this.stream?.close();
    this.stream = null;
    this.wish?.abort();
    this.wish = null;
    this.free?.();
    this.free = null;
  }

  open() {
    clearTimeout(this.timer);
    const stream = new EventSource(this.url);
    this.stream = stream;
    stream.onopen = () => { this.wait = 5000; this.tell("open"); };
    stream.onerror = () => {
      this.tell("lost");
      if (stream.readyState !== EventSource.CLOSED) return; // it comes back by itself
      this.close();
      this.timer = setTimeout(() => this.settle(), this.wait);
      this.wait = Math.min(this.wait * 2, 60000);
    };
    for (const [name, act] of Object.entries(this.events)) stream.addEventListener(name, (event) => act(event.data));
  }
}

// Reader knows whether somebody reads an element: the mouse rests on it, the
// focus or a selection is in it.
class Reader {
  constructor(element, left) {
    this.element = element;
    this.hovered = false;
    const hover = (on) => (event) => {
      if (event.pointerType !== "mouse" || this.hovered === on) return;
      this.hovered = on;
      if (!on) setTimeout(left, 300);
    };
    element.addEventListener("pointerover", hover(true));
    element.addEventListener("pointerleave", hover(false));
    element.addEventListener("focusout", () => setTimeout(left, 300));
  }

  get reading() {
    const selection = getSelection();
    return this.hovered || this.element.contains(document.activeElement)
      || (selection && !selection.isCollapsed && selection.containsNode(this.element, true))
      || this.element.querySelector(":popover-open") !== null;
  }
}

// ---- a list -------------------------------------------------------------------
class List {
  constructor(section) {
    this.section = section;
    this.table = section.querySelector("table");
    this.body = this.table.tBodies[0];
    this.empty = section.querySelector("[data-empty]");
    this.pill = section.querySelector("[data-news]");
    this.toggle = section.querySelector("[data-live-toggle]");
    this.refresh = section.querySelector("[data-refresh]");
    this.size = Number(section.dataset.rows);
    this.on = !("still" in section.dataset);
    this.queue = new Map(); // rows kept back by id, the newest, at most a page
    this.passed = 0; // new rows that the queue had no room for
    this.reader = new Reader(this.table, () => this.flow());
    this.source = new Source(section.dataset.stream, {
      rows: (html) => { parse(html).forEach((row) => this.take(row)); this.flow(); },
      more: (n) => { this.passed += Number(n); },
      gone: (ids) => { ids.split(" ").forEach((id) => this.drop(`d-${id}`)); this.flow(); },
      over: () => { this.source.want(false); this.tell("over"); },
    }, (how) => this.tell(how));
    this.toggle?.addEventListener("click", (event) => { event.preventDefault(); this.turn(!this.on); });
    this.pill.addEventListener("click", () => this.show());
    addEventListener("scroll", () => this.queue.size && this.flow(), { passive: true });
    document.addEventListener("visibilitychange", () => this.flow());
    document.addEventListener("picked", () => this.flow());
    this.source.want(this.on);
    this.tell(this.on ? "opening" : "still");
  }

  // take puts a row in the place of the one with its id, or into the queue.
  take(row) {
    const known = document.getElementById(row.id);
    if (known) return this.patch(known, row);
    if ("gone" in row.dataset) return void this.queue.delete(row.id);
    const last = this.body.lastElementChild;
    if (!this.queue.has(row.id) && last && this.body.rows.length >= this.size && row.id < last.id) return;
    this.queue.set(row.id, row);
    if (this.queue.size <= this.size) return;
    const oldest = [...this.queue.keys()].reduce((a, b) => (a < b ? a : b));
    this.queue.delete(oldest);
    this.passed += 1;
  }

  // patch changes what is in a row and never the row: it stays where it is,
  // with its box, focus and the cursor on it.
  patch(known, row) {
    for (const name of ["data-event", "data-gone"]) {
      if (row.hasAttribute(name)) known.setAttribute(name, row.getAttribute(name));
      else known.removeAttribute(name);
    }
    [...row.cells].forEach((cell, i) => {
      const old = known.cells[i];
      if (!old || old.innerHTML === cell.innerHTML) return;
      const focused = old.contains(document.activeElement) ? document.activeElement.tagName : "";
      const box = old.querySelector("[data-pick]");
      if (box?.checked && cell.querySelector("[data-pick]")) cell.querySelector("[data-pick]").checked = true;
      old.replaceChildren(...cell.childNodes);
      if (focused) old.querySelector(focused)?.focus({ preventScroll: true });
    });
  }

  drop(id) {
    this.queue.delete(id);
    document.getElementById(id)?.setAttribute("data-gone", "");
  }

  get picked() { return this.body.querySelector("[data-pick]:checked") !== null; }

  get atTop() { return this.table.hidden || this.table.getBoundingClientRect().top >= 0; }

  // flow shows what was kept back if nobody would notice it move.
  flow() {
    const gone = this.body.querySelector("[data-gone]") !== null;
    if (this.queue.size + this.passed === 0 && !gone) return this.count();
    if (this.on && !document.hidden && this.atTop && !this.picked && !this.reader.reading) this.merge();
    else this.count();
  }

  merge() {
    for (const row of this.body.querySelectorAll("[data-gone]")) row.remove();
    const fresh = [...this.queue.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
    let next = this.body.firstElementChild;
    for (const row of fresh) {
      while (next && next.id > row.id) next = next.nextElementSibling;
      row.classList.add("arrived");
      this.body.insertBefore(row, next);
    }
    for (let row = this.body.lastElementChild; row && this.body.rows.length > this.size;) {
      const before = row.previousElementSibling;
      if (!row.querySelector("[data-pick]:checked")) row.remove();
      row = before;
    }
    this.queue.clear();
    this.passed = 0;
    this.table.hidden = this.body.rows.length === 0;
    if (this.empty) this.empty.hidden = !this.table.hidden;
    this.count();
    document.dispatchEvent(new Event("rows"));
  }

  // show is for who asked: it moves, to the top.
  show() {
    this.reader.hovered = false;
    this.merge();
    if (!this.atTop) this.section.scrollIntoView({ block: "start" });
    say("The newest deliveries are shown");
  }

  count() {
    const first = this.body.firstElementChild?.id ?? "";
    let n = this.passed;
    for (const id of this.queue.keys()) if (id > first) n += 1;
    this.pill.hidden = n === 0;
    const words = `${n.toLocaleString("en")} new`;
    if (n === 0 || this.pill.textContent === words) return;
    this.pill.textContent = words;
    this.pill.setAttribute("aria-label", `Show ${words} deliveries`);
    if (Date.now() - (this.said ?? 0) < 10000) return;
    this.said = Date.now();
    say(`${words} deliveries`);
  }

  turn(on) {
    this.on = on;
    this.source.want(on);
    this.tell(on ? "opening" : "still");
    history.replaceState(history.state, "", on ? this.toggle.dataset.on : this.toggle.dataset.off);
    keepLive(on);
    this.flow();
  }

  tell(how) {
    const words = { open: "Live", opening: "Live", lost: "Live · reconnecting", queued: "Live in other tabs", still: "Paused · go live", over: "Live ended · reload" }[how];
    this.section.dataset.state = how;
    if (this.refresh) this.refresh.hidden = how === "open" || how === "opening";
    if (!this.toggle) return;
    this.toggle.querySelector("[data-live-words]").textContent = words;
    if (this.on && how !== "over") this.toggle.setAttribute("aria-current", "true");
    else this.toggle.removeAttribute("aria-current");
  }
}

// keepLive writes the choice into the page's own links and form.
function keepLive(on) {
  for (const link of document.querySelectorAll("[data-query] a[href], #log nav a[href]")) {
    const url = new URL(link.href);
    if (on) url.searchParams.delete("live");
    else url.searchParams.set("live", "off");
    link.href = url;
  }
  for (const form of document.querySelectorAll("[data-query] form")) {
    form.querySelector("input[name=live]")?.remove();
    if (on) continue;
    const kept = Object.assign(document.createElement("input"), { type: "hidden", name: "live", value: "off" });
    form.prepend(kept);
  }
  const back = document.querySelector("#resend input[name=back]");
  if (back) back.value = location.pathname + location.search;
}

// ---- one delivery -------------------------------------------------------------
// Its page is sent in parts. A part that somebody reads is changed when they
// look away.
class Pursuit {
  constructor(page) {
    this.page = page;
    this.waiting = new Map();
    this.readers = new Map();
    this.watch();
    this.source = new Source(page.dataset.pursue, {
      parts: (html) => { for (const part of parse(html)) this.waiting.set(part.id, part); this.settle(); },
      over: () => { this.source.want(false); this.end(); },
    }, () => {});
    this.source.want(true);
    page.querySelector("[data-refresh]")?.setAttribute("hidden", "");
  }

  watch() {
    for (const part of this.page.querySelectorAll("[data-part=kept]")) {
      if (this.readers.get(part.id)?.element === part) continue;
      this.readers.set(part.id, new Reader(part, () => this.settle()));
    }
  }

  // busy: attempts and the exchange beneath belong together.
  busy(id) {
    const together = ["part-attempts", "part-exchange"];
    return (together.includes(id) ? together : [id]).some((name) => this.readers.get(name)?.reading);
  }

  settle() {
    for (const [id, part] of this.waiting) {
      if (part.dataset.part === "kept" && this.busy(id)) continue;
      this.waiting.delete(id);
      this.put(document.getElementById(id), part);
    }
    this.watch();
    document.dispatchEvent(new Event("rows"));
  }

  put(old, part) {
    if (!old || old.innerHTML === part.innerHTML) return;
    for (const fold of old.querySelectorAll("details[open][data-fold]")) {
      part.querySelector(`details[data-fold="${fold.dataset.fold}"]`)?.setAttribute("open", "");
    }
    if (part.id === "part-head") {
      const verdict = part.querySelector("h1")?.textContent.replace(/\s+/g, " ").trim();
      if (verdict) say(verdict);
    }
    old.replaceChildren(...part.childNodes);
    old.querySelector("[data-refresh]")?.setAttribute("hidden", "");
  }

  end() {
    for (const mark of this.page.querySelectorAll("[data-following]")) mark.remove();
  }
}

for (const section of document.querySelectorAll("section[data-stream]")) new List(section);
for (const page of document.querySelectorAll("[data-pursue]")) new Pursuit(page);
