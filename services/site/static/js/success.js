// The success page: shows the receipt of the order in its address, once it is written down.
import { get, wait } from "./api.js";
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
    part("unconfirmed").hidden = false;
    await wait(1_000);
  }
}

async function receipt() {
  part("unconfirmed").hidden = true;
  part("confirmed").hidden = false;
  const answer = await get(`/checkout-intent/summary?orderId=${order}`);
  if (!answer.ok) return;
  const { totals, campaigns } = answer.data;
  const slug = document.querySelector("[data-success]").dataset.success;
  const share = campaigns?.find((each) => each.campaignSlug === slug) ?? campaigns?.[0];
  if (!share) return;
  part("reference").textContent = fill(words.reference, { id: order.slice(-8) });
  part("lines").replaceChildren(...share.lines.map((line) => row(nameOf(line), line.amount)));
  const tip = percent(share.tipPercent ?? totals.tipPercent);
  const rows = [
    row(words.yourPledge, share.subtotal),
    row(fill(words.tip, { platform: words.platform, percent: tip }), share.tipAmount),
    row(words.tax, share.tax),
  ];
  if (share.shipping > 0) rows.push(row(words.shipping, share.shipping));
  const last = row(words.total, share.amount);
  last.classList.add("totals__row--last");
  part("totals").replaceChildren(...rows, last);
  const line = part("charge-line");
  line.textContent = fill(line.dataset.sentence, { amount: money(share.amount) });
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
