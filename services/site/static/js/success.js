// The success page: shows the receipt of the order in its address, once it is written down.
import { get, wait } from "./api.js";
import { complete, takeFromCart } from "./persisted.js";
import { fill, island, money, percent } from "./words.js";

const TRIES = 12;
const words = island("receipt-strings");
const order = new URLSearchParams(location.search).get("order") ?? "";
const part = (name) => document.querySelector(`[data-${name}]`);

if (/^pool-intent-[\w-]+$/.test(order)) show();

async function show() {
  for (let turn = 0; turn < TRIES; turn += 1) {
    const { data } = await get(`/checkout-intent/status/${order}?wait=10`);
    if (data.persisted) return receipt();
    if (data.status === "open") await complete({ orderId: order });
    part("unconfirmed").hidden = false;
    await wait(1_000);
  }
}

async function receipt() {
  part("unconfirmed").hidden = true;
  part("confirmed").hidden = false;
  takeFromCart(order);
  const answer = await get(`/checkout-intent/summary?orderId=${order}`);
  if (!answer.ok) return;
  const { totals, campaigns } = answer.data;
  const isBundle = campaigns.length > 1;
  part("reference").textContent = fill(words.reference, { id: order.slice(-8) });
  if (isBundle) {
    document.getElementById("receipt-title").textContent = campaigns.map(({ title }) => title).join(", ");
  }
  part("lines").replaceChildren(
    ...campaigns.flatMap((share) => share.lines.map((line) => row(nameOf(line), line.amount))),
  );
  const tip = percent(totals.tipPercent);
  const rows = [
    row(words.yourPledge, totals.subtotal),
    row(fill(words.tip, { platform: words.platform, percent: tip }), totals.tipAmount),
    row(words.tax, totals.tax),
  ];
  if (totals.shipping > 0) rows.push(row(words.shipping, totals.shipping));
  const last = row(isBundle ? words.totalMany : words.total, totals.amount);
  last.classList.add("totals__row--last");
  part("totals").replaceChildren(...rows, last);
  const line = part("charge-line");
  if (!isBundle) line.textContent = fill(line.dataset.sentence, { amount: money(totals.amount) });
  part("receipt").hidden = false;
}

function nameOf(line) {
  const name = line.kind === "custom_amount" ? words.custom : line.label;
  return line.quantity > 1 ? `${name} × ${line.quantity}` : name;
}

function row(label, cents) {
  const element = document.createElement("div");
  element.className = "totals__row";
  element.append(
    Object.assign(document.createElement("dt"), { textContent: label }),
    Object.assign(document.createElement("dd"), { textContent: money(cents), className: "tabular" }),
  );
  return element;
}
