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
    const boxes = $$('[name="topic"]', group);
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
  try {
    const answer = await fetch(form.dataset.preview, {
      method: "POST", body: new URLSearchParams(new FormData(form)), signal: mine.signal, headers: { "HX-Request": "true" },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (running !== mine) return;
    for (const part of $$("[data-part]", page)) put(part);
    progress("up to date");
  } catch (fault) {
    if (fault.name === "AbortError") return;
    progress("no preview now; your form is safe");
  }
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

  form.addEventListener("input", (event) => {
    const box = event.target;
    if (box.dataset.find) {
      find(box);
      return;
    }
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
