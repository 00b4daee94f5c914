// The figure beside the list of places shows what is ticked, and leads into the list without a trace in the address.
document.addEventListener("DOMContentLoaded", () => {
  const figure = document.querySelector(".body");
  const groupOf = (link) => document.getElementById(link.getAttribute("href").slice(1));
  const show = () => {
    const ticked = [...document.querySelectorAll("input[data-body]:checked")];
    const lit = new Set(ticked.flatMap((box) => box.dataset.body.split(" ")));
    for (const spot of figure.querySelectorAll("[data-spot]")) spot.classList.toggle("lit", lit.has(spot.dataset.spot));
    for (const link of figure.querySelectorAll("a")) {
      link.classList.toggle("ticked", groupOf(link).querySelector(":checked") !== null);
    }
  };
  for (const link of figure.querySelectorAll("a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const group = groupOf(link);
      group.focus({ preventScroll: true });
      group.scrollIntoView();
    });
  }
  document.addEventListener("change", show);
  show();
});
