// The cart as it is kept on this device: the pairs of its form. What is in it and the tip stay;
// who somebody is, where they live and what they answered lasts as long as the tab, at most 12 hours.

const KEY = "pool:cart";
const DRAFT = "pool:draft";
const DRAFT_MS = 12 * 3_600_000;
const ITEM = "item.";
const KEPT = ["anchor", "option"];
const listeners = new Set();
const memory = new Map();

function read(storage, key) {
  try {
    return JSON.parse(storage().getItem(key));
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(storage, key, value) {
  memory.set(key, value);
  try {
    storage().setItem(key, JSON.stringify(value));
  } catch {
    // Storage may be full or forbidden: the cart then lives as long as the page.
  }
}

const device = () => localStorage;
const tab = () => sessionStorage;

/** What was chosen, as pairs of the form. Anything unreadable counts as nothing. */
export function kept() {
  const found = read(device, KEY);
  const isPair = (pair) => Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === "string");
  return Array.isArray(found?.pairs) ? found.pairs.filter(isPair) : [];
}

/** What was typed about the person, while it is fresh. */
export function draft() {
  const found = read(tab, DRAFT);
  const isFresh = found && Date.now() - found.at < DRAFT_MS;
  return isFresh && Array.isArray(found.pairs) ? found.pairs : [];
}

/** The ids of what is in the cart. */
export function ids() {
  return kept().filter(([name]) => name.startsWith(ITEM)).map(([name]) => name.slice(ITEM.length));
}

/** How many things that is: an amount of money is one. */
export function count() {
  const items = kept().filter(([name]) => name.startsWith(ITEM));
  return items.reduce((sum, [name, typed]) => sum + (isAmount(name) ? 1 : Number.parseInt(typed, 10) || 1), 0);
}

function isAmount(name) {
  const [, inner = ""] = name.split(/__(.*)/s);
  return !name.startsWith(`${ITEM}addon__`) && /^(custom-support|support__)/.test(inner);
}

/** Keep a form as it is now. */
export function keep(form) {
  const pairs = [...new FormData(form)];
  const isChosen = ([name]) => name.startsWith(ITEM) || KEPT.includes(name);
  const tip = form.elements["tip-was"]?.value;
  keepPairs([...pairs.filter(isChosen), ...(tip ? [["tip", tip]] : [])]);
  keepDraft(form);
}

/** Keep what was typed about the person; the step as well, for a page that is reloaded. */
export function keepDraft(form) {
  const names = new Set([...form.querySelectorAll("[data-private]")].map(({ name }) => name));
  const pairs = [...new FormData(form)].filter(([name, text]) => (names.has(name) || name === "step") && text);
  write(tab, DRAFT, { at: Date.now(), pairs });
}

function keepPairs(pairs) {
  write(device, KEY, { pairs });
  for (const listener of listeners) listener(true);
}

/** Be told of every change, and whether this page made it. */
export function subscribe(listener) {
  listeners.add(listener);
}

window.addEventListener("storage", (event) => {
  if (event.key === KEY) for (const listener of listeners) listener(false);
});

/** Take out what was just pledged; what came in meanwhile stays, and begins at the first step. */
export function removeAll(gone) {
  write(tab, DRAFT, { ...read(tab, DRAFT), pairs: draft().filter(([name]) => name !== "step") });
  keepPairs(kept().filter(([name]) => !gone.includes(name.slice(ITEM.length))));
}
