// A question is a native popover: the browser opens it, puts the focus on what
// is marked autofocus, and gives it back to the opener. This script keeps Tab
// inside while it is open, as the dimmed page promises.

const open = () => [...document.querySelectorAll("[role=dialog]:popover-open")].at(-1);

const stops = (dialog) => [...dialog.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
  .filter((node) => !node.disabled && node.type !== "hidden" && node.getClientRects().length > 0);

document.addEventListener("keydown", (event) => {
  const dialog = event.key === "Tab" && open();
  if (!dialog) return;
  const all = stops(dialog);
  if (!all.length) return;
  const [leaving, entering] = event.shiftKey ? [all[0], all.at(-1)] : [all.at(-1), all[0]];
  if (dialog.contains(document.activeElement) && document.activeElement !== leaving) return;
  event.preventDefault();
  entering.focus();
});

document.addEventListener("beforetoggle", (event) => {
  if (event.target.matches("[role=dialog]")) event.target.setAttribute("aria-modal", "true");
}, true);
