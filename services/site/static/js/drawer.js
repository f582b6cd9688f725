// The cart's steps on a page: as a dialog where there is one, else in place.
import { CardStep } from "./card.js";
import { Panel } from "./panel.js";

export function openCart() {
  cartView().open();
}

let view;

/** The one cart of this page, made when it is first needed. */
export function cartView() {
  view ??= new CartView(document.querySelector("[data-cart]"));
  return view;
}

class CartView {
  constructor(root) {
    this.root = root;
    this.dialog = root.closest("dialog");
    this.panel = new Panel(root);
    this.panel.show = (step) => this.show(step);
    this.card = new CardStep(this.panel, { onBack: () => this.show("cart") });
    this.sums = root.querySelector("[data-sums]");
    root.querySelector("[data-to-card]").addEventListener("click", () => this.toCard());
    for (const close of root.querySelectorAll("[data-cart-close]")) {
      close.addEventListener("click", () => this.dialog.close());
    }
    this.dialog?.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
    this.heading()?.focus();
  }

  toCard() {
    if (!this.panel.quote || this.panel.refused) return;
    this.show("card");
    this.card.enter(this.panel.quote);
  }

  /** Show one step. Tip and totals move along: they are the same fields in both. */
  show(step) {
    for (const section of this.root.querySelectorAll("[data-step]")) {
      section.hidden = section.dataset.step !== step;
    }
    const home = step === "card" ? "[data-sums-guest]" : "[data-sums-home]";
    this.root.querySelector(home).append(this.sums);
    (this.dialog ?? window).scrollTo?.({ top: 0 });
    this.heading()?.focus();
  }

  heading() {
    return this.root.querySelector("[data-step]:not([hidden]) [data-heading]");
  }
}
