// Rows that are picked to be sent again. Without this script the boxes and the
// button work as any form does.

const boxes = () => [...document.querySelectorAll("[data-pick]")];
const bar = document.getElementById("resend");
const all = document.querySelector("[data-pick-all]");
const most = 200; // what one request takes

function settle() {
  const list = boxes();
  const picked = list.filter((box) => box.checked).length;
  bar.querySelector("[data-picked]").textContent = picked === 1 ? "1 picked" : `${picked} picked`;
  if (all) {
    all.checked = picked > 0 && picked === list.length;
    all.indeterminate = picked > 0 && picked < list.length;
    all.disabled = list.length === 0;
  }
  if (picked === 0) document.dispatchEvent(new Event("picked"));
}

if (bar) {
  let last = null;
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("[data-pick]");
    if (!box) return;
    const list = boxes();
    if (event.shiftKey && last?.isConnected) {
      const [a, b] = [list.indexOf(last), list.indexOf(box)].sort((x, y) => x - y);
      for (const between of list.slice(a, b + 1)) between.checked = box.checked;
    }
    last = box;
  });
  document.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes().slice(0, most)) box.checked = all.checked;
    if (event.target === all || event.target.matches?.("[data-pick]")) settle();
  });
  bar.addEventListener("reset", () => { for (const box of boxes()) box.checked = false; setTimeout(settle); });
  document.addEventListener("rows", settle);
  settle();
}
