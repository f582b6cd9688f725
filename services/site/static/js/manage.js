// The manage page: the server draws it, this sends its forms and puts the newer drawing in place.
import { submit } from "./api.js";
import { island, page, percent } from "./words.js";
import { morph } from "./morph.js";

const KEY = "pool:manage";
const PAUSE_MS = 300;
const words = island("manage-strings");
const root = document.querySelector("[data-manage]");
const token = kept();

let turn = 0;
let timer;
let isDeciding = false;

root.addEventListener("submit", onSubmit);
root.addEventListener("change", onChange);
root.addEventListener("input", onInput);
root.addEventListener("click", onClick);
root.addEventListener("cancel", onCancel, true);
// Another tab of this browser may have done something: look again when somebody comes back.
window.addEventListener("pageshow", (event) => event.persisted && show());

if (root.dataset.mode === "shell" && token) show();
else follow();
// From here on a button is answered without leaving the page.
document.documentElement.dataset.managed = "";

/** What token.js took out of the address. */
function kept() {
  try {
    return sessionStorage.getItem(KEY) ?? window.poolToken ?? "";
  } catch {
    return window.poolToken ?? "";
  }
}

/** Whoever is erased has no link any more, here neither. */
function forget() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing is kept.
  }
}

/** Draw all pledges anew. */
export function show(sentence = "") {
  return send([["t", token]], sentence);
}

/** Read the page without showing it: what came of something that takes a while. */
export async function look() {
  const { part } = await submit(place(), [["t", token], ["script", "1"]], { part: "[data-manage]" });
  return part;
}

async function send(pairs, sentence = "") {
  clearTimeout(timer);
  const mine = ++turn;
  root.setAttribute("aria-busy", "true");
  const answer = await submit(place(), [...pairs, ["script", "1"]], { part: "[data-manage]" });
  // An answer to an older form: a newer one is on its way.
  if (mine !== turn) return;
  root.setAttribute("aria-busy", "false");
  if (answer.data?.url) return location.assign(answer.data.url);
  if (answer.part) draw(answer.part, sentence);
  else trouble(answer.status === 0 ? "offline" : "failedLoad", () => send(pairs, sentence));
}

/** Put a newer drawing in place; the focus goes to what is new about it. */
export function draw(part, sentence = "") {
  const before = root.dataset.mode;
  delete root.dataset.focus;
  delete document.documentElement.dataset.link;
  root.querySelector("[data-confirm][open]")?.close();
  morph(root, part);
  follow(before !== root.dataset.mode);
  const said = sentence || root.querySelector("[data-said]")?.textContent || "";
  document.getElementById("announce").textContent = said;
}

function follow(isNew = false) {
  if (root.dataset.mode === "erased") forget();
  delete document.documentElement.dataset.link;
  const dialog = root.querySelector("[data-confirm]");
  if (dialog) {
    dialog.removeAttribute("open");
    dialog.showModal();
  }
  const save = root.querySelector("[data-save-changes]");
  if (save) {
    const isChanged = save.dataset.changed === "true";
    save.setAttribute("aria-disabled", String(!isChanged));
    save.textContent = isChanged ? words.saveChanges : words.noChanges;
  }
  for (const button of root.querySelectorAll("[data-print]")) button.hidden = false;
  const wanted = document.getElementById(root.dataset.focus ?? "");
  if (wanted) wanted.focus();
  else if (isNew || document.activeElement === document.body) focusTitle(isNew);
  if (isNew) document.scrollingElement.scrollTop = 0;
  if (root.querySelector("[data-recovers]")) import("./recover.js").then(({ meet }) => meet(root));
}

function focusTitle(isNew) {
  if (isNew) document.getElementById("manage-title").focus();
}

/** A trouble only this page knows of: offline, or no answer. */
function trouble(kind, again) {
  root.querySelector("#trouble")?.remove();
  delete document.documentElement.dataset.link;
  const notice = Object.assign(document.createElement("div"), { id: "trouble", className: "notice notice--bad", tabIndex: -1 });
  notice.setAttribute("role", "alert");
  const text = document.createElement("div");
  for (const end of ["Title", "Text"]) {
    text.append(Object.assign(document.createElement("p"), { textContent: words[kind + end] }));
  }
  const button = Object.assign(document.createElement("button"), { type: "button", className: "button button--small", textContent: words.retry });
  button.addEventListener("click", again);
  text.append(button);
  notice.append(text);
  root.querySelector(".page-title").after(notice);
  notice.focus();
}

function pairsOf(form, button) {
  const pairs = [...new FormData(form)];
  return button?.name ? [...pairs, [button.name, button.value]] : pairs;
}

function onSubmit(event) {
  const button = event.submitter;
  // A file is for the browser to keep: the page stays as it is.
  if (button?.hasAttribute("data-native")) return;
  event.preventDefault();
  if (button?.hasAttribute("data-card")) return meet("openCard", button);
  if (button?.getAttribute("aria-disabled") === "true") return;
  if (button?.name === "less" || button?.name === "more") return onStep(button);
  const form = event.target;
  if (button?.value === "links" && !form.reportValidity()) return;
  // A second press, while the first is on its way, wants nothing more than the first.
  if (isDeciding) return;
  isDeciding = true;
  send(pairsOf(form, button)).finally(() => (isDeciding = false));
}

/** Quick presses add up here and are sent once. */
function onStep(button) {
  const input = button.closest("[role=group]").querySelector("input");
  const next = (Number.parseInt(input.value, 10) || 0) + (button.name === "more" ? 1 : -1);
  input.value = Math.max(0, next);
  update(button.form, PAUSE_MS);
}

/** Work out the total for what is on the form, soon: whatever comes in between is sent along. */
function update(form, pause = 0) {
  clearTimeout(timer);
  turn += 1;
  root.setAttribute("aria-busy", "true");
  timer = setTimeout(() => send([...pairsOf(form), ["do", "look"]]), pause);
}

function onChange({ target }) {
  const form = target.closest("[data-edit]");
  if (!form) return;
  if (target.name === "tip" || target.name === "tip-stop") onTip(form, target);
  else update(form);
}

function onInput({ target }) {
  const form = target.closest("[data-edit]");
  if (!form) return;
  if (target.name === "tip") onTip(form, target);
  else if (target.inputMode) update(form, 2 * PAUSE_MS);
}

/** Stops and slider show the same tip; the total follows when the hand rests. */
function onTip(form, { value }) {
  for (const stop of form.querySelectorAll("[name=tip-stop]")) stop.checked = stop.value === value;
  const range = form.querySelector("[data-tip-range]");
  if (range.value !== value) range.value = value;
  range.setAttribute("aria-valuetext", percent(value));
  update(form, PAUSE_MS);
}

function onClick({ target }) {
  if (target.closest("[data-print]")) window.print();
  if (target.closest("[data-bank]")) meet("passBank", target);
  if (target.closest("[data-save]")) meet("saveCard", target);
  const link = target.closest("[data-goto]");
  if (link) document.getElementById(link.hash.slice(1))?.focus();
}

/** Escape in the question goes back to the form, as its first button does. */
function onCancel(event) {
  if (!event.target.matches("[data-confirm]")) return;
  event.preventDefault();
  event.target.querySelector("[data-confirm-back]").click();
}

async function meet(deed, element) {
  const { ways } = await import("./recover.js");
  ways(element.closest("[data-ways]"))[deed]();
}

function place() {
  return `${page.prefix}/manage/`;
}
