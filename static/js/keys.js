// The keyboard: letters that act on the page or on the row that has the focus.
// The list of them, behind "?", names those only that do something here.

const $ = (selector, root = document) => root.querySelector(selector);
const rows = () => [...document.querySelectorAll("[data-row] a[data-open]")].filter((link) => link.offsetParent);
const focusedRow = () => document.activeElement?.closest?.("[data-row]");
const say = (words) => { const region = document.getElementById("say"); if (region) region.textContent = words; };

const typing = (target) => target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]")
  || $("[popover]:popover-open, dialog[open]");

let jump = 0; // when "g" was pressed

document.addEventListener("keydown", (event) => {
  if (event.key === "k" && (event.metaKey || event.ctrlKey)) return search(event);
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) {
    if (event.key === "?" && $("#keys:popover-open")) $("#keys").hidePopover();
    return;
  }
  if (Date.now() - jump < 1200) {
    jump = 0;
    const place = document.body.dataset[`go${event.key.toUpperCase()}`];
    if (place) location.assign(place);
    return;
  }
  if (Object.hasOwn(keys, event.key)) keys[event.key](event);
});

const keys = {
  g: () => { jump = Date.now(); },
  "/": (event) => search(event),
  j: (event) => step(event, 1),
  k: (event) => step(event, -1),
  x: () => pick(),
  r: () => resend(),
  e: () => go(focusedRow()?.dataset.event || $("[data-key-event]")?.href),
  f: (event) => { const field = $("#filters select, #filters input:not([type=hidden])"); if (field) { event.preventDefault(); field.focus(); } },
  "[": () => turn(-1),
  "]": () => turn(1),
  "?": () => $("#keys")?.togglePopover?.(),
};

function search(event) {
  const box = document.getElementById("search");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
}

function go(place) { if (place) location.assign(place); }

// step moves along the rows of the page's log; Enter follows the focused link.
function step(event, by) {
  const links = rows();
  if (!links.length) return;
  event.preventDefault();
  const at = links.indexOf($("a[data-open]", focusedRow() ?? document.createElement("i")));
  const next = links[Math.min(links.length - 1, Math.max(0, at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by))];
  next.focus({ preventScroll: true });
  next.closest("[data-row]").scrollIntoView({ block: "nearest" });
}

function pick() {
  const row = focusedRow();
  if (!row) return;
  const box = $("[data-pick]", row);
  if (box) box.click();
  else say("Only what has ended can be picked");
}

// resend sends the picked rows again, else the one with the focus; on a
// delivery's page it presses the page's own button.
function resend() {
  const button = $("[data-key-resend]");
  if (button) return button.click();
  const form = document.getElementById("resend");
  if (!form) return;
  if (!$("[data-pick]:checked")) {
    const box = focusedRow() && $("[data-pick]", focusedRow());
    if (!box) return say("Move to a delivery that has ended, with j and k, to resend it");
    box.checked = true;
  }
  form.requestSubmit();
}

// turn leads to the next or previous attempt of a delivery, else page of a list.
function turn(by) {
  const attempts = [...document.querySelectorAll("a[data-attempt]")];
  if (attempts.length) {
    const at = attempts.findIndex((link) => link.hasAttribute("aria-current"));
    return go(attempts[at + by]?.href);
  }
  go($(by > 0 ? "a[rel=next]" : "a[rel=prev], a[rel=first]")?.href);
}

// The list shows what works here, in the words of this machine's keyboard.
if (/mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform)) {
  for (const key of document.querySelectorAll("[data-apple]")) key.textContent = key.dataset.apple;
}
document.getElementById("keys")?.addEventListener("beforetoggle", (event) => {
  if (event.newState !== "open") return;
  for (const line of event.target.querySelectorAll("[data-needs]")) line.hidden = !$(line.dataset.needs);
});
