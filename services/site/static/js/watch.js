// A part of the page that changes by itself is fetched again until it waits for nothing more.

const EVERY_MS = 2_000;

async function look() {
  const shown = document.querySelector("[data-watched]");
  if (!shown?.hasAttribute("data-waits")) return;
  if (!document.hidden) {
    try {
      const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.querySelector("[data-watched]");
      if (next && !shown.contains(document.activeElement)) shown.replaceWith(next);
    } catch {
      // Away for a moment: the next look tells.
    }
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
