// After the card is saved: success is shown only when the pledge is written down.
import { get, post, wait } from "./api.js";
import * as cart from "./cart.js";
import { page, say } from "./words.js";

const KEY = "pool:order";
const OPEN = "pool:open";
const PATIENCE_MS = 45_000;
const GIVE_UP_MS = 10 * 60_000;
// Longer than a card form can be open at Stripe's: what was noted before then says nothing now.
const NOTED_MS = 30 * 60_000;
const OVER = ["too_late", "expired", "abandoned"];

/** Wait for the ledger, telling the person what happens, then go to the success page. */
export async function writtenDown(view, order) {
  remember(order);
  const { title, text } = view.waitingRoom();
  title.textContent = say("cardSaved");
  title.focus();
  const started = Date.now();
  await complete(order);
  while (Date.now() - started < GIVE_UP_MS) {
    const status = await statusOf(order.orderId);
    if (status === "persisted") return arrive(order);
    if (OVER.includes(status)) {
      forget();
      const isLate = status === "too_late";
      return view.backToCart(say(isLate ? "tooLate" : "expired"), isLate ? "" : say("expiredHint"));
    }
    if (Date.now() - started > PATIENCE_MS) text.textContent = say("stillWriting");
    if (status === "open") await complete(order);
    if (status !== "completed") await wait(2_000);
  }
}

/** A page that was reloaded in between goes on where it was. */
export async function resume() {
  const order = remembered();
  if (!order) return;
  const status = await statusOf(order.orderId, 0);
  if (status === "persisted") arrive(order);
  else if (OVER.includes(status)) forget();
}

/** What was pledged leaves the cart, whichever way the person came here. */
export function takeFromCart(orderId) {
  const order = remembered();
  if (order?.orderId !== orderId) return;
  cart.removeAll(order.items);
  forget();
}

export function complete({ orderId, sessionId }) {
  return post("/checkout-intent/complete", { orderId, sessionId });
}

async function statusOf(orderId, seconds = 10) {
  const path = `/checkout-intent/status/${encodeURIComponent(orderId)}`;
  const answer = await get(seconds ? `${path}?wait=${seconds}` : path);
  if (answer.status === 404) return "expired";
  return answer.ok ? answer.data.status : "";
}

function arrive(order) {
  const [slug] = order.items.find((id) => !id.startsWith("addon__")).split("__");
  takeFromCart(order.orderId);
  const place = `${page.prefix}/campaigns/${slug}/pledge-success/`;
  location.assign(`${place}?order=${encodeURIComponent(order.orderId)}`);
}

export function remember({ orderId, sessionId, items }) {
  note(KEY, { orderId, sessionId, items });
}

function remembered() {
  return noted(KEY);
}

function forget() {
  note(KEY, null);
}

/** Note the order whose card step is open, or with nothing that none is. */
export function noteOpen(orderId = "") {
  note(OPEN, orderId ? { orderId } : null);
}

/** The order whose card step was open when the page was left. */
export function leftOpen() {
  return noted(OPEN)?.orderId ?? "";
}

function note(key, what) {
  try {
    if (what) sessionStorage.setItem(key, JSON.stringify({ ...what, at: Date.now() }));
    else sessionStorage.removeItem(key);
  } catch {
    // Without storage a reload cannot go on here: the email still comes, and what was reserved
    // is free again when its session ends.
  }
}

/** What was noted in this tab, as long as it says something. */
function noted(key) {
  try {
    const found = JSON.parse(sessionStorage.getItem(key));
    if (found && Date.now() - found.at < NOTED_MS) return found;
    note(key, null);
  } catch {
    // Unreadable is as good as nothing.
  }
  return null;
}
