// The endpoint form while it is typed in: what would match and what would be
// sent are asked for and put in place part by part. Typing is never held up,
// and a part that can't be made from half a form keeps its last good content.

const form = document.querySelector("form[data-preview]");
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// ---- the topic picker ---------------------------------------------------------
function find(box) {
  const wanted = box.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const list = document.getElementById(box.dataset.find);
  for (const item of $$("[data-word]", list)) {
    const words = item.dataset.word.toLowerCase();
    item.hidden = !wanted.every((w) => words.includes(w));
  }
  for (const group of $$("[data-group]", list)) {
    const any = $$("[data-word]", group).some((item) => !item.hidden);
    group.hidden = !any;
    if (wanted.length && any) group.open = true;
    for (const all of $$(".all", group)) all.hidden = wanted.length > 0;
  }
  list.querySelector("[data-none]").hidden = $$("[data-group]", list).some((group) => !group.hidden);
}

function countTicks() {
  for (const group of $$("[data-group]", form)) {
    const boxes = $$("[data-word] input", group);
    const ticked = boxes.filter((box) => box.checked).length;
    group.querySelector("[data-count]").textContent = `${ticked} of ${boxes.length}`;
    const all = group.querySelector("[data-all]");
    if (!all) continue;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
}

// ---- rows ---------------------------------------------------------------------
function addRow(kind) {
  const rows = form.querySelector(`[data-rows="${kind}"]`);
  const row = document.getElementById(`${kind}-blank`).content.firstElementChild.cloneNode(true);
  rows.append(row);
  number(rows);
  row.querySelector("input").focus();
}

function dropRow(button) {
  const row = button.closest("[data-row-of]");
  const rows = row.parentElement;
  const next = row.nextElementSibling || row.previousElementSibling;
  row.remove();
  number(rows);
  const place = next?.querySelector("input") || form.querySelector(`[data-add="${rows.dataset.rows}"]`);
  place.focus();
}

// number gives the rows' fields the names that screen readers say.
function number(rows) {
  [...rows.children].forEach((row, i) => {
    for (const field of $$("[aria-label]", row)) field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+$/, i + 1));
    const drop = row.querySelector("[data-drop]");
    drop.value = drop.value.replace(/\d+$/, i);
  });
}

// ---- the live pane ------------------------------------------------------------
let timer = 0;
let running = null;

function soon(wait = 300) {
  clearTimeout(timer);
  timer = setTimeout(refresh, wait);
  progress("…");
}

function progress(words) {
  const place = form.querySelector("[data-progress]");
  if (place && place.textContent !== words) place.textContent = words;
}

async function refresh() {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  const answer = await ask(mine.signal);
  if (running !== mine) return;
  if (answer.trouble) {
    progress("no preview now; your form is safe");
    return;
  }
  for (const part of $$("[data-part]", answer.page)) put(part);
  progress("up to date");
}

// ask sends the form for its preview. What stands in the way is told in words.
async function ask(signal) {
  try {
    const answer = await fetch(form.dataset.preview, {
      method: "POST", body: new URLSearchParams(new FormData(form)), signal, redirect: "manual", headers: { "HX-Request": "true" },
    });
    if (answer.type === "opaqueredirect" || answer.status === 401) return { trouble: "You are signed out. Sign in again in another tab, then press the button here once more." };
    if (answer.status === 403 || answer.status === 404) return { trouble: "The endpoint or your right to change it is gone. Ask an owner of the project." };
    if (!answer.ok) return { trouble: `The server could not answer (${answer.status}). Try again in a moment.` };
    return { page: new DOMParser().parseFromString(await answer.text(), "text/html") };
  } catch {
    return { trouble: "The server can't be reached. Try again when the connection is back." };
  }
}

// ---- saving ---------------------------------------------------------------------
// What was typed must not be lost to a page that says that the server is away
// or the session over: the form is sent only while the server answers.
let typed = false;
let sending = false;

async function send(event) {
  if (sending || event.submitter?.value !== "save") {
    sending = true;
    return;
  }
  event.preventDefault();
  clearTimeout(timer);
  running?.abort();
  const { trouble } = await ask(AbortSignal.timeout(15000));
  const note = form.querySelector("[data-unsaved]");
  note.hidden = !trouble;
  note.textContent = trouble ? `Nothing was saved, and everything that you typed is still here. ${trouble}` : "";
  if (trouble) {
    note.scrollIntoView({ block: "nearest" });
    return;
  }
  sending = true;
  delete form.dataset.sent;
  form.requestSubmit(event.submitter);
}

function warnOfLoss(event) {
  if (typed && !sending) event.preventDefault();
}

// put places one part of the answer.
function put(part) {
  const name = part.dataset.part;
  if (name === "words") {
    matter("matter" in part.dataset);
    const format = form.querySelector('[name="format"]:checked');
    if (format && !format.value) tell("format", part.dataset.format);
    return;
  }
  const old = document.querySelector(`[data-part="${name}"]`);
  if (!old) return;
  if ("problem" in part.dataset && ("stale" in old.dataset || !("problem" in old.dataset)) && old.childElementCount) {
    keep(old, part);
    return;
  }
  const held = old.contains(document.activeElement) && document.activeElement.id;
  for (const fold of $$("details[data-keep][open]", old)) {
    const same = part.querySelector(`details[data-keep="${fold.dataset.keep}"]`);
    if (same) same.open = true;
  }
  const fresh = document.adoptNode(part);
  old.replaceWith(fresh);
  if (held) document.getElementById(held)?.focus();
}

// keep leaves the last good content and says above it what is missing.
function keep(old, part) {
  old.querySelector(":scope > [data-note]")?.remove();
  const note = part.querySelector("[data-note]");
  if (note) old.prepend(document.adoptNode(note));
  old.dataset.stale = "";
}

// matter shows the prompt filters when prompts may come, or they are filled in.
function matter(may) {
  const place = form.querySelector("[data-prompts]");
  const filled = $$("textarea", place).some((area) => area.value.trim() !== "");
  place.hidden = !may && !filled && !place.contains(document.activeElement);
}

// ---- the folds' words -----------------------------------------------------------
function tell(id, words) {
  const place = form.querySelector(`[data-now="${id}"]`);
  if (place) place.textContent = words;
}

function tellNow() {
  const format = form.querySelector('[name="format"]:checked');
  if (format?.value) tell("format", format.dataset.name);
  const named = $$('[name="headerName"]', form).map((field) => field.value.trim()).filter(Boolean);
  tell("headers", named.length ? named.join(", ") : "none");
  const retry = form.querySelector('[name="retry"]:checked');
  if (retry) tell("retry", retry.parentElement.querySelector("span").firstChild.textContent.trim());
}

// ---- wiring ---------------------------------------------------------------------
function start() {
  for (const button of $$("[data-by-hand]", form)) button.hidden = true;
  for (const all of $$("[data-all]", form)) all.removeAttribute("name"); // the ticks themselves are posted
  countTicks();
  matter(form.querySelector("[data-prompts]").dataset.matter === "true");
  form.querySelector('[aria-invalid="true"]')?.focus();
  typed = !!document.querySelector('[role="alert"].flash');
  form.addEventListener("submit", send, true);
  addEventListener("beforeunload", warnOfLoss);
  addEventListener("pageshow", () => { sending = false; });

  form.addEventListener("input", (event) => {
    const box = event.target;
    if (box.dataset.find) {
      find(box);
      return;
    }
    typed = true;
    soon();
  });
  form.addEventListener("change", (event) => {
    const box = event.target;
    if ("all" in box.dataset) {
      for (const one of $$('[name="topic"]', box.closest("[data-group]"))) one.checked = box.checked;
    }
    if ("kind" in box.dataset) box.parentElement.querySelector('[name="headerValue"]').type = box.value === "no" ? "text" : "password";
    countTicks();
    tellNow();
    if (!box.dataset.find) soon(box.name === "sample" ? 0 : 300);
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add], [data-drop]");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.add) addRow(button.dataset.add);
    else dropRow(button);
    tellNow();
    typed = true;
    soon();
  });
  // Enter in a one-line field saves only from the fields of the first step;
  // in a row it goes on to a new one.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT" || event.isComposing) return;
    const rows = event.target.closest("[data-rows]");
    if (event.target.dataset.find) event.preventDefault();
    else if (rows) {
      event.preventDefault();
      addRow(rows.dataset.rows);
    }
  });
}

if (form) start();
