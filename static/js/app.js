// Bellwire's own script: comforts on top of pages that work without it.
// No eval, no inline styles, no markup built from text: the policy forbids
// the first two and the third is how data becomes script.

const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// ---- copy buttons: data-copy holds the text, or data-copy-from an id -------
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  event.preventDefault();
  const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
  const text = source ? source.textContent : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyByHand(text); // plain http has no clipboard API
  }
  button.dataset.copied = "true";
  say("Copied");
  setTimeout(() => delete button.dataset.copied, 1500);
});

function copyByHand(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr-only";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

// say puts words into the page's live region for people who can't see it.
function say(words) {
  const region = document.getElementById("say");
  if (region) region.textContent = words;
}

// ---- relative times ---------------------------------------------------------
const steps = [[60, "s"], [3600, "min", 60], [86400, "h", 3600], [2592000, "d", 86400]];

function relative(then, now) {
  const seconds = Math.round((then - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 2) return "now";
  const step = steps.find(([limit]) => size < limit);
  if (!step) return null;
  const words = `${Math.floor(size / (step[2] || 1))} ${step[1]}`;
  return seconds < 0 ? `${words} ago` : `in ${words}`;
}

function freshen() {
  const now = Date.now();
  for (const time of $$("time[data-relative]")) {
    const then = Date.parse(time.dateTime);
    const words = Number.isNaN(then) ? null : relative(then, now);
    if (words && time.textContent !== words) time.textContent = words;
    if (time.dataset.local || Number.isNaN(then)) continue;
    time.dataset.local = "true";
    time.title = `${time.title} · ${new Date(then).toLocaleString()} your time`;
  }
}

// ---- theme: a cookie, so that the server draws the right one at once --------
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-theme-form]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  document.documentElement.dataset.theme = theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
});

// ---- a revealed secret leaves the screen by itself --------------------------
function watchSecrets() {
  for (const box of $$("[data-hide-after]:not([data-watched])")) {
    box.dataset.watched = "true";
    let left = Number(box.dataset.hideAfter) || 60;
    const count = box.querySelector("[data-hide-count]");
    const timer = setInterval(() => {
      left -= 1;
      if (count) count.textContent = `hidden in ${left} s`;
      if (left > 0 && box.isConnected) return;
      clearInterval(timer);
      hideSecret(box);
    }, 1000);
  }
}

function hideSecret(box) {
  for (const node of $$("[data-secret]", box)) {
    node.textContent = node.dataset.masked || "hidden";
    delete node.dataset.secret;
  }
  for (const node of $$("[data-copy], [data-copy-from], [data-hide-count]", box)) node.remove();
  say("The secret is hidden again");
}

// A page kept for the back button must not bring a secret back.
addEventListener("pagehide", () => $$("[data-hide-after]").forEach(hideSecret));

// ---- a click anywhere on a row opens it -------------------------------------
document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row]");
  if (!row || event.target.closest("a, button, input, label, summary") || String(getSelection())) return;
  const link = row.querySelector("a[data-open]");
  if (!link) return;
  if (event.metaKey || event.ctrlKey) open(link.href, "_blank", "noopener");
  else link.click();
});

// ---- forms: leave no half-filled one by accident, no double post ------------
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "true";
  setTimeout(() => delete form.dataset.sent, 4000);
});

// A choice in a filter form sends the form.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-auto]");
  if (form && event.target.matches("select")) form.requestSubmit();
});

// ---- start, and again after htmx has swapped something ----------------------
function settle() {
  freshen();
  watchSecrets();
}
settle();
setInterval(freshen, 10000);
document.addEventListener("htmx:afterSettle", settle);
document.addEventListener("rows", settle);
// A live list does not fetch behind a hidden tab or while rows are being read.
document.addEventListener("htmx:beforeRequest", (event) => {
  const live = event.target.closest?.("[data-live]");
  if (live && (document.hidden || live.contains(document.activeElement) && document.activeElement.closest("[data-row]"))) event.preventDefault();
});
