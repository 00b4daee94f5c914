// At a kiosk: when nobody has touched the page for a while, ask; when nobody answers, clear and leave.
document.addEventListener("DOMContentLoaded", () => {
  const kiosk = document.getElementById("kiosk");
  const dialog = kiosk.querySelector("dialog");
  const idle = Number(kiosk.dataset.idle) * 1000;
  const warned = 60 * 1000;
  let touched = Date.now();
  let leaving = false;

  const leave = () => {
    leaving = true;
    if (dialog) dialog.querySelector("form").submit();
    else if (location.pathname !== kiosk.dataset.start) location.replace(kiosk.dataset.start);
  };
  const stay = () => {
    touched = Date.now();
    if (dialog?.open) dialog.close();
  };
  const tell = (left) => {
    dialog.querySelector("[data-left]").textContent = String(left);
    // Twice, so that a screen reader hears that time passes and can still read.
    if (left === 30 || left === 10) dialog.querySelector("[data-said]").textContent = `${left} seconds left`;
  };

  for (const event of ["pointerdown", "keydown", "input", "scroll", "wheel", "touchmove"]) {
    document.addEventListener(event, () => { if (!dialog?.open) touched = Date.now(); }, { passive: true, capture: true });
  }
  if (dialog) {
    dialog.querySelector("[data-stay]").addEventListener("click", stay);
    dialog.addEventListener("close", stay);
  }
  // By the clock and not by counting: a device that slept meanwhile has to clear at once.
  setInterval(() => {
    if (leaving) return;
    const rest = touched + idle + (dialog ? warned : 0) - Date.now();
    if (rest <= 0) return leave();
    if (!dialog || rest > warned) return;
    if (!dialog.open) {
      dialog.querySelector("[data-said]").textContent = "";
      dialog.showModal();
      dialog.querySelector("[data-stay]").focus();
    }
    tell(Math.ceil(rest / 1000));
  }, 500);
});
