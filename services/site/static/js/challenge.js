// The challenge: asked of a browser from which too many cards failed, and of who leaves an address.
import { page } from "./words.js";

const SOURCE = "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit";
let loading = null;

/** Show the challenge where the page has a place for one. `onPassed` hears when it is passed. */
export async function showChallenge(place, onPassed = () => {}) {
  if (!place || place.dataset.shown) return;
  place.dataset.shown = "true";
  try {
    await (loading ??= load());
  } catch {
    loading = null;
    delete place.dataset.shown;
    return;
  }
  // Its answer comes as a field of the form the place stands in.
  window.turnstile.render(place, {
    sitekey: place.dataset.challenge,
    language: page.language,
    callback: onPassed,
  });
}

/** An answer counts once: ask anew. */
export function askAgain(place) {
  if (place?.dataset.shown) window.turnstile?.reset(place);
}

function load() {
  return new Promise((loaded, failed) => {
    const script = Object.assign(document.createElement("script"), { src: SOURCE, async: true });
    script.addEventListener("load", loaded);
    script.addEventListener("error", () => {
      script.remove();
      failed();
    });
    document.head.append(script);
  });
}
