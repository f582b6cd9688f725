// The widget: asks how the film stands now and then, and tells the page around it how tall it is.

const TYPE = "pool-campaign-embed:resize";
const LOOK_MS = 30_000;
const widget = document.querySelector("[data-widget]");
const outside = originOf(document.referrer);
let timer;

new ResizeObserver(tellHeight).observe(widget);
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()));
timer = setTimeout(look, LOOK_MS);

function originOf(address) {
  try {
    return new URL(address).origin;
  } catch {
    return "";
  }
}

function tellHeight() {
  if (!outside || window.parent === window) return;
  const height = Math.ceil(widget.getBoundingClientRect().height);
  window.parent.postMessage({ type: TYPE, slug: widget.dataset.widget, height }, outside);
}

/** Fetch this page again and put its figures in place: the server decides every word. */
async function look() {
  clearTimeout(timer);
  timer = setTimeout(look, LOOK_MS);
  try {
    const response = await fetch(location.href, { cache: "no-cache" });
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const figures = fresh.querySelector("[data-widget-figures]");
    if (figures) document.querySelector("[data-widget-figures]").replaceWith(document.adoptNode(figures));
  } catch {
    // Offline: the next look asks again.
  }
}
