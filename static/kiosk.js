// At a kiosk: when nobody has touched the page for a while, ask; when nobody answers, clear and leave.
document.addEventListener("DOMContentLoaded", () => {
  const kiosk = document.getElementById("kiosk");
  const dialog = kiosk.querySelector("dialog");
  const idle = Number(kiosk.dataset.idle) * 1000;
  const warned = 60 * 1000;
  let touched = Date.now();
  let left = 0;

  // Again after a while, should the server have been away: nobody is there who could press anything.
  const leave = () => {
    if (Date.now() - left < 10_000) return;
    left = Date.now();
    if (dialog) dialog.querySelector("form").submit();
    else if (location.pathname !== kiosk.dataset.start) location.replace(kiosk.dataset.start);
  };
  const stay = () => {
    touched = Date.now();
    if (dialog?.open) dialog.close();
  };
  const tell = (seconds) => {
    dialog.querySelector("[data-left]").textContent = String(seconds);
    // Twice, so that a screen reader hears that time passes and can still read.
    if (seconds === 30 || seconds === 10) dialog.querySelector("[data-said]").textContent = `${seconds} seconds left`;
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
