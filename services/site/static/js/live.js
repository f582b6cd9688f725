// Live figures: pushed while somebody looks, asked for when pushing fails, silent when hidden.
import { setServerTime, whenZero } from "./countdown.js";
import { campaign, money, percent, say } from "./words.js";

const POLL_MS = 15_000;
// Pages are prepared at most once a second; spread, so that a full house does not ask at once.
const REFRESH_MS = 1_500;
const path = `/live/${campaign.slug}`;
let source;
let poller;
let etag = "";
let version = -1;
let shape = "";
let refreshing;
let afterRefresh = () => {};

/** Keep the page fresh. `onFresh` is called when parts of it were drawn anew. */
export function follow(onFresh) {
  afterRefresh = onFresh;
  whenZero(() => refreshSoon(0));
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
  window.addEventListener("pagehide", stop);
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
  draw(snapshot);
  const now = shapeOf(snapshot);
  const hasChanged = shape ? shape !== now : isOutdated(snapshot);
  shape = now;
  if (hasChanged) refreshSoon(REFRESH_MS * (1 + Math.random()));
}

/** The page came from a cache and knows less than the first snapshot. */
function isOutdated({ campaign: live, stats }) {
  return live.effectiveState !== stageOf(campaign.stage) || stats.pledgedAmount !== campaign.pledgedCents;
}

function stageOf(stage) {
  return ["funded", "not_funded", "cancelled"].includes(stage) ? "post" : stage;
}

/** What decides how the page is built, apart from plain numbers. */
function shapeOf({ campaign: live, stats, inventory }) {
  const gone = Object.entries(inventory.tiers).map(([id, tier]) => [id, tier.remaining === 0]);
  const passed = campaign.marks.filter((cents) => stats.pledgedAmount >= cents).length;
  return JSON.stringify([live.effectiveState, live.funded, gone, passed, stats.supportItems, stats.collectedAmount, stats.recoveringAmount, stats.lostAmount]);
}

function draw({ stats, inventory }) {
  const goal = campaign.marks[0];
  const count = stats.supporterCount;
  const people = count === 1 ? say("person") : say("people", { n: count.toLocaleString("en-US") });
  const short = (cents) => money(cents, { short: true });
  put("pledged", short(stats.pledgedAmount));
  put("pledged-by", say("pledgedOf", { goal: short(goal), people }));
  put("percent", say("percentOfGoal", { percent: percent(stats.percentFunded) }));
  if (stats.pledgedAmount < goal) put("rest", say("toGo", { amount: short(goal - stats.pledgedAmount) }));
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
}

function place(fresh) {
  for (const part of document.querySelectorAll("[data-fresh]")) {
    const other = fresh.querySelector(`[data-fresh="${part.dataset.fresh}"]`);
    // Somebody may be typing an amount: what has focus stays until the next time.
    if (!other || part.contains(document.activeElement) || part.innerHTML === other.innerHTML) continue;
    part.replaceWith(document.adoptNode(other));
  }
  const main = document.querySelector("[data-campaign]");
  main.dataset.stage = fresh.querySelector("[data-campaign]")?.dataset.stage ?? main.dataset.stage;
  const state = JSON.parse(fresh.getElementById("campaign")?.textContent ?? "{}");
  Object.assign(campaign, state);
  const bar = document.querySelector("[data-phone-bar]");
  if (bar && campaign.stage !== "live") bar.remove();
  afterRefresh();
}
