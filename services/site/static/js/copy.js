// A button copies what stands beside it. Without scripts people select it themselves.

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  const before = button.textContent;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      // It stays selected: two keys copy it.
      return;
    }
    button.textContent = button.dataset.done;
    setTimeout(() => {
      button.textContent = before;
    }, 2_000);
  });
}
