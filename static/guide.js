// Small helps on top of pages that work without them.
document.addEventListener("DOMContentLoaded", () => {
  // "None of these" and the other boxes of a question take each other away.
  document.addEventListener("change", ({ target }) => {
    if (target.type !== "checkbox" || !target.checked || !target.form) return;
    const exclusive = target.dataset.behaviour === "exclusive";
    for (const box of target.form.querySelectorAll(`input[name="${target.name}"]`)) {
      if (box !== target && (exclusive || box.dataset.behaviour === "exclusive")) box.checked = false;
    }
  });
  // After a mistake, begin at the list of what is wrong.
  const summary = document.querySelector(".nhsuk-error-summary, .notice[role=alert]");
  if (summary) {
    summary.tabIndex = -1;
    summary.focus();
  }
  // Paper cannot be unfolded.
  window.addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("details.check")) folded.open = true;
  });
  const print = document.querySelector("[data-print]");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }
});
// A page that comes back out of the browser's memory may show answers that were cleared since.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
