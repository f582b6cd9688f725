// The campaign page: rewards go into the cart, the bar at the bottom of phones, and live figures.
import * as cart from "./cart.js";
import { startCountdowns } from "./countdown.js";
import { follow } from "./live.js";
import { say } from "./words.js";

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-cart-add]");
  if (!form) return;
  event.preventDefault();
  putIn(form, event.submitter);
});

cart.subscribe(markInCart);
markInCart();
const phoneBar = new IntersectionObserver(showPhoneBar);
const visible = new Map();
watchMainAction();
startCountdowns();
const hasTabs = document.querySelector("[data-tabs]") !== null;
if (hasTabs) import("./tabs.js").then(({ followAddress }) => followAddress());
if (document.querySelector("[data-player], [data-carousel]")) import("./media.js");
if (document.querySelector("[data-reminder]")) import("./reminder.js");
if (document.querySelector("[data-share]")) import("./share.js");
follow(() => {
  if (hasTabs) import("./tabs.js").then(({ startTabs }) => startTabs());
  markInCart();
  watchMainAction();
});

/** Put something into the cart and show it. A reward that is there already is only shown. */
async function putIn(form, button) {
  const isThere = form.closest("[data-tier]") && cart.ids().includes(button.value);
  const pairs = isThere ? [] : [...new FormData(form), [button.name, button.value]];
  const { cartView } = await import("./drawer.js");
  await cartView().open(pairs);
}

/** A reward in the cart says so, on its card and on its button. */
function markInCart() {
  const ids = new Set(cart.ids());
  for (const button of document.querySelectorAll("[data-tier] [name=add]")) {
    const words = button.querySelector("span");
    button.dataset.words ??= words.textContent;
    const isIn = ids.has(button.value);
    words.textContent = isIn ? say("changeInCart") : button.dataset.words;
    button.closest("[data-tier]").querySelector("[data-in-cart]").hidden = !isIn;
  }
}

/** On phones a bar takes over when the main button has scrolled out. */
function watchMainAction() {
  phoneBar.disconnect();
  visible.clear();
  for (const element of document.querySelectorAll("[data-main-action], .campaign__rewards")) {
    phoneBar.observe(element);
  }
}

function showPhoneBar(entries) {
  const bar = document.querySelector("[data-phone-bar]");
  for (const entry of entries) visible.set(entry.target, entry.isIntersecting);
  if (bar) bar.hidden = [...visible.values()].includes(true);
}
