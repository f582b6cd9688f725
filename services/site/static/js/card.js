// The card step: start a checkout with the server, save the card with Stripe, wait until it is written down.
import { newKey, post, wait } from "./api.js";
import * as cart from "./cart.js";
import { Fields } from "./fields.js";
import { remember, writtenDown } from "./persisted.js";
import { mountCard } from "./stripe.js";
import { explain, hideProblem, showProblem } from "./trouble.js";
import { icon, lastDay, money, page, say } from "./words.js";

const SETTLE_MS = 400;

export class CardStep {
  constructor(panel, { onBack }) {
    this.panel = panel;
    this.step = panel.root.querySelector("[data-step=card]");
    this.form = this.step.querySelector("[data-card-form]");
    this.fields = new Fields(this.form);
    this.part = (name) => this.step.querySelector(`[data-${name}]`);
    this.opened = null;
    this.pending = null;
    this.isBusy = false;
    this.key = null;
    this.onBack = onBack;
    this.form.addEventListener("submit", (event) => this.onSubmit(event));
    this.form.addEventListener("change", (event) => this.onChange(event));
    this.part("back").addEventListener("click", () => this.leave());
    panel.watch((quote) => this.onQuote(quote));
  }

  /** Show the step for the quote the person has just seen. */
  enter(quote) {
    hideProblem(this.step);
    this.fields.needAddress(this.isPosted(quote));
    this.onQuote(quote);
    this.tellCard(say("cardAfterDetails"));
    this.openSoon();
  }

  onQuote(quote) {
    this.quote = quote;
    this.drawConsent();
    this.drawPay();
    if (!this.step.hidden) this.openSoon();
  }

  isPosted(quote) {
    return quote.campaigns.some((share) => share.lines.some((line) => line.isPhysical));
  }

  onChange(event) {
    if (event.target.closest("[data-sums]")) return;
    if (event.target.required) this.fields.recheck(event.target);
    if (this.form.elements.consent.checked) this.markConsent([]);
    if (this.allProblems().length === 0) hideProblem(this.step);
    if (event.target.id === "consent") return;
    this.openSoon();
  }

  /** Open the card form as soon as the fields above are complete; again when they change. */
  openSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      // The newest price comes first; it calls here again.
      if (this.panel.isStale) return;
      // What was refused is asked again only when it changes, or when the person says so.
      const isNew = JSON.stringify(this.request()) !== this.refused;
      if (isNew && this.fields.problems().length === 0) this.open();
    }, SETTLE_MS);
  }

  request() {
    return {
      ...cart.order(cart.current()),
      email: this.fields.email(),
      shippingAddress: this.fields.shippingAddress(),
      expectedAmount: this.quote.totals.amount,
      consent: page.consent,
    };
  }

  /** Start the checkout for what is on screen, once; a second call for the same is the same promise. */
  open() {
    const request = this.request();
    const print = JSON.stringify(request);
    if (this.pending?.print === print) return this.pending.promise;
    if (this.isBusy) return Promise.resolve(false);
    const before = this.pending;
    const promise = this.start(request, before);
    this.pending = { print, promise };
    return promise;
  }

  async start(request, before) {
    if (before) await before.promise;
    await this.abandon();
    this.key = newKey();
    this.tellCard(say("cardLoading"));
    const answer = await post("/checkout-intent/start", request, { "Idempotency-Key": this.key });
    if (!answer.ok) {
      this.pending = null;
      this.refused = JSON.stringify(request);
      this.tellCard(say("cardAfterDetails"));
      this.refuse(answer);
      return false;
    }
    return this.mount(answer.data);
  }

  async mount(started) {
    this.opened = { ...started, items: cart.current().items.map((item) => item.id) };
    if (started.checkoutUiMode === "hosted") {
      this.tellCard(say("cardHosted"));
      return true;
    }
    try {
      this.opened.card = await mountCard(started, this.part("card-mount"));
    } catch {
      this.pending = null;
      this.tellCard("");
      showProblem(this.step, { title: say("failed"), text: say("failedHint") });
      return false;
    }
    this.tellCard("");
    return true;
  }

  refuse(answer) {
    const words = explain(answer, cart.current());
    if (answer.data.error === "price_changed") this.panel.take(answer.data);
    const fields = Object.keys(answer.data.fields ?? {})
      .map((name) => name.replace("shippingAddress.", ""))
      .filter((name) => this.form.elements[name])
      .map((id) => ({ id, message: say("fieldMissing", { label: this.fields.label(this.form.elements[id]) }) }));
    this.fields.mark(fields);
    showProblem(this.step, fields.length ? { title: say("errorSummary"), fields } : { ...words });
  }

  async onSubmit(event) {
    event.preventDefault();
    if (this.isBusy) return;
    const problems = this.allProblems();
    this.fields.mark(problems);
    this.markConsent(problems);
    if (problems.length) return showProblem(this.step, { title: say("errorSummary"), fields: problems });
    hideProblem(this.step);
    const isNew = !this.opened;
    this.busy(true);
    while (this.panel.isStale) await wait(50);
    const isOpen = await this.openNow();
    if (isOpen && this.opened.checkoutUiMode === "hosted") {
      remember(this.opened);
      return location.assign(this.opened.url);
    }
    if (!isOpen || isNew) {
      this.busy(false);
      if (isOpen) this.part("card-mount").focus();
      return;
    }
    await this.save();
  }

  allProblems() {
    const problems = this.fields.problems();
    if (this.form.elements.consent.checked) return problems;
    return [...problems, { id: "consent", message: say("consentMissing") }];
  }

  openNow() {
    clearTimeout(this.timer);
    this.isBusy = false;
    const promise = this.open();
    this.isBusy = true;
    return promise;
  }

  async save() {
    let result;
    try {
      result = await this.opened.card.confirm();
    } catch {
      result = { type: "error", error: { code: null } };
    }
    this.busy(false);
    if (result.type === "error") return this.onCardError(result.error);
    await writtenDown(this.panel, this.opened);
  }

  onCardError(error) {
    const isDecline = error.code === "paymentFailed";
    const text = error.message ?? "";
    const title = isDecline ? say("cardDeclined") : say(navigator.onLine ? "cardIncomplete" : "offline");
    showProblem(this.step, { title, text: isDecline || !text ? "" : text });
  }

  busy(isBusy) {
    this.isBusy = isBusy;
    const button = this.part("save");
    button.setAttribute("aria-busy", String(isBusy));
    const words = say(isBusy ? "savingCard" : "saveCard");
    button.querySelector("span").textContent = words;
    this.part("progress").textContent = isBusy ? words : "";
  }

  /** Go back to the cart. What was reserved for this checkout is given back. */
  async leave() {
    if (this.isBusy) return;
    clearTimeout(this.timer);
    this.onBack();
    await this.pending?.promise;
    await this.abandon();
    this.pending = null;
  }

  async abandon() {
    const opened = this.opened;
    this.opened = null;
    opened?.card?.unmount();
    this.part("card-mount").replaceChildren();
    if (opened?.orderId) await post("/checkout-intent/abandon", { orderId: opened.orderId });
  }

  tellCard(text) {
    this.part("card-hint").textContent = text;
  }

  markConsent(problems) {
    const problem = problems.find(({ id }) => id === "consent");
    const error = document.getElementById("consent-error");
    error.hidden = !problem;
    error.replaceChildren(...(problem ? [icon("circle-alert"), problem.message] : []));
  }

  /** One entry per campaign of the cart: what is charged, for which film, after which day. */
  shares() {
    const items = cart.current().items;
    return this.quote.campaigns.map((share) => {
      const item = items.find((each) => cart.slugOf(each) === share.campaignSlug);
      return {
        amount: money(share.amount),
        title: item?.title ?? share.campaignSlug,
        day: item ? lastDay(item.deadline, item.timezone) : "",
      };
    });
  }

  drawConsent() {
    const shares = this.shares();
    const place = this.part("consent");
    if (shares.length === 1) {
      const [before, after] = say("consentOne", { ...shares[0], amount: "\n" }).split("\n");
      place.replaceChildren(before, line("b", shares[0].amount), after);
      return;
    }
    const list = document.createElement("ul");
    list.append(...shares.map((share) => line("li", say("consentPart", share))));
    place.replaceChildren(say("consentMany"), list);
  }

  drawPay() {
    const shares = this.shares();
    const key = shares.length === 1 ? "payAfter" : "payAfterFilm";
    const [today, ...later] = this.part("pay").children;
    const rows = shares.map((share) => {
      const row = document.createElement("div");
      row.append(line("dt", say(key, share)), line("dd", share.amount));
      return row;
    });
    this.part("pay").replaceChildren(today, ...rows, later.at(-1));
  }
}

function line(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text });
}
