// The launch reminder: the form is answered in place, in the server's own words.
import { showChallenge } from "./challenge.js";
import { say } from "./words.js";

const TIMEOUT_MS = 15_000;

// Nobody else is asked for anything before somebody begins to fill the form in.
document.addEventListener("focusin", (event) => prepare(event.target));
prepare(document.activeElement);
showChallenge(document.querySelector("[data-reminder] [data-asked]"));

document.addEventListener("submit", async (event) => {
  const place = event.target.closest("[data-reminder]");
  if (!place) return;
  event.preventDefault();
  const button = place.querySelector("button");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const fresh = await answered(event.target);
  button.removeAttribute("aria-busy");
  if (!fresh) return tell(say("failed"));
  place.replaceWith(fresh);
  showChallenge(fresh.querySelector("[data-asked]"));
  const next = fresh.querySelector("[data-told], [aria-invalid]") ?? fresh.querySelector("input");
  next.focus();
  tell(fresh.querySelector("[data-told], .field__error")?.textContent.trim() ?? "");
});

function prepare(focused) {
  showChallenge(focused?.closest("[data-reminder]")?.querySelector("[data-challenge]"));
}

async function answered(form) {
  const body = new URLSearchParams({ ...Object.fromEntries(new FormData(form)), scripted: "1" });
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return page.querySelector("[data-reminder]");
  } catch {
    return null;
  }
}

function tell(words) {
  document.getElementById("announce").textContent = words;
}
