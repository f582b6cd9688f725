// What every page runs: the cart's count, the language link, and whatever this page needs.
import { noteAttribution } from "./attribution.js";
import * as cart from "./cart.js";
import { say } from "./words.js";

noteAttribution();
keepPlaceAcrossLanguages();
if (document.querySelector("[data-cart-open]")) followCart();
const ownCart = document.querySelector("main [data-cart]");
if (ownCart) {
  import("./drawer.js").then(({ cartView }) => {
    const view = cartView();
    // What the server has just drawn from a form is newer than what is kept here.
    if ("filled" in ownCart.dataset) view.send(view.pairs());
    else view.load();
  });
}
if (document.querySelector("[data-campaign]")) import("./campaign.js");
else if (document.querySelector("[data-tabs]")) import("./tabs.js").then(({ startTabs }) => startTabs());
if (document.querySelector("main:not([data-campaign]) [data-reminder]")) import("./reminder.js");
if (document.querySelector("[data-builder]")) import("./builder.js");
if (document.querySelector("[data-community]")) import("./community.js");
if (document.querySelector("[data-manage]")) import("./manage.js");
else if (document.querySelector("[data-success]")) import("./success.js");
else if (isPledgePending()) import("./persisted.js").then(({ resume }) => resume());

/** A card was being saved when this tab was reloaded or left. */
function isPledgePending() {
  try {
    return sessionStorage.getItem("pool:order") !== null;
  } catch {
    return false;
  }
}

/** The other language opens the same place: query and hash stay. */
function keepPlaceAcrossLanguages() {
  for (const link of document.querySelectorAll("[data-language]")) {
    link.addEventListener("click", () => {
      link.href = link.pathname + location.search + location.hash;
    });
  }
}

function followCart() {
  const opener = document.querySelector("[data-cart-open]");
  const drawer = document.getElementById("cart");
  const draw = () => {
    const count = cart.count();
    const words = count ? `${say("cart")} (${count})` : say("cart");
    opener.querySelector("span").textContent = words;
  };
  cart.subscribe(draw);
  draw();
  if (!drawer) return;
  opener.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { cartView } = await import("./drawer.js");
    cartView().open();
  });
}
