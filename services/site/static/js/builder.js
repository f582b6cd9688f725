// The page that makes the widget's snippet: a choice shows at once, the frame is as tall as it says.

const TYPE = "pool-campaign-embed:resize";

for (const form of document.querySelectorAll("[data-builder]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

window.addEventListener("message", ({ origin, data }) => {
  if (origin !== location.origin || data?.type !== TYPE) return;
  const frame = document.querySelector(`[data-widget-frame="${CSS.escape(data.slug)}"]`);
  if (frame) frame.height = Number(data.height) || frame.height;
});
