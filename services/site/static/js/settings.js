// A design is looked at while it is typed: the form goes into the frame beside it. Without this
// the button does the same.
const PAUSE_MS = 400;
const form = document.querySelector("[data-design]");
const button = form?.querySelector("[data-preview]");

if (button) {
  let waiting = 0;
  const look = () => form.requestSubmit(button);
  form.addEventListener("input", (event) => {
    const swatch = form.querySelector(`label[for="${event.target.id}"] .swatch rect`);
    if (swatch && /^#[0-9a-fA-F]{3,6}$/.test(event.target.value)) {
      swatch.setAttribute("fill", event.target.value);
    }
    clearTimeout(waiting);
    waiting = setTimeout(look, PAUSE_MS);
  });
  look();
}
