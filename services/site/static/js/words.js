// What the page knows and how it says it. Sentences come translated from the server; scripts hold none.

/** Read a JSON island. */
export function island(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : null;
}

export const page = island("pool");
export const campaign = island("campaign");

const locale = `${page.language}-US`;

/** Fill a sentence: `{name}` becomes values.name. */
export function fill(sentence, values = {}) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function say(key, values) {
  return fill(page.strings[key] ?? "", values);
}

/** Dollars the American way in every language; cents always, unless asked otherwise. */
export function money(cents, { short = false } = {}) {
  const digits = short && cents % 100 === 0 ? 0 : 2;
  return new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(cents / 100);
}

export function percent(value) {
  return page.language === "es" ? `${value}\u00a0%` : `${value}%`;
}

/** An icon of the sprite, beside words. */
export function icon(name, isSmall = true) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", isSmall ? "icon icon--small" : "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${page.static}/icons/sprite.svg#${name}`);
  svg.append(use);
  return svg;
}

/** The last day that counts. A deadline is the first instant that is too late. */
export function lastDay(deadline, timeZone) {
  return written(lastMinute(deadline), timeZone, { month: "long", day: "numeric" });
}

export function lastMoment(deadline, timeZone) {
  return `${weekday(lastMinute(deadline), timeZone)}, ${clock(lastMinute(deadline), timeZone)}`;
}

export function weekday(at, timeZone) {
  const parts = { weekday: "long", month: "long", day: "numeric" };
  if (page.language !== "es") return written(at, timeZone, parts);
  const name = written(at, timeZone, { weekday: "long" });
  return `${name} ${written(at, timeZone, { month: "long", day: "numeric" })}`;
}

export function date(at, timeZone) {
  return written(at, timeZone, { year: "numeric", month: "long", day: "numeric" });
}

function clock(at, timeZone) {
  const format = new Intl.DateTimeFormat(locale, {
    timeZone,
    hour: "numeric",
    minute: "2-digit",
    hour12: true,
    timeZoneName: "longGeneric",
  });
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const morning = /^a/i.test(part.dayPeriod);
  const half = page.language === "es" ? (morning ? "a. m.," : "p. m.,") : morning ? "am" : "pm";
  return `${part.hour}:${part.minute}\u00a0${half.replace(" ", "\u00a0")} ${page.zone ?? part.timeZoneName}`;
}

function lastMinute(deadline) {
  return new Date(new Date(deadline).getTime() - 60_000);
}

function written(at, timeZone, parts) {
  return new Intl.DateTimeFormat(locale, { timeZone, ...parts }).format(new Date(at));
}
