// One endpoint's page: a form that waits for an answer says so, and moments to
// come count down.

// ---- a test runs until the receiver answers ---------------------------------
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-wait]");
  const button = form?.querySelector("[data-busy]");
  if (!button || event.defaultPrevented) return;
  if (button.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  const before = [...button.childNodes];
  const started = Date.now();
  const show = () => { button.textContent = `${button.dataset.busy} · ${Math.floor((Date.now() - started) / 1000)} s`; };
  button.setAttribute("aria-busy", "true");
  show();
  const timer = setInterval(show, 1000);
  // Someone who comes back by the back button finds the button as it was.
  addEventListener("pagehide", () => {
    clearInterval(timer);
    button.removeAttribute("aria-busy");
    button.replaceChildren(...before);
  }, { once: true });
});

// ---- countdowns -------------------------------------------------------------
const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

// words are the two largest units: "26 h 3 min", "4 min 12 s".
function words(seconds) {
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first < 0) return "0 s";
  let left = seconds;
  return units.slice(first, first + 2).map(([name, size]) => {
    const n = Math.floor(left / size);
    left -= n * size;
    return `${n} ${name}`;
  }).join(" ");
}

function tick() {
  for (const time of document.querySelectorAll("time[data-countdown]")) {
    const left = Math.ceil((Date.parse(time.dateTime) - Date.now()) / 1000);
    if (Number.isNaN(left)) continue;
    time.textContent = left > 0 ? `in ${words(left)}` : "now";
    if (left > 0 || time.dataset.over) continue;
    time.dataset.over = "true";
    // The page as it is from now on, unless somebody is at work on it.
    setTimeout(refresh, 1500);
  }
}

// refresh opens the tab, not this address: that may have answered a form.
function refresh() {
  const tab = document.querySelector(".tabs-line a[aria-current]");
  const busy = document.querySelector("[data-secret]") || document.activeElement?.closest("main form");
  if (tab && !busy) location.replace(tab.href);
}

tick();
setInterval(tick, 1000);
