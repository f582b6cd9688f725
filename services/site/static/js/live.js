// Live figures: pushed while somebody looks, asked for when pushing fails, silent when hidden.
import { setServerTime, whenZero } from "./countdown.js";
import { campaign, money, percent, say } from "./words.js";

const POLL_MS = 15_000;
// Pages are prepared at most once a second; spread, so that a full house does not ask at once.
const REFRESH_MS = 1_500;
const TRIES = 5;
const path = `/live/${campaign.slug}`;
let source;
let poller;
let etag = "";
let version = -1;
let shape = "";
let refreshing;
let newest;
let tries = 0;
let afterRefresh = () => {};

/** Keep the page fresh. `onFresh` is called when parts of it were drawn anew. */
export function follow(onFresh) {
  afterRefresh = onFresh;
  whenZero(() => refreshSoon(0));
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
  window.addEventListener("pagehide", stop);
  // Back by the browser's button: the page is as it was left, and its figures are from then.
  window.addEventListener("pageshow", (event) => event.persisted && !document.hidden && listen());
  if (!document.hidden) listen();
}

function listen() {
  if (source || poller) return;
  if (!("EventSource" in window)) return poll();
  source = new EventSource(`${path}/events`);
  source.onmessage = (event) => take(JSON.parse(event.data));
  source.addEventListener("snapshot", source.onmessage);
  source.onerror = () => {
    if (source?.readyState !== EventSource.CLOSED) return;
    source = undefined;
    if (!document.hidden) poll();
  };
}

function stop() {
  source?.close();
  source = undefined;
  clearTimeout(poller);
  poller = undefined;
}

async function poll() {
  poller = setTimeout(poll, POLL_MS);
  try {
    const response = await fetch(path, { headers: etag ? { "If-None-Match": etag } : {} });
    etag = response.headers.get("ETag") ?? "";
    if (response.status === 200) take(await response.json());
  } catch {
    // Offline: the next turn asks again.
  }
}

function take(snapshot) {
  setServerTime(snapshot.serverTime);
  if (snapshot.version < version) return;
  version = snapshot.version;
  newest = snapshot;
  draw(snapshot);
  const now = shapeOf(snapshot);
  const hasChanged = shape ? shape !== now : isOutdated(snapshot);
  shape = now;
  tries = 0;
  if (hasChanged) refreshSoon(REFRESH_MS * (1 + Math.random()));
}

/** The page was prepared a moment before the snapshot, and knows less. */
function isOutdated({ campaign: live, stats, inventory }) {
  const isSoldOut = ([id, { remaining }]) => (remaining === 0) !== (campaign.stock[id] === 0);
  return (
    live.effectiveState !== stageOf(campaign.stage) ||
    stats.pledgedAmount !== campaign.pledgedCents ||
    settledOf(stats) !== campaign.settledCents ||
    live.charged !== campaign.isCharged ||
    stats.lateSupportAmount !== campaign.lateCents ||
    Object.entries(inventory.tiers).some(isSoldOut)
  );
}

function settledOf({ collectedAmount, recoveringAmount, lostAmount, returnedAmount }) {
  return collectedAmount + recoveringAmount + lostAmount + returnedAmount;
}

function stageOf(stage) {
  return ["funded", "not_funded", "cancelled"].includes(stage) ? "post" : stage;
}

/** What decides how the page is built, apart from plain numbers. */
function shapeOf({ campaign: live, stats, inventory }) {
  const gone = Object.entries(inventory.tiers).map(([id, tier]) => [id, tier.remaining === 0]);
  const passed = campaign.marks.filter((cents) => stats.pledgedAmount >= cents).length;
  return JSON.stringify([live.effectiveState, live.funded, live.charged, gone, passed, stats.supportItems, stats.collectedAmount, stats.recoveringAmount, stats.lostAmount, stats.returnedAmount, stats.lateSupportAmount]);
}

function draw({ campaign: live, stats, inventory }) {
  const goal = campaign.marks[0];
  const count = stats.supporterCount;
  const people = count === 1 ? say("person") : say("people", { n: count.toLocaleString("en-US") });
  const short = (cents) => money(cents, { short: true });
  put("pledged", short(stats.pledgedAmount));
  put("pledged-by", say("pledgedOf", { goal: short(goal), people }));
  put("percent", say("percentOfGoal", { percent: percent(stats.percentFunded) }));
  // Nothing is to go any more at the goal, nor after the end.
  const isOpen = ["upcoming", "live"].includes(live.effectiveState);
  const rest = isOpen ? Math.max(0, goal - stats.pledgedAmount) : 0;
  put("rest", rest ? say("toGo", { amount: short(rest) }) : "");
  for (const rect of document.querySelectorAll("[data-bar]")) {
    const share = Math.min(100, (stats.pledgedAmount * 100) / Number(rect.dataset.bar));
    rect.setAttribute("width", `${share.toFixed(2)}%`);
  }
  for (const [id, { limit, remaining }] of Object.entries(inventory.tiers)) {
    const fact = document.querySelector(`[data-stock="${CSS.escape(id)}"] span`);
    if (fact && remaining > 0) fact.textContent = say("leftOf", { left: remaining, limit });
  }
}

function put(name, text) {
  for (const element of document.querySelectorAll(`[data-figure="${name}"]`)) {
    if (element.textContent !== text) element.textContent = text;
  }
}

function refreshSoon(delay) {
  refreshing ??= setTimeout(refresh, delay);
}

/** Fetch this page again and put its fresh parts in place: the server decides every word. */
async function refresh() {
  try {
    const response = await fetch(location.pathname, { cache: "no-cache" });
    if (response.ok) place(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    // Offline: the next snapshot tries again.
  }
  refreshing = undefined;
  // Pages are prepared a moment after figures are pushed: ask again until they agree.
  tries += 1;
  if (newest && tries < TRIES && isOutdated(newest)) refreshSoon(REFRESH_MS * tries);
  else if (newest) draw(newest);
}

/** Redrawing takes the focus away: give it to the same control, or to the part it was in. */
function focusAgain(part, was) {
  const isAdd = was.name === "add";
  const same = isAdd ? part.querySelector(`[name=add][value="${CSS.escape(was.value)}"]`) : null;
  if (same) return same.focus();
  part.tabIndex = -1;
  part.focus({ preventScroll: true });
}

function place(fresh) {
  for (const part of document.querySelectorAll("[data-fresh]")) {
    const other = fresh.querySelector(`[data-fresh="${part.dataset.fresh}"]`);
    // Where tabs were made of it, `drawn` is what the server had drawn.
    if (!other || (part.drawn ?? part.innerHTML) === other.innerHTML) continue;
    const active = part.contains(document.activeElement) ? document.activeElement : null;
    if (active?.tagName === "INPUT") {
      // Somebody is typing an amount: this part waits until they are done.
      active.addEventListener("blur", () => refreshSoon(0), { once: true });
      continue;
    }
    part.replaceWith(document.adoptNode(other));
    if (active) focusAgain(other, active);
  }
  const main = document.querySelector("[data-campaign]");
  main.dataset.stage = fresh.querySelector("[data-campaign]")?.dataset.stage ?? main.dataset.stage;
  const state = JSON.parse(fresh.getElementById("campaign")?.textContent ?? "{}");
  Object.assign(campaign, state);
  const bar = document.querySelector("[data-phone-bar]");
  if (bar && campaign.stage !== "live") bar.remove();
  afterRefresh();
}
