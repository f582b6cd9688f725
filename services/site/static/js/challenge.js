// The challenge: asked of a browser from which too many cards failed, and of nobody else.
import { page } from "./words.js";

const SOURCE = "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit";

/** Show the challenge where the page has a place for one. `onPassed` hears when it is passed. */
export function showChallenge(place, onPassed) {
  if (!place || place.dataset.shown) return;
  place.dataset.shown = "true";
  const script = Object.assign(document.createElement("script"), { src: SOURCE, async: true });
  script.addEventListener("load", () => {
    // Its answer comes as a field of the form the place stands in.
    window.turnstile.render(place, {
      sitekey: place.dataset.challenge,
      language: page.language,
      callback: onPassed,
    });
  });
  script.addEventListener("error", () => delete place.dataset.shown);
  document.head.append(script);
}

/** An answer counts once: ask anew. */
export function askAgain(place) {
  if (place?.dataset.shown) window.turnstile?.reset(place);
}
