// The cart: what was chosen, kept on this device. No name, address, card or price is ever in it.
import { page } from "./words.js";

const KEY = "pool:cart";
const listeners = new Set();
let memory = null;

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY));
  } catch {
    return memory;
  }
}

function write(cart) {
  memory = cart;
  try {
    localStorage.setItem(KEY, JSON.stringify(cart));
  } catch {
    // Storage may be full or forbidden: the cart then lives as long as the page.
  }
  for (const listener of listeners) listener(cart);
}

/** The cart as it is: `{items, tip}`. Anything unreadable counts as empty. */
export function current() {
  const cart = read();
  const items = Array.isArray(cart?.items) ? cart.items.filter((item) => item?.id) : [];
  const tip = Number.isInteger(cart?.tip) ? cart.tip : page.tipDefault;
  return { items, tip };
}

export function subscribe(listener) {
  listeners.add(listener);
}

window.addEventListener("storage", (event) => {
  if (event.key === KEY) for (const listener of listeners) listener(current());
});

export function slugOf(item) {
  return item.id.split("__")[0];
}

export function isTier(item) {
  return item.amount === undefined;
}

/**
 * Put something in. Returns the name of the reward it replaced, if the film takes one per pledge.
 * A tier that is there already gains one; an amount replaces the amount.
 */
export function add(item) {
  const cart = current();
  const present = cart.items.find((other) => other.id === item.id);
  let replaced = "";
  if (item.single) {
    const other = cart.items.find(
      (each) => isTier(each) && each.id !== item.id && slugOf(each) === slugOf(item),
    );
    replaced = other?.name ?? "";
    cart.items = cart.items.filter((each) => each !== other);
  }
  if (!present) {
    cart.items.push(item);
  } else if (isTier(item)) {
    present.quantity = Math.min(present.quantity + 1, item.max);
    present.max = item.max;
  } else {
    present.amount = item.amount;
  }
  write(cart);
  return replaced;
}

export function setQuantity(id, quantity) {
  change(id, (item) => {
    item.quantity = Math.max(1, Math.min(quantity, item.max));
  });
}

export function setAmount(id, amount) {
  change(id, (item) => {
    item.amount = amount;
  });
}

export function setTip(tip) {
  write({ ...current(), tip });
}

export function remove(id) {
  const cart = current();
  write({ ...cart, items: cart.items.filter((item) => item.id !== id) });
}

/** Take out what was just pledged; what came in meanwhile stays. */
export function removeAll(ids) {
  const cart = current();
  write({ ...cart, items: cart.items.filter((item) => !ids.includes(item.id)) });
}

function change(id, how) {
  const cart = current();
  const item = cart.items.find((each) => each.id === id);
  if (item) how(item);
  write(cart);
}

/** Dollars as typed become a number the server takes, or null: from 1, at most two decimals. */
export function amountFrom(text) {
  const clean = text.trim().replace(/^\$/, "").replace(/,(?=\d{3}(\D|$))/g, "");
  if (!/^\d{1,7}([.,]\d{1,2})?$/.test(clean)) return null;
  const amount = Number(clean.replace(",", "."));
  return amount >= 1 ? amount : null;
}

/** The cart as the server wants it: ids, quantities, chosen amounts, nothing else. */
export function order(cart) {
  return {
    campaignSlug: cart.items[0] ? slugOf(cart.items[0]) : "",
    items: cart.items.map((item) =>
      isTier(item) ? { id: item.id, quantity: item.quantity } : { id: item.id, amount: item.amount },
    ),
    tipPercent: cart.tip,
    preferredLang: page.language,
  };
}
