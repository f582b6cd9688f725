// The success page: while the pledge is not written down it asks, and shows the receipt when it is.
import { get, wait } from "./api.js";
import { complete, takeFromCart } from "./persisted.js";

const TRIES = 60;
const { order, status } = document.querySelector("[data-success]").dataset;

if (status === "persisted") takeFromCart(order);
else if (["open", "completed", "away"].includes(status)) follow();

async function follow() {
  for (let turn = 0; turn < TRIES; turn += 1) {
    const { data } = await get(`/checkout-intent/status/${order}?wait=10`);
    // The server draws the receipt, and what became of an order that is over.
    if (data.status && (status === "away" || !["open", "completed"].includes(data.status))) return location.reload();
    if (data.status === "open") await complete({ orderId: order });
    await wait(1_000);
  }
}
