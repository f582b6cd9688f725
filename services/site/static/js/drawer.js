// The cart on a page: the server draws it, this sends its form and puts the newer drawing in place.
import { submit } from "./api.js";
import { attribution } from "./attribution.js";
import { CardStep } from "./card.js";
import * as cart from "./cart.js";
import { morph } from "./morph.js";
import { leftOpen, noteOpen } from "./persisted.js";
import { icon, page, percent, say } from "./words.js";

const PAUSE_MS = 250;
// Figures depend on these as soon as they are there.
const PLACE = ["city", "province", "postalCode", "country"];

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
    this.turn = 0;
    this.isOld = false;
    this.isOver = false;
    this.card = new CardStep(this);
    root.addEventListener("submit", (event) => this.onSubmit(event));
    root.addEventListener("change", (event) => this.onChange(event));
    root.addEventListener("input", (event) => this.onInput(event));
    root.addEventListener("click", (event) => this.onClick(event));
    this.dialog?.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    // Another tab has changed the cart.
    cart.subscribe((isOurs) => (this.isOld ||= !isOurs));
    // Back from Stripe's page by the browser's own button: what is shown is from before.
    window.addEventListener("pageshow", (event) => event.persisted && this.comeBack());
    window.addEventListener("online", () => this.isStuck && this.again());
  }

  get form() {
    return this.root.querySelector("[data-cart-form]");
  }

  get step() {
    return this.form?.elements.step?.value ?? "cart";
  }

  /** Show the cart, and do with it what the extra pairs say. */
  async open(extra = []) {
    if (this.dialog && !this.dialog.open) this.dialog.showModal();
    if (this.card.isBusy || this.isOver) return;
    this.focus("cart-title");
    if (extra.length || !this.form || this.isOld || this.isStuck) await this.load(extra);
  }

  /** Draw what is kept on this device. An order that was left open gives back what it holds. */
  load(extra = []) {
    this.isOld = false;
    this.card.reset();
    // Only the page of the cart itself goes on in the step it was left in.
    const draft = cart.draft().filter(([name]) => name !== "step" || !this.dialog);
    const left = leftOpen();
    const pairs = [...cart.kept(), ...draft, ...(left ? [["order", left]] : []), ...extra];
    return this.send(pairs, { isAsked: true });
  }

  comeBack() {
    if (this.card.isBusy) this.card.busy(false);
    return this.load();
  }

  pairs(submitter) {
    const pairs = [...new FormData(this.form)];
    return submitter?.name ? [...pairs, [submitter.name, submitter.value]] : pairs;
  }

  /** Send the form as it is, soon: whatever comes in between is sent along. */
  update(pause = 0) {
    const turn = ++this.turn;
    this.busy(true);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => turn === this.turn && this.send(this.pairs()), pause);
  }

  send(pairs, { isAsked = false } = {}) {
    clearTimeout(this.timer);
    const turn = ++this.turn;
    this.busy(true);
    return this.sent(pairs, turn, isAsked);
  }

  async sent(pairs, turn, isAsked) {
    const answer = await submit(`${page.prefix}/cart/`, [...pairs, ...attribution(), ["script", "1"]]);
    // An answer to an older form: a newer one is on its way.
    if (turn !== this.turn) return;
    this.busy(false);
    this.take(answer, { pairs, isAsked });
  }

  /** Put the newer drawing in place; without one say what is in the way and offer to try again. */
  take({ status, part }, { pairs = [], isAsked = false } = {}) {
    this.isStuck = !part;
    if (!part) {
      this.root.toggleAttribute("data-stale", true);
      this.again = () => this.send(pairs, { isAsked: true });
      const kind = status === 0 ? "offline" : status === 429 || status >= 500 ? "busy" : "failed";
      return this.trouble(say(kind), say(`${kind}Hint`), this.again);
    }
    if (pairs.some(([name]) => name === "order")) noteOpen();
    const before = this.step;
    const { focus } = part.querySelector("[data-cart-form]").dataset;
    morph(this.root, part);
    this.busy(this.isWaiting);
    this.follow(focus, isAsked, before);
    cart.keep(this.form);
    this.card.refresh();
  }

  /** Where the focus goes: to what went wrong, to a new step's title, or back where it was. */
  follow(focus, isAsked, before) {
    if (this.step !== before) (this.dialog ?? document.scrollingElement).scrollTop = 0;
    const active = document.activeElement;
    const isLost = !this.root.contains(active) || active.disabled;
    if (focus && isAsked) this.focus(focus);
    else if (isLost && active?.disabled) active.closest("[role=group]")?.querySelector("input")?.focus();
    else if (isLost && (!this.dialog || this.dialog.open) && isAsked) this.focus("cart-title");
  }

  focus(id) {
    const element = document.getElementById(id);
    element?.closest("details")?.setAttribute("open", "");
    element?.focus();
  }

  busy(isBusy) {
    this.isWaiting = isBusy;
    this.root.setAttribute("aria-busy", String(isBusy));
  }

  /** A trouble only this page knows of: offline, or what Stripe's form says. */
  trouble(title, text = "", again = null) {
    this.root.querySelector("#trouble, [data-cart-loading]")?.remove();
    const notice = element("div", { className: "notice notice--bad", id: "trouble", tabIndex: -1 });
    notice.setAttribute("role", "alert");
    notice.dataset.key = "trouble";
    const words = element("div");
    words.append(element("p", { textContent: title }));
    if (text) words.append(element("p", { textContent: text }));
    if (again) {
      const button = element("button", { type: "button", className: "button button--small", textContent: say("retry") });
      button.addEventListener("click", again);
      words.append(button);
    }
    notice.append(icon("circle-alert", false), words);
    this.root.querySelector(".cart__body").prepend(notice);
    notice.focus();
  }

  onSubmit(event) {
    event.preventDefault();
    const button = event.submitter;
    if (button?.name === "do" && button.value === "save") return this.card.save();
    if (button?.getAttribute("aria-disabled") === "true") return;
    if (button?.name === "less" || button?.name === "more") return this.onStep(button);
    if (button?.value === "back") return this.card.leave(button);
    this.send(this.pairs(button), { isAsked: true });
  }

  /** Quick presses add up here and are sent once; taking the last add-on out is the server's. */
  onStep(button) {
    const input = button.closest("[role=group]").querySelector("input");
    const next = (Number.parseInt(input.value, 10) || 1) + (button.name === "more" ? 1 : -1);
    if (next < 1) return this.send(this.pairs(button), { isAsked: true });
    input.value = next;
    this.update(PAUSE_MS);
  }

  onChange({ target }) {
    if (target.name === "tip" || target.name === "tip-stop") return this.onTip(target);
    if (target.name?.startsWith("variant.")) return;
    const isChecked = Boolean(this.form.elements.checked);
    const isPrivate = target.hasAttribute("data-private");
    if ((isPrivate && !PLACE.includes(target.name)) || target.id === "consent") {
      cart.keepDraft(this.form);
      if (isChecked) this.update();
      else this.card.refresh();
      return;
    }
    this.update();
  }

  onInput({ target }) {
    if (target.name === "tip") this.onTip(target);
  }

  /** Stops and slider show the same tip; the price follows when the hand rests. */
  onTip(target) {
    const tip = target.value;
    for (const stop of this.form.querySelectorAll("[name=tip-stop]")) stop.checked = stop.value === tip;
    const range = this.form.querySelector("[data-tip-range]");
    if (range.value !== tip) range.value = tip;
    range.setAttribute("aria-valuetext", percent(tip));
    this.update(PAUSE_MS);
  }

  onClick(event) {
    if (event.target.closest("[data-cart-close]")) this.dialog?.close();
    const link = event.target.closest("[data-goto]");
    if (!link) return;
    event.preventDefault();
    this.focus(link.hash.slice(1));
  }

  /** The card is saved: from here on the form is over. */
  waitingRoom() {
    this.isOver = true;
    this.form.hidden = true;
    const room = this.root.querySelector("[data-waiting]");
    room.hidden = false;
    return { title: room.querySelector("[data-waiting-title]"), text: room.querySelector("[data-waiting-text]") };
  }

  /** Nothing came of it: the cart again, with the reason. */
  async backToCart(title, text) {
    this.root.querySelector("[data-waiting]").hidden = true;
    this.isOver = false;
    this.form.hidden = false;
    this.form.elements.step.value = "cart";
    await this.send(this.pairs());
    this.trouble(title, text);
  }
}

function element(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}
