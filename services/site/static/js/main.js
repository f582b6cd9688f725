// What every page runs: the cart's count, the language link, and whatever this page needs.
import * as cart from "./cart.js";
import { say } from "./words.js";

keepPlaceAcrossLanguages();
if (document.querySelector("[data-cart-open]")) followCart();
if (document.querySelector("main [data-cart]")) {
  import("./drawer.js").then(({ cartView }) => cartView());
}
if (document.querySelector("[data-campaign]")) import("./campaign.js");
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
    const { items } = cart.current();
    const count = items.reduce((sum, item) => sum + (item.quantity ?? 1), 0);
    const words = count ? `${say("cartEmpty")} (${count})` : say("cartEmpty");
    opener.querySelector("span").textContent = words;
  };
  cart.subscribe(draw);
  draw();
  if (!drawer) return;
  opener.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { openCart } = await import("./drawer.js");
    openCart();
  });
}

