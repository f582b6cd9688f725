// A part of the page whose work is under way is fetched again until it waits for nothing more.
import { morph } from "./morph.js";

const EVERY_MS = 2_000;
const SELDOM_MS = 30_000;
// Nothing new, or nobody there: each look waits longer than the last.
const SLOWER = 1.5;
const AGAIN = [429, 500, 502, 503, 504];
let pause = EVERY_MS;
let timer;
let isLooking = false;

const shown = () => document.querySelector("[data-watched]");

function later() {
  clearTimeout(timer);
  // A hidden tab asks nothing; shown again, it looks at once.
  if (!document.hidden && shown()?.hasAttribute("data-waits")) timer = setTimeout(look, pause);
}

async function look() {
  if (isLooking) return;
  isLooking = true;
  try {
    const answer = await fetch(location.pathname + location.search, { headers: { accept: "text/html" } });
    if (!answer.ok && !AGAIN.includes(answer.status)) return;
    pause = answer.ok && place(await answer.text()) ? EVERY_MS : slower();
    later();
  } catch {
    pause = slower();
    later();
  } finally {
    isLooking = false;
  }
}

function slower() {
  return Math.min(SELDOM_MS, pause * SLOWER);
}

/** Make the part like the newer page, and tell whether it changed. Focus and place stay. */
function place(text) {
  const old = shown();
  const next = new DOMParser().parseFromString(text, "text/html").querySelector("[data-watched]");
  // Signed out meanwhile: what is shown stays, and nothing is asked any more.
  if (!next) {
    old.removeAttribute("data-waits");
    return false;
  }
  if (old.isEqualNode(next)) return false;
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  morph(old, next);
  if (active && !active.isConnected) {
    old.tabIndex = -1;
    old.focus({ preventScroll: true });
  }
  return true;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden || !shown()?.hasAttribute("data-waits")) return clearTimeout(timer);
  pause = EVERY_MS;
  clearTimeout(timer);
  return look();
});
later();
