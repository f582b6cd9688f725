// Where a visitor came from: the words in the address they landed on, kept for this tab.

const KEY = "pool:from";
const NAMES = ["ref", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"];

/** Remember the words of this address; the newest that say anything count. */
export function noteAttribution() {
  const here = new URLSearchParams(location.search);
  const pairs = NAMES.map((name) => [name, here.get(name)?.slice(0, 200)]).filter(([, text]) => text);
  if (pairs.length === 0) return;
  try {
    sessionStorage.setItem(KEY, JSON.stringify(pairs));
  } catch {
    // Without storage the words are lost with the page.
  }
}

/** The pairs for the cart's form. */
export function attribution() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}
