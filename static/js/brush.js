// A time is dragged out on the histogram. Its columns are links that do the
// same without this script.

const minute = 60000;
const stamp = (at) => new Date(at).toISOString().slice(0, 16);

for (const figure of document.querySelectorAll("[data-brush]")) {
  const svg = figure.querySelector("svg.brush");
  const mark = svg.querySelector(".brushed");
  const columns = svg.querySelectorAll(".bar-col").length;
  const from = Date.parse(`${figure.dataset.from}Z`);
  const width = Number(figure.dataset.minutes) * minute;
  let start = null;
  let end = null;

  const column = (event) => {
    const box = svg.getBoundingClientRect();
    return Math.max(0, Math.min(columns - 1, Math.floor(((event.clientX - box.left) / box.width) * columns)));
  };
  const draw = () => {
    const [a, b] = [Math.min(start, end), Math.max(start, end)];
    mark.setAttribute("x", a * 10);
    mark.setAttribute("width", (b - a + 1) * 10);
  };
  const clear = () => { start = null; mark.setAttribute("width", 0); };
  const narrow = (a, b) => {
    const url = new URL(location.href);
    for (const name of ["range", "cursor"]) url.searchParams.delete(name);
    url.searchParams.set("since", stamp(from + a * width));
    url.searchParams.set("until", stamp(from + (b + 1) * width));
    location.assign(url);
  };

  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return; // a finger scrolls, and taps a column
    event.preventDefault();
    svg.setPointerCapture(event.pointerId);
    start = end = column(event);
    draw();
  });
  svg.addEventListener("pointermove", (event) => {
    if (start === null) return;
    end = column(event);
    draw();
  });
  svg.addEventListener("pointerup", () => {
    if (start === null) return;
    const [a, b] = [Math.min(start, end), Math.max(start, end)];
    clear();
    narrow(a, b);
  });
  svg.addEventListener("pointercancel", clear);
  addEventListener("keydown", (event) => event.key === "Escape" && clear());
  svg.addEventListener("click", (event) => event.detail && event.pointerType !== "touch" && event.preventDefault());
  svg.addEventListener("dragstart", (event) => event.preventDefault());
}

// A filter's empty fields stay out of the address.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-lean]");
  if (!form) return;
  for (const field of form.elements) if (field.name && field.value === "") field.disabled = true;
  setTimeout(() => { for (const field of form.elements) field.disabled = false; });
});
