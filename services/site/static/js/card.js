// The card step: start a checkout with the server, save the card with Stripe, wait until it is written down.
import { post, submit, wait } from "./api.js";
import { attribution } from "./attribution.js";
import { askAgain, showChallenge } from "./challenge.js";
import { noteOpen, remember, writtenDown } from "./persisted.js";
import { mountCard } from "./stripe.js";
import { page, say } from "./words.js";

const SETTLE_MS = 400;
// What does not make it another checkout.
const PASSING = /^(key|step|consent|checked|estimated|tip-was|tip-stop|tip|seen\..*|order|script)$/;

export class CardStep {
  constructor(view) {
    this.view = view;
    this.opened = null;
    this.pending = null;
    this.isBusy = false;
  }

  part(name) {
    return this.view.root.querySelector(`[data-${name}]`);
  }

  /** The form was drawn or filled in: open the card form as soon as nothing is missing above it. */
  refresh() {
    clearTimeout(this.timer);
    if (this.view.step !== "card" || this.isBusy) return;
    showChallenge(this.part("challenge"), () => this.refresh());
    this.timer = setTimeout(() => {
      // The newest price comes first; it calls here again.
      if (this.view.isWaiting || this.view.step !== "card") return;
      // What was refused is asked again only when it changes, or when the person says so.
      if (this.print() !== this.refused && this.view.form.checkValidity()) this.open();
    }, SETTLE_MS);
  }

  print() {
    const pairs = this.view.pairs().filter(([name]) => !PASSING.test(name));
    return JSON.stringify([...pairs, this.view.form.elements.expected?.value]);
  }

  /** Start the checkout for what is on screen, once; a second call for the same is the same promise. */
  open() {
    const print = this.print();
    if (this.pending?.print === print) return this.pending.promise;
    const before = this.pending;
    const promise = this.start(print, before);
    this.pending = { print, promise };
    return promise;
  }

  async start(print, before) {
    if (before) await before.promise;
    const left = this.opened?.orderId;
    this.close();
    this.tell(say("cardLoading"));
    const pairs = [...this.view.pairs(), ["do", "card"], ["script", "1"], ...attribution()];
    if (left) pairs.push(["order", left]);
    const answer = await submit(`${page.prefix}/cart/`, pairs, { accept: "application/json, text/html" });
    if (answer.data?.orderId) return this.mount(answer.data);
    this.pending = null;
    this.refused = print;
    askAgain(this.part("challenge"));
    this.tell("");
    this.view.take(answer, { pairs, isAsked: this.isBusy });
    return false;
  }

  async mount(started) {
    const items = this.view.pairs().filter(([name]) => name.startsWith("item."));
    this.opened = { ...started, items: items.map(([name]) => name.slice(5)) };
    this.refused = null;
    noteOpen(started.orderId);
    if (started.checkoutUiMode === "hosted") {
      this.tell(say("cardHosted"));
      return true;
    }
    try {
      this.opened.card = await mountCard(started, this.part("card-mount"));
    } catch {
      this.pending = null;
      this.tell("");
      this.view.trouble(say("failed"), say("failedHint"));
      return false;
    }
    this.tell("");
    return true;
  }

  /** The button: first whatever is missing, then the card, then the wait. */
  async save() {
    if (this.isBusy) return;
    const { form } = this.view;
    if (!form.checkValidity() || !form.elements.consent?.checked || form.elements.checked) {
      const isFine = await this.checked();
      if (!isFine) return;
    }
    const isNew = !this.opened;
    this.busy(true);
    while (this.view.isWaiting) await wait(50);
    clearTimeout(this.timer);
    const isOpen = await this.open();
    if (isOpen && this.opened.checkoutUiMode === "hosted") {
      remember(this.opened);
      return location.assign(this.opened.url);
    }
    if (!isOpen || isNew) {
      this.busy(false);
      if (isOpen) this.part("card-mount").focus();
      return;
    }
    await this.confirm();
  }

  /** Ask the server what is missing: it knows the words. */
  async checked() {
    const save = this.part("save");
    await this.view.send(this.view.pairs(save), { isAsked: true });
    return !this.view.isStuck && !this.view.root.querySelector("#trouble");
  }

  async confirm() {
    let result;
    try {
      result = await this.opened.card.confirm();
    } catch {
      result = { type: "error", error: { code: null } };
    }
    this.busy(false);
    if (result.type === "error") return this.onCardError(result.error);
    noteOpen();
    await writtenDown(this.view, this.opened);
    this.opened = null;
    this.pending = null;
  }

  onCardError(error) {
    const isDecline = error.code === "paymentFailed";
    const text = error.message ?? "";
    const title = isDecline ? say("cardDeclined") : say(navigator.onLine ? "cardIncomplete" : "offline");
    this.view.trouble(title, isDecline || !text ? "" : text);
  }

  busy(isBusy) {
    this.isBusy = isBusy;
    const button = this.part("save");
    const words = button.querySelector("span");
    button.dataset.words ??= words.textContent;
    button.setAttribute("aria-busy", String(isBusy));
    words.textContent = isBusy ? button.dataset.busy : button.dataset.words;
    this.part("progress").textContent = isBusy ? button.dataset.busy : "";
  }

  /** Go back to the cart. What was reserved for this checkout is given back. */
  async leave(button) {
    if (this.isBusy) return;
    clearTimeout(this.timer);
    const pairs = this.view.pairs(button);
    await this.pending?.promise;
    const order = this.opened?.orderId;
    this.reset();
    if (order) post("/checkout-intent/abandon", { orderId: order }).then(() => noteOpen());
    this.view.send(pairs, { isAsked: true });
  }

  /** The cart is drawn anew from what is kept: an open card form is none any more. */
  reset() {
    clearTimeout(this.timer);
    this.close();
    this.pending = null;
  }

  close() {
    const opened = this.opened;
    this.opened = null;
    opened?.card?.unmount();
    this.part("card-mount")?.replaceChildren();
  }

  tell(text) {
    const hint = this.part("card-hint");
    if (hint) hint.textContent = text;
  }
}
