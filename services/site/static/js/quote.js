// Prices come from the server alone. One question at a time; an answer that came too late is dropped.
import { post } from "./api.js";
import { order } from "./cart.js";

const PAUSE_MS = 200;
let latest = 0;
let timer;

/**
 * Ask what a cart costs, soon. `onAnswer` gets the newest answer only; while it is awaited
 * `onWait` lets the page show that the figures are old.
 */
export function ask(cart, { onWait, onAnswer }) {
  const turn = ++latest;
  clearTimeout(timer);
  if (cart.items.length === 0) return;
  onWait();
  timer = setTimeout(async () => {
    const answer = await post("/quote", order(cart));
    if (turn === latest) onAnswer(answer);
  }, PAUSE_MS);
}
