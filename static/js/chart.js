// Charts to look into: the server draws a still picture, and this draws the
// same numbers with uPlot. Values under the pointer or the arrow keys, one
// cursor for all charts, dragging zooms and a double click goes back. The time
// shown is always in the address, so that a page can be sent to somebody.

const charts = new Map(); // by the figure's id
let library; // the promise of uPlot
let dragging = false;
let held = ""; // the id of the figure that had the keyboard before a swap
let shown = location.search;

function load(src) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = src;
    script.addEventListener("load", () => resolve(window.uPlot));
    script.addEventListener("error", reject);
    document.head.append(script);
  });
  return library;
}

// ---- from the figure to what uPlot takes ------------------------------------
const colour = (node) => getComputedStyle(node).backgroundColor;
const numbers = (node, name) => getComputedStyle(node).getPropertyValue(name).split(" ").filter(Boolean).map(Number);
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// columns are the values as they are drawn: layers stand on each other, and
// one failure among a million is still seen.
function columns(data) {
  const x = data.starts.map((start) => start + data.step / 2);
  const values = data.series.map((s) => s.values);
  if (data.kind !== "bars") return [x, ...values];
  const top = Math.max(1, ...x.map((_, i) => values.reduce((sum, layer) => sum + layer[i], 0)));
  const least = top * 0.02;
  let below = x.map(() => 0);
  const layers = values.map((layer) => {
    below = layer.map((value, i) => below[i] + (value > 0 ? Math.max(value, least) : 0));
    return below;
  });
  return [x, ...layers.reverse()];
}

// levels draws a value over the whole of its step, so that a lone one is seen,
// and joins it to the next only where that has one too.
function levels(step) {
  return (u, series, from, to) => {
    const stroke = new Path2D();
    const [x, y] = [u.data[0], u.data[series]];
    const scale = u.series[series].scale;
    let down = false;
    for (let i = from; i <= to; i++) {
      if (y[i] == null) { down = false; continue; }
      const height = u.valToPos(y[i], scale, true);
      const left = u.valToPos(x[i] - step / 2, "x", true);
      if (down) stroke.lineTo(left, height); else stroke.moveTo(left, height);
      stroke.lineTo(u.valToPos(x[i] + step / 2, "x", true), height);
      down = true;
    }
    return { stroke, fill: null, clip: null, band: null, gaps: null, flags: 0 };
  };
}

const brief = (n) => (n >= 1e6 ? `${+(n / 1e6).toFixed(1)}M` : n >= 1e4 ? `${+(n / 1e3).toFixed(1)}k` : `${n}`);
const lasting = (ms) => (ms >= 60000 ? `${+(ms / 60000).toFixed(1)} min` : ms >= 1000 ? `${+(ms / 1000).toFixed(1)} s` : `${ms} ms`);

function options(figure, data, swatches, size) {
  const { uPlot } = window;
  const bars = data.kind === "bars";
  // Layers are drawn from the highest down, so their order is turned round.
  const order = data.series.map((_, i) => (bars ? data.series.length - 1 - i : i));
  const axis = { stroke: () => token("--quiet"), font: "12px system-ui, sans-serif", ticks: { show: false } };
  return {
    ...size,
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    padding: [6, 18, 0, 0],
    scales: {
      x: { range: () => [data.starts[0], data.starts[data.starts.length - 1] + data.step] },
      y: { range: (_, low, high) => [0, high > 0 ? high * 1.05 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 24, gap: 4, space: 64, values: stamps },
      { ...axis, size: 52, gap: 6, space: 36, incrs: bars ? [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1e3, 2e3, 2500, 5e3, 1e4, 2e4, 25e3, 5e4, 1e5, 2e5, 25e4, 5e5, 1e6, 2e6, 5e6, 1e7] : undefined,
        values: (_, ticks) => ticks.map(bars ? brief : lasting), grid: { stroke: () => token("--line"), width: 1 } },
    ],
    cursor: {
      sync: { key: "charts" },
      y: false,
      points: { show: !bars, size: 7 },
      drag: { x: true, y: false, setScale: false, dist: 4 },
      bind: { dblclick: () => () => { reset(figure); } },
    },
    series: [{}, ...order.map((i) => ({
      label: data.series[i].label,
      stroke: bars ? undefined : () => colour(swatches[i]),
      fill: bars ? () => colour(swatches[i]) : undefined,
      width: bars ? 0 : numbers(swatches[i], "--width")[0],
      dash: bars ? undefined : numbers(swatches[i], "--dash"),
      cap: "butt",
      paths: bars ? uPlot.paths.bars({ size: [0.8, 64] }) : levels(data.step),
      points: { show: false },
    }))],
    hooks: { setCursor: [point], setSelect: [select] },
  };
}

// stamps are the hours, or the days where a day or more is shown.
function stamps(u, ticks) {
  const days = u.scales.x.max - u.scales.x.min > 2 * 86400;
  const two = (n) => String(n).padStart(2, "0");
  return ticks.map((tick) => {
    const at = new Date(tick * 1000);
    const day = `${at.getUTCDate()} ${at.toLocaleString("en", { month: "short", timeZone: "UTC" })}`;
    return days ? day : `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  }).map((text, i, all) => (days && text === all[i - 1] ? "" : text));
}

// ---- what stands under the cursor -------------------------------------------
function point(u) {
  const chart = charts.get(u.root.closest("figure")?.id);
  if (!chart || chart.u !== u) return;
  const { idx, left } = u.cursor;
  const away = idx == null || left < 0;
  chart.tip.hidden = away;
  if (away) return;
  const { data, swatches, tip } = chart;
  const when = document.createElement("b");
  when.textContent = `${data.labels[idx]} UTC`;
  const local = document.createElement("span");
  local.className = "quiet";
  local.textContent = `${new Date(data.starts[idx] * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })} your time`;
  const lines = data.series.map((s, i) => {
    const line = document.createElement("span");
    line.className = "value";
    const mark = swatches[i].cloneNode();
    const value = document.createElement("b");
    value.textContent = s.words[idx];
    line.append(mark, s.label, value);
    return line;
  });
  tip.replaceChildren(when, local, ...lines);
  if (data.notes?.[idx]) {
    const note = document.createElement("span");
    note.className = "quiet";
    note.textContent = data.notes[idx];
    tip.append(note);
  }
  const width = tip.offsetWidth;
  const room = u.over.clientWidth;
  const at = left + 12 + width > room ? Math.max(0, left - width - 12) : left + 12;
  tip.style.transform = `translateX(${at}px)`;
  chart.plot.setAttribute("aria-valuenow", String(idx));
  chart.plot.setAttribute("aria-valuetext", spoken(data, idx));
}

function spoken(data, i) {
  const values = data.series.map((s) => `${s.label} ${s.words[i]}`).join(", ");
  const note = data.notes?.[i] ? ` (${data.notes[i]})` : "";
  return `${data.labels[i]} UTC: ${values}${note}`;
}

// ---- another time -----------------------------------------------------------
const minute = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16);

function select(u) {
  if (!dragging || u.select.width < 4) return;
  dragging = false; // the other charts follow the same drag
  const figure = u.root.closest("figure");
  const { data } = charts.get(figure.id);
  const from = u.posToVal(u.select.left, "x");
  const to = u.posToVal(u.select.left + u.select.width, "x");
  show(figure, Math.floor(from / data.step) * data.step, Math.ceil(to / data.step) * data.step);
}

// show narrows or widens the time; without one it goes back to the range.
function show(figure, from, to) {
  const url = new URL(location.href);
  for (const name of ["since", "until"]) url.searchParams.delete(name);
  if (from !== undefined) {
    url.searchParams.set("since", minute(from));
    url.searchParams.set("until", minute(Math.max(to, from + 300)));
  }
  if (url.search === location.search) return;
  history.pushState({ chart: true }, "", url);
  shown = url.search;
  const region = `#${figure.dataset.chartRegion}`;
  if (window.htmx) window.htmx.ajax("GET", url.pathname + url.search, { target: region, select: region, swap: "outerHTML" });
  else location.reload();
}

const reset = (figure) => show(figure);

addEventListener("popstate", () => {
  if (charts.size && location.search !== shown) location.reload();
});

// ---- keys -------------------------------------------------------------------
function press(event) {
  const figure = event.currentTarget.closest("figure");
  const { u, data } = charts.get(figure.id);
  const last = data.starts.length - 1;
  const at = u.cursor.idx ?? last;
  const to = { ArrowLeft: at - 1, ArrowRight: u.cursor.idx == null ? last : at + 1, PageDown: at - 10, PageUp: at + 10, Home: 0, End: last }[event.key];
  if (to !== undefined) {
    const next = Math.min(last, Math.max(0, to));
    const left = u.valToPos(u.data[0][next], "x");
    for (const { u: each } of charts.values()) each.setCursor({ left, top: 20 });
  } else if (event.key === "+" || event.key === "=") {
    const quarter = Math.max(1, Math.floor(data.starts.length / 4));
    show(figure, data.starts[Math.max(0, at - quarter)], data.starts[Math.min(last, at + quarter)] + data.step);
  } else if (event.key === "-" || event.key === "Escape") {
    reset(figure);
  } else {
    return;
  }
  event.preventDefault();
}

function leave() {
  for (const { u } of charts.values()) u.setCursor({ left: -10, top: -10 });
}

// ---- drawing ----------------------------------------------------------------
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const chart = charts.get(target.closest("figure")?.id);
    if (chart && target.clientWidth) chart.u.setSize(sizeOf(target));
  }
});

const sizeOf = (plot) => ({ width: plot.clientWidth, height: 152 });

function draw(figure) {
  const data = JSON.parse(figure.dataset.chart);
  const plot = figure.querySelector(".plot");
  const swatches = [...figure.querySelectorAll(".legend i")];
  const before = charts.get(figure.id);
  const cursor = before?.u.cursor;
  if (before) { sizes.unobserve(before.plot); before.u.destroy(); }
  const u = new window.uPlot(options(figure, data, swatches, sizeOf(plot)), columns(data), plot);
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  u.over.append(tip);
  for (const [name, value] of Object.entries({
    tabindex: 0, role: "slider", "aria-label": `${data.title} over time; arrow keys read the values, plus zooms, Escape goes back`,
    "aria-valuemin": 0, "aria-valuemax": data.starts.length - 1, "aria-valuenow": data.starts.length - 1, "aria-valuetext": spoken(data, data.starts.length - 1),
  })) plot.setAttribute(name, String(value));
  plot.addEventListener("keydown", press);
  plot.addEventListener("blur", leave);
  u.over.addEventListener("mousedown", () => { dragging = true; });
  charts.set(figure.id, { u, data, tip, swatches, plot });
  sizes.observe(plot);
  if (cursor && cursor.left >= 0) u.setCursor({ left: cursor.left, top: cursor.top });
  if (held === figure.id) plot.focus({ preventScroll: true });
}

// A figure is drawn when uPlot's part is in it. No class says so: htmx gives a
// swapped element the attributes of the one before it with the same id.
//
// start draws what has come onto the page and lets go of what has left it.
function start() {
  for (const [id, chart] of charts) {
    if (chart.plot.isConnected || document.getElementById(id)?.dataset.chart) continue;
    sizes.unobserve(chart.plot);
    chart.u.destroy();
    charts.delete(id);
  }
  const fresh = [...document.querySelectorAll("figure[data-chart]:not(:has(.uplot))")];
  if (!fresh.length) return;
  if (window.uPlot) fresh.forEach(draw);
  else load(fresh[0].dataset.chartLibrary).then(() => document.querySelectorAll("figure[data-chart]:not(:has(.uplot))").forEach(draw));
}

// Bars keep the colour that they were made with, so they are made again.
const repaint = () => { for (const { u } of charts.values()) u.redraw(true); };

document.addEventListener("mouseup", () => setTimeout(() => { dragging = false; }, 0));
document.addEventListener("htmx:beforeSwap", () => { held = document.activeElement.closest(".chart .plot") ? document.activeElement.closest("figure").id : ""; });
document.addEventListener("htmx:afterSwap", () => { start(); held = ""; });
// What is dragged over, opened to be read or held by the keyboard must not be
// replaced; a chart that has the keyboard keeps it.
document.addEventListener("htmx:beforeRequest", (event) => {
  const live = event.target.closest?.("[data-live]");
  if (!live?.querySelector("figure[data-chart]")) return;
  const active = document.activeElement;
  if (dragging || live.querySelector("details[open]") || (live.contains(active) && !active.closest(".plot"))) event.preventDefault();
});
new MutationObserver(repaint).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
start();
