// JSON text areas: format, check while typing, and a Tab key that indents.
// Everything here is comfort; the server checks again and says more.

const areas = () => document.querySelectorAll("textarea[data-json]:not([data-ready])");

function ready() {
  for (const area of areas()) {
    area.dataset.ready = "true";
    const tools = document.querySelector(`[data-json-tools="${CSS.escape(area.id)}"]`);
    if (!tools) continue;
    tools.hidden = false;
    const say = tools.querySelector("[data-json-say]");
    const check = () => tell(say, fault(area.value));
    tools.querySelector("[data-json-format]").addEventListener("click", () => format(area, say));
    let timer = 0;
    area.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(check, 300); });
    area.addEventListener("keydown", (event) => indent(area, event));
    check();
  }
}

function tell(say, wrong) {
  const words = wrong ? `✕ ${wrong}` : "";
  if (say.textContent !== words) say.textContent = words;
}

// fault says in words where text stops being JSON; empty if it is.
function fault(text) {
  if (text.trim() === "") return "";
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    const at = /position (\d+)/.exec(error.message);
    if (!at) return "not JSON yet";
    const before = text.slice(0, Number(at[1])).split("\n");
    return `not JSON: line ${before.length}, column ${before.at(-1).length + 1}`;
  }
}

function format(area, say) {
  const wrong = fault(area.value);
  tell(say, wrong);
  if (wrong) { area.focus(); return; }
  const pretty = indented(area.value);
  if (pretty === area.value) { say.textContent = "formatted already"; return; }
  area.focus();
  area.select();
  if (!document.execCommand("insertText", false, pretty)) area.value = pretty; // the first keeps undo
  area.setSelectionRange(0, 0);
  area.scrollTop = 0;
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

// indented lays text out anew without touching how a number or string is
// spelt: parsing and printing would lose digits.
function indented(text) {
  const pieces = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) || [];
  let out = "", depth = 0;
  const line = () => "\n" + "  ".repeat(depth);
  pieces.forEach((piece, i) => {
    const next = pieces[i + 1];
    if (piece === "{" || piece === "[") {
      out += piece;
      if (next !== "}" && next !== "]") { depth++; out += line(); }
    } else if (piece === "}" || piece === "]") {
      const before = pieces[i - 1];
      if (before !== "{" && before !== "[") { depth--; out += line(); }
      out += piece;
    } else if (piece === ",") {
      out += piece + line();
    } else {
      out += piece === ":" ? ": " : piece;
    }
  });
  return out;
}

// Tab indents and Shift+Tab takes back; after Esc both move on as elsewhere.
function indent(area, event) {
  if (event.key === "Escape") { area.dataset.leave = "true"; return; }
  if (event.key !== "Tab" || event.ctrlKey || event.altKey || event.metaKey) {
    if (event.key !== "Shift") delete area.dataset.leave;
    return;
  }
  if (area.dataset.leave) { delete area.dataset.leave; return; }
  event.preventDefault();
  if (!event.shiftKey) { insert(area, "  "); return; }
  const start = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const spaces = /^ {1,2}/.exec(area.value.slice(start));
  if (!spaces) return;
  const caret = Math.max(start, area.selectionStart - spaces[0].length);
  area.setSelectionRange(start, start + spaces[0].length);
  insert(area, "");
  area.setSelectionRange(caret, caret);
}

function insert(area, text) {
  if (document.execCommand(text ? "insertText" : "delete", false, text)) return;
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

// A fault's line leads to that line.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-json-line]");
  const area = link && document.querySelector(link.hash);
  if (!area) return;
  event.preventDefault();
  const lines = area.value.split("\n");
  const at = Math.min(Number(link.dataset.jsonLine), lines.length) - 1;
  const start = lines.slice(0, at).join("\n").length + (at > 0 ? 1 : 0);
  area.focus();
  area.setSelectionRange(start, start + lines[at].length);
  area.scrollTop = Math.max(0, at - 3) * parseFloat(getComputedStyle(area).lineHeight);
});

// Another topic brings its example while nothing of one's own is typed.
document.addEventListener("change", (event) => {
  const picker = event.target.closest("select[data-loads]");
  const area = picker && document.getElementById(picker.dataset.loads);
  if (area && area.value === area.defaultValue) document.querySelector("[data-load-example]")?.click();
});

// What was wrong at the last try goes once the pane says that it would be
// taken; what only a try can find stays.
function mended() {
  if (!document.querySelector("#reach[data-taken]")) return;
  const form = document.getElementById("draft");
  for (const gone of form.querySelectorAll(".faults, #data-error, #topic-error")) gone.remove();
  for (const field of form.querySelectorAll("#data, #topic")) field.removeAttribute("aria-invalid");
  for (const link of form.querySelectorAll('[role="alert"] :is([href="#data"], [href="#topic"])')) link.closest("li").remove();
  const summary = form.querySelector('[role="alert"]');
  if (summary && !summary.querySelector("li")) summary.remove();
}

ready();
document.addEventListener("htmx:afterSettle", () => { ready(); mended(); });
