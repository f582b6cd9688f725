// The supporters' page: whoever has opened it in this tab sees it again, and voting needs no reload.
import { fill, say } from "./words.js";

const TIMEOUT_MS = 20_000;
const main = () => document.querySelector("[data-community]");
const key = `pool:community:${main().dataset.community}`;

bind();
if (main().querySelector("[data-locked]") && kept()) send({ do: "view" });

function kept() {
  try {
    return sessionStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function bind() {
  for (const form of main().querySelectorAll("form")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = event.submitter ?? form.querySelector("[name=do]");
      const place = form.closest("section").id;
      send({ ...Object.fromEntries(new FormData(form)), do: button.value }, button, place);
    });
  }
  for (const ballot of main().querySelectorAll("[data-ballot]")) {
    ballot.addEventListener("change", () => name(ballot));
    name(ballot);
  }
  const again = main().querySelector("[data-again]");
  if (again && kept()) {
    again.hidden = false;
    again.addEventListener("click", () => send({ do: "view" }, again));
  }
}

/** The button says what it does: whom it votes for. */
function name(ballot) {
  const chosen = ballot.querySelector(":checked");
  const button = ballot.querySelector("[data-says]");
  if (chosen) button.textContent = fill(button.dataset.says, { option: chosen.value });
}

/** Ask for the page again, with what was done on it; the link travels in the body. */
async function send(said, button, place) {
  if (button?.getAttribute("aria-busy") === "true") return;
  button?.setAttribute("aria-busy", "true");
  const fresh = await drawn(new URLSearchParams({ t: kept(), ...said, scripted: "1" }));
  button?.removeAttribute("aria-busy");
  if (!fresh) {
    document.getElementById("announce").textContent = say("offline");
    return;
  }
  main().replaceWith(fresh);
  bind();
  const notice = main().querySelector(".notice");
  document.getElementById("announce").textContent = notice?.textContent.trim() ?? "";
  // Only who did something is taken to what came of it.
  if (place) (document.getElementById(place)?.querySelector("h2") ?? main().querySelector("h1")).focus();
}

async function drawn(body) {
  try {
    const response = await fetch(location.pathname, {
      method: "POST",
      body,
      credentials: "same-origin",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const element of page.querySelectorAll("noscript")) element.remove();
    return page.querySelector("[data-community]");
  } catch {
    return null;
  }
}
