// A password that is typed can be looked at; it is hidden again before it is
// sent, so that the browser keeps it as one.

const field = (box) => document.getElementById(box.dataset.show);

document.addEventListener("change", (event) => {
  const box = event.target.closest?.("[data-show]");
  if (box) field(box).type = box.checked ? "text" : "password";
});

document.addEventListener("submit", (event) => {
  for (const box of event.target.querySelectorAll("[data-show]:checked")) {
    box.checked = false;
    field(box).type = "password";
  }
});
