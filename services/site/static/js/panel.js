// The cart's first step: items, tip, totals. The same code drives the drawer and the page /cart/.
import * as cart from "./cart.js";
import { ask } from "./quote.js";
import { explain, hideProblem, showProblem } from "./trouble.js";
import { lastDay, money, page, percent, rate, say } from "./words.js";

const TIP_PAUSE_MS = 250;

export class Panel {
  constructor(root) {
    this.root = root;
    this.step = root.querySelector("[data-step=cart]");
    this.quote = null;
    this.refused = false;
    this.isStale = false;
    this.watchers = new Set();
    this.part = (name, from = root) => from.querySelector(`[data-${name}]`);
    this.bindTip();
    this.part("items").addEventListener("click", (event) => this.onItemClick(event));
    cart.subscribe(() => this.draw());
    window.addEventListener("online", () => this.draw());
    this.draw();
  }

  /** Be told of every new quote. */
  watch(listener) {
    this.watchers.add(listener);
  }

  draw() {
    const held = cart.current();
    const isEmpty = held.items.length === 0;
    this.part("empty").hidden = !isEmpty;
    this.part("foot").hidden = isEmpty;
    this.part("sums").hidden = isEmpty;
    this.drawItems(held);
    this.drawTip(held.tip);
    if (isEmpty) {
      this.quote = null;
      hideProblem(this.step);
      return;
    }
    ask(held, {
      onWait: () => this.waitForQuote(true),
      onAnswer: (answer) => this.onQuote(answer, held),
    });
  }

  onQuote(answer, held) {
    this.waitForQuote(false);
    this.refused = !answer.ok;
    if (answer.ok) {
      hideProblem(this.step);
      this.take(answer.data);
    } else {
      this.quote = null;
      this.part("totals").replaceChildren();
      showProblem(this.step, explain(answer, held));
    }
    this.part("to-card").setAttribute("aria-disabled", String(this.refused));
  }

  /** While a new price is awaited, the figures shown are old and nothing may start with them. */
  waitForQuote(isWaiting) {
    this.isStale = isWaiting;
    this.part("totals").setAttribute("aria-busy", String(isWaiting));
  }

  /** Use these figures from now on; also what a changed price brings. */
  take(quote) {
    this.quote = quote;
    this.drawPrices();
    this.drawTotals();
    for (const listener of this.watchers) listener(quote);
  }

  drawItems(held) {
    const list = this.part("items");
    const focus = focusWithin(list);
    list.replaceChildren(...held.items.map((item) => this.drawItem(item)));
    this.drawPrices();
    focus?.restore();
  }

  drawItem(item) {
    const row = this.part("item-template").content.cloneNode(true).firstElementChild;
    row.dataset.id = item.id;
    const image = row.querySelector("img");
    if (item.image) Object.assign(image, { src: item.image, hidden: false });
    row.querySelector(".item__name").textContent = item.name;
    row.querySelector(".item__of").textContent = cart.isTier(item)
      ? `${item.title} · ${say(item.physical ? "postedToYou" : "byEmail")}`
      : item.title;
    this.drawStepper(row, item);
    if (!cart.isTier(item)) {
      const details = row.querySelector(".item__amount");
      details.hidden = false;
      const input = details.querySelector("input");
      input.value = item.amount;
      input.setAttribute("aria-label", say("changeAmountOf", { name: item.name }));
    }
    row.querySelector("[data-remove]").setAttribute("aria-label", say("removeItem", { name: item.name }));
    return row;
  }

  drawStepper(row, item) {
    if (!cart.isTier(item) || item.max <= 1) return;
    const stepper = row.querySelector(".stepper");
    const [less, more] = stepper.querySelectorAll("button");
    stepper.hidden = false;
    stepper.setAttribute("role", "group");
    stepper.setAttribute("aria-label", say("quantityOf", { name: item.name }));
    stepper.querySelector("output").textContent = item.quantity;
    less.setAttribute("aria-label", say("oneLess", { name: item.name }));
    more.setAttribute("aria-label", say("oneMore", { name: item.name }));
    less.disabled = item.quantity <= 1;
    more.disabled = item.quantity >= item.max;
  }

  drawPrices() {
    const known = new Map();
    for (const share of this.quote?.campaigns ?? []) {
      for (const line of share.lines) known.set(line.id, line.amount);
    }
    for (const row of this.part("items").children) {
      const cents = known.get(row.dataset.id);
      row.querySelector(".item__price").textContent = cents === undefined ? "" : money(cents);
    }
  }

  drawTotals() {
    const { totals, campaigns } = this.quote;
    const tip = percent(totals.tipPercent);
    const pledge = money(totals.subtotal);
    const rows = [
      this.total(this.part("totals").dataset.pledge, totals.subtotal),
      this.total(
        say("tipLabel", { platform: page.platform, percent: tip }),
        totals.tipAmount,
        say("tipWhy", { percent: tip, subtotal: pledge }),
      ),
      this.taxRow(totals, pledge),
    ];
    if (totals.shipping > 0) {
      rows.push(this.total(this.part("totals").dataset.shipping, totals.shipping, say("shippingWhy")));
    }
    const last = say(campaigns.length > 1 ? "totalMany" : "totalOne");
    rows.push(this.total(last, totals.amount, "", "totals__row--last"));
    this.part("totals").replaceChildren(...rows);
    this.part("tip-amount").textContent = money(totals.tipAmount);
    const range = this.part("tip-range");
    const spoken = say("tipSpoken", { percent: tip, amount: money(totals.tipAmount) });
    range.setAttribute("aria-valuetext", spoken);
    this.part("promise").textContent = say("nothingToday", { day: this.firstDay() });
  }

  taxRow(totals, pledge) {
    const why = this.quote.campaigns
      .flatMap((share) => share.why ?? [])
      .find((reason) => reason.figure === "tax");
    const used = why?.inputs?.rate;
    if (!used) return this.total(say("taxPlain"), totals.tax, say("taxWhyPlain"));
    const words = { rate: rate(used), subtotal: pledge };
    return this.total(say("taxLabel", words), totals.tax, say("taxWhy", words));
  }

  total(label, cents, why = "", extra = "") {
    const row = this.part("total-template").content.cloneNode(true).firstElementChild;
    row.querySelector("dt > span").textContent = label;
    row.querySelector("dd").textContent = money(cents);
    if (why) row.querySelector("details p").textContent = why;
    else row.querySelector("details").remove();
    if (extra) row.classList.add(extra);
    return row;
  }

  /** The earliest last day in the cart: until then everything can be cancelled. */
  firstDay() {
    const [first] = cart.current().items.toSorted((a, b) => a.deadline.localeCompare(b.deadline));
    return first ? lastDay(first.deadline, first.timezone) : "";
  }

  onItemClick(event) {
    const row = event.target.closest("[data-id]");
    if (!row) return;
    const { id } = row.dataset;
    const item = cart.current().items.find((each) => each.id === id);
    if (event.target.closest("[data-remove]")) {
      cart.remove(id);
      this.said(say("removed", { name: item.name }));
      this.root.querySelector("#cart-title").focus();
    } else if (event.target.closest("[data-less]")) {
      cart.setQuantity(id, item.quantity - 1);
    } else if (event.target.closest("[data-more]")) {
      cart.setQuantity(id, item.quantity + 1);
    } else if (event.target.closest("[data-set]")) {
      const amount = cart.amountFrom(row.querySelector("input").value);
      if (amount === null) showProblem(this.step, { title: say("amountWrong") });
      else cart.setAmount(id, amount);
    }
  }

  said(text) {
    this.part("said").textContent = text;
  }

  bindTip() {
    const box = this.part("tip");
    let timer;
    box.addEventListener("change", (event) => {
      if (event.target.type === "radio") cart.setTip(Number(event.target.value));
    });
    this.part("tip-range").addEventListener("input", (event) => {
      const tip = Number(event.target.value);
      this.drawTip(tip);
      clearTimeout(timer);
      timer = setTimeout(() => cart.setTip(tip), TIP_PAUSE_MS);
    });
  }

  drawTip(tip) {
    for (const stop of this.part("tip").querySelectorAll("[type=radio]")) {
      stop.checked = Number(stop.value) === tip;
    }
    const range = this.part("tip-range");
    if (Number(range.value) !== tip) range.value = tip;
    range.setAttribute("aria-valuetext", percent(tip));
  }
}

/** Remember which control of which row has focus, so that redrawing does not lose it. */
function focusWithin(list) {
  const active = document.activeElement;
  const row = list.contains(active) ? active.closest("[data-id]") : null;
  if (!row) return null;
  const place = [...row.querySelectorAll("button, input, summary")].indexOf(active);
  return {
    restore() {
      const again = [...list.children].find((each) => each.dataset.id === row.dataset.id);
      const control = again?.querySelectorAll("button, input, summary")[place];
      (control?.disabled ? again.querySelector("button:not(:disabled)") : control)?.focus();
    },
  };
}
