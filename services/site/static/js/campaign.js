// The campaign page: rewards go into the cart, the bar at the bottom of phones, and live figures.
import * as cart from "./cart.js";
import { startCountdowns } from "./countdown.js";
import { follow } from "./live.js";
import { campaign, say } from "./words.js";

const about = {
  title: campaign.title,
  url: campaign.url,
  image: campaign.image,
  deadline: campaign.deadline,
  timezone: campaign.timezone,
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add]");
  if (button) addReward(button);
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-support]");
  if (!form) return;
  event.preventDefault();
  addSupport(form);
});

cart.subscribe(markInCart);
markInCart();
const phoneBar = new IntersectionObserver(showPhoneBar);
const visible = new Map();
watchMainAction();
startCountdowns();
follow(() => {
  markInCart();
  watchMainAction();
});

async function addReward(button) {
  const { add: id, name, max, single, physical } = button.dataset;
  const isThere = cart.current().items.some((item) => item.id === id);
  let replaced = "";
  if (!isThere) {
    replaced = cart.add({
      ...about,
      id,
      name,
      quantity: 1,
      max: Number(max),
      single: single !== undefined,
      physical: physical !== undefined,
    });
  }
  await show(replaced ? say("replaced", { name, old: replaced }) : isThere ? "" : say("added", { name }));
}

async function addSupport(form) {
  const input = form.elements.amount;
  const amount = cart.amountFrom(input.value || input.placeholder);
  const hint = document.getElementById(input.getAttribute("aria-describedby"));
  hint.dataset.words ??= hint.textContent;
  input.setAttribute("aria-invalid", String(amount === null));
  hint.className = amount === null ? "field__error" : "field__hint";
  hint.textContent = amount === null ? say("amountWrong") : hint.dataset.words;
  if (amount === null) return input.focus();
  const name = form.dataset.name ? say("supportPart", { name: form.dataset.name }) : say("supportName");
  cart.add({ ...about, id: form.dataset.support, name, amount });
  await show(say("added", { name }));
}

async function show(said) {
  const { cartView } = await import("./drawer.js");
  const view = cartView();
  view.show("cart");
  view.open();
  view.panel.said(said);
}

/** A reward in the cart says so, on its card and on its button. */
function markInCart() {
  const ids = new Set(cart.current().items.map((item) => item.id));
  for (const button of document.querySelectorAll("[data-add]")) {
    const words = button.querySelector("span");
    button.dataset.words ??= words.textContent;
    const isIn = ids.has(button.dataset.add);
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
