// The manage page: the link's token leaves the address bar at once and lives as long as the tab.
import { get, post } from "./api.js";
import { date, fill, icon, island, lastMoment, money, page, percent } from "./words.js";

const KEY = "pool:manage";
const words = island("manage-strings");
const part = (name, from = document) => from.querySelector(`[data-${name}]`);
const token = takeToken();

const STATES = {
  active: { tag: "tagActive", sum: "sumActive", tone: "pool", mark: "shield-check" },
  locked: { tag: "tagLocked", sum: "sumLocked", tone: "", mark: "lock" },
  charged: { tag: "tagCharged", sum: "sumCharged", tone: "good", mark: "check" },
  payment_failed: { tag: "tagFailed", sum: "sumFailed", tone: "bad", mark: "circle-alert" },
  released: { tag: "tagReleased", sum: "sumReleased", tone: "", mark: "circle-slash" },
  late: { tag: "tagLate", sum: "sumLate", tone: "pool", mark: "clock" },
  lost: { tag: "tagLost", sum: "sumLost", tone: "", mark: "circle-slash" },
  cancelled: { tag: "tagCancelled", sum: "sumCancelled", tone: "", mark: "circle-slash" },
};

part("retry").addEventListener("click", load);
bindDialog();
load();

/** What token.js took out of the address. */
function takeToken() {
  try {
    return sessionStorage.getItem(KEY) ?? window.poolToken ?? "";
  } catch {
    return window.poolToken ?? "";
  }
}

async function load() {
  part("trouble").hidden = true;
  if (!token) return trouble("missing");
  part("loading").hidden = false;
  const answer = await read();
  if (answer.ok) return draw(answer.data);
  if (answer.status === 401 || answer.status === 400) return trouble("bad");
  if (answer.status === 404) return trouble("unknown");
  return trouble(answer.status === 0 ? "offline" : "failedLoad", true);
}

function read() {
  return get(`/pledge?token=${encodeURIComponent(token)}`);
}

function trouble(kind, canRetry = false) {
  part("loading").hidden = true;
  const box = part("trouble");
  box.querySelector("h2").textContent = words[`${kind}Title`];
  box.querySelector("p").textContent = words[`${kind}Text`];
  part("retry").hidden = !canRetry;
  box.hidden = false;
  box.focus();
}

function draw(pledge) {
  part("loading").hidden = true;
  const who = part("who");
  who.querySelector("span").textContent = fill(words.heading, { date: date(pledge.createdAt, page.timezone) });
  who.querySelector("b").textContent = pledge.email;
  who.hidden = false;
  const element = document.getElementById("pledge-template").content.cloneNode(true).firstElementChild;
  const status = statusOf(pledge);
  drawState(element, status, pledge);
  drawWords(element, status, pledge);
  drawSums(element, pledge);
  drawHistory(element, pledge);
  drawActions(element, pledge);
  part("pledges").replaceChildren(element);
}

function statusOf(pledge) {
  if (pledge.lostAt) return "lost";
  if (pledge.pledgeStatus !== "active" || !pledge.deadlinePassed) return pledge.pledgeStatus;
  return pledge.isLate ? "late" : "locked";
}

function drawState(element, status, pledge) {
  const { tag, sum, tone, mark } = STATES[status];
  const label = element.querySelector(".tag");
  if (tone) label.classList.add(`tag--${tone}`);
  label.append(icon(mark), words[tag]);
  const owes = !["released", "cancelled", "lost"].includes(status);
  element.querySelector(".pledge__sum").textContent = money(owes ? pledge.amount : 0);
  element.querySelector(".pledge__means").textContent = words[sum];
}

function drawWords(element, status, pledge) {
  const deadline = lastMoment(pledge.deadline, page.timezone);
  drawPicture(element.querySelector("img"), pledge.campaignSlug);
  element.querySelector("h2").textContent = pledge.campaignTitle || pledge.campaignSlug;
  element.querySelector(".pledge__lines").append(...pledge.lines.map((line) => item("li", nameOf(line))));
  const card = fill(words.cardEnding, { brand: brandOf(pledge.card.brand), last4: pledge.card.last4 });
  const facts = [
    [pledge.deadlinePassed ? words.decidedOn : words.decidesOn, deadline],
    [words.card, card],
    [words.charged, pledge.chargedAt && date(pledge.chargedAt, page.timezone)],
    [words.cancelledOn, pledge.cancelledAt && date(pledge.cancelledAt, page.timezone)],
    [words.reference, pledge.orderId.replace("pool-intent-", "").slice(0, 12)],
  ];
  for (const [label, value] of facts) {
    if (value) element.querySelector(".facts").append(item("dt", label), item("dd", value));
  }
  const note = status === "payment_failed" ? "" : words[`${status}Text`];
  part("note", element).textContent = fill(note, { deadline });
  if (status === "payment_failed") drawFailure(element, pledge);
}

/** The film's picture, from the public catalogue. Without it the row is as good. */
async function drawPicture(image, slug) {
  const { data } = await get("/api/campaigns.json");
  const film = data.campaigns?.find((each) => each.slug === slug);
  if (!film?.image) return;
  const { pathname, search } = new URL(film.image, location.href);
  if (pathname.startsWith("/media/")) Object.assign(image, { src: pathname + search, hidden: false });
}

function drawFailure(element, pledge) {
  const { recovery } = pledge;
  const notice = element.querySelector(".notice");
  const [title, text] = notice.querySelectorAll("p");
  title.textContent = recovery?.needsAuthentication ? words.bankTitle : words.failedTitle;
  text.textContent = recovery?.endsAt
    ? fill(words.failedUntil, { day: date(recovery.endsAt, page.timezone) })
    : words.failedText;
  notice.classList.add("notice--bad");
  notice.hidden = false;
  if (!recovery) return;
  import("./recover.js").then(({ Ways }) => {
    new Ways(part("ways", element), { token, words, load: read, drawn }).show(pledge);
  });
}

/** Show the pledge as it has become, and say so. */
function drawn(pledge, sentence = words[`told_${pledge.pledgeStatus}`]) {
  draw(pledge);
  document.getElementById("announce").textContent = sentence ?? "";
  document.querySelector("h1").focus();
}

function drawSums(element, pledge) {
  const tip = fill(words.tip, { platform: page.platform, percent: percent(pledge.tipPercent) });
  const rows = [
    [words.yourPledge, pledge.subtotal],
    [tip, pledge.tipAmount],
    [words.tax, pledge.tax],
  ];
  if (pledge.shipping) rows.push([words.shipping, pledge.shipping]);
  rows.push([words.total, pledge.amount]);
  const list = element.querySelector(".totals");
  for (const [label, cents] of rows) {
    const row = document.createElement("div");
    row.className = "totals__row";
    row.append(item("dt", label), item("dd", money(cents)));
    list.append(row);
  }
  list.lastElementChild.classList.add("totals__row--last");
}

function drawHistory(element, pledge) {
  const told = {
    created: words.historyCreated,
    modified: words.historyModified,
    cancelled: words.historyCancelled,
    charged: words.historyCharged,
    charge_failed: words.historyFailed,
    released: words.historyReleased,
    lost: words.historyLost,
  };
  const lines = pledge.history.filter((entry) => told[entry.type]).map((entry) => {
    const amount = money(entry.type === "created" || entry.type === "charged" ? entry.amount : pledge.amount);
    return item("li", `${date(entry.at, page.timezone)}: ${fill(told[entry.type], { amount })}`);
  });
  element.querySelector("ol").append(...lines);
}

function drawActions(element, pledge) {
  const link = element.querySelector("a.button");
  link.href = `${page.prefix}/campaigns/${pledge.campaignSlug}/`;
  link.hidden = false;
  const cancel = part("cancel", element);
  cancel.hidden = !pledge.canCancel;
  cancel.addEventListener("click", () => {
    const dialog = document.getElementById("cancel-dialog");
    dialog.querySelector(".notice").hidden = true;
    part("confirm", dialog).hidden = false;
    dialog.showModal();
    part("keep", dialog).focus();
  });
}

function bindDialog() {
  const dialog = document.getElementById("cancel-dialog");
  const confirm = part("confirm", dialog);
  part("keep", dialog).addEventListener("click", () => dialog.close());
  confirm.addEventListener("click", async () => {
    if (confirm.getAttribute("aria-busy") === "true") return;
    const label = confirm.querySelector("span");
    const before = label.textContent;
    confirm.setAttribute("aria-busy", "true");
    label.textContent = words.cancelling;
    const answer = await post("/pledge/cancel", { token });
    confirm.setAttribute("aria-busy", "false");
    label.textContent = before;
    // Cancelling twice is answered with the state it already has: that is what was wanted.
    if (answer.ok || answer.data.error === "pledge_cancelled") {
      dialog.close();
      document.getElementById("announce").textContent = words.cancelDone;
      await load();
      document.querySelector("h1").focus();
      return;
    }
    refuse(dialog, confirm, answer);
  });
}

function refuse(dialog, confirm, answer) {
  const kind = answer.status === 409 ? "tooLate" : answer.status === 0 ? "offline" : "failedLoad";
  const notice = dialog.querySelector(".notice");
  const [title, text] = notice.querySelectorAll("p");
  title.textContent = words[`${kind}Title`];
  text.textContent = words[`${kind}Text`];
  confirm.hidden = answer.status === 409;
  notice.hidden = false;
  notice.focus();
  if (answer.status === 409) load();
}

function nameOf(line) {
  const name = line.kind === "custom_amount" ? words.custom : line.label;
  return line.quantity > 1 ? `${name} × ${line.quantity}` : name;
}

function brandOf(brand) {
  return brand ? brand[0].toUpperCase() + brand.slice(1) : "";
}

function item(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text });
}
