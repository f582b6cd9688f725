// The editor of a campaign: it saves by itself, formats and cleans what is pasted, and shows how
// a text looks. Without it the same form is saved by its button.
const form = document.querySelector("[data-editor]");
const state = form.querySelector("[data-state]");
const toolbar = document.querySelector("[data-toolbar]");
const PAUSE_MS = 2_000;
const AGAIN_MS = 10_000;

let timer;
let isDirty = false;
let isSending = false;
let isStopped = false;

form.addEventListener("input", () => later(PAUSE_MS));
form.addEventListener("submit", () => {
  isDirty = false;
  isStopped = true;
  clearTimeout(timer);
});
window.addEventListener("beforeunload", (event) => isDirty && event.preventDefault());
for (const area of form.querySelectorAll("[data-markdown]")) equip(area);
openTarget();
window.addEventListener("hashchange", openTarget);

/** A row that a link leads to is opened, with all it stands in. */
function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let at = target; at; at = at.parentElement) if (at.matches("details")) at.open = true;
  target.scrollIntoView({ block: "center" });
  if (target.matches("input, select, textarea")) target.focus({ preventScroll: true });
}

function later(pause) {
  if (isStopped) return;
  isDirty = true;
  state.textContent = state.dataset.dirty;
  clearTimeout(timer);
  timer = setTimeout(save, pause);
}

async function save() {
  if (isSending) return later(PAUSE_MS);
  isSending = true;
  isDirty = false;
  state.textContent = state.dataset.saving;
  try {
    const answer = await post(form.dataset.editor, new URLSearchParams(new FormData(form)));
    const said = await answer.json();
    if (answer.ok) saved(said);
    else refused(said.message);
  } catch {
    state.textContent = state.dataset.away;
    isDirty = true;
    timer = setTimeout(save, AGAIN_MS);
  } finally {
    isSending = false;
  }
}

function saved({ revision, base }) {
  form.elements.revision.value = revision;
  form.elements.base.value = base;
  state.textContent = isDirty ? state.dataset.dirty : state.dataset.saved;
}

/** Somebody else was faster, or the session ended: the button shows what to do about it. */
function refused(message) {
  isStopped = true;
  isDirty = true;
  state.textContent = message;
}

function post(address, body) {
  return fetch(address, { method: "POST", body, redirect: "error" });
}

/** Buttons above a text, and paste that keeps what Markdown can say. */
function equip(area) {
  const bar = toolbar.content.firstElementChild.cloneNode(true);
  for (const button of bar.querySelectorAll("[data-long]")) {
    if (area.dataset.markdown !== "long") button.remove();
  }
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) format(area, button.dataset);
  });
  area.before(bar);
  area.addEventListener("paste", (event) => {
    const html = event.clipboardData.getData("text/html");
    if (!html) return;
    event.preventDefault();
    insert(area, markdownOf(new DOMParser().parseFromString(html, "text/html").body).trim());
  });
  const look = form.querySelector(`[data-look="${area.id}"]`);
  look?.addEventListener("toggle", () => look.open && show(area, look));
  area.addEventListener("change", () => look?.open && show(area, look));
}

async function show(area, look) {
  const body = new URLSearchParams({ csrf: form.elements.csrf.value, text: area.value });
  const answer = await post(form.dataset.show, body).catch(() => undefined);
  // Made safe by the server, as on the public page.
  if (answer?.ok) look.querySelector(".look").innerHTML = await answer.text();
}

function format(area, { mark, line, link }) {
  const chosen = area.value.slice(area.selectionStart, area.selectionEnd);
  if (mark) return insert(area, `${mark}${chosen}${mark}`, mark.length);
  if (link !== undefined) return insert(area, `[${chosen}](https://)`, 1);
  const start = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  area.setSelectionRange(start, area.selectionEnd);
  const lines = area.value.slice(start, area.selectionEnd).split("\n");
  return insert(area, lines.map((each) => line + each).join("\n"));
}

/** Put text in the place of what is chosen, so that undo takes it back. */
function insert(area, text, back = 0) {
  area.focus();
  if (!document.execCommand("insertText", false, text)) {
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (back) area.setSelectionRange(area.selectionEnd - back, area.selectionEnd - back);
}

const BLOCKS = { H1: "## ", H2: "## ", H3: "### ", H4: "#### ", LI: "- ", P: "", DIV: "", BLOCKQUOTE: "> " };
const MARKS = { B: "**", STRONG: "**", I: "*", EM: "*" };
const LEFT_OUT = new Set(["SCRIPT", "STYLE", "META", "TITLE", "IMG", "SVG", "IFRAME"]);

/** What was copied from a page, as Markdown: structure stays, dress goes. */
function markdownOf(node) {
  return [...node.childNodes].map(oneAsMarkdown).join("").replace(/\n{3,}/g, "\n\n");
}

function oneAsMarkdown(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data.replace(/\s+/g, " ");
  if (node.nodeType !== Node.ELEMENT_NODE || LEFT_OUT.has(node.tagName)) return "";
  if (node.tagName === "BR") return "\n";
  const inside = markdownOf(node);
  // Google Docs wraps everything in a <b> that is none.
  const isBold = node.style.fontWeight !== "normal";
  if (MARKS[node.tagName] && inside.trim() && isBold) return around(inside, MARKS[node.tagName]);
  if (node.tagName === "A" && /^(https?|mailto):/.test(node.href)) return `[${inside}](${node.href})`;
  if (node.tagName in BLOCKS) {
    const gap = node.tagName === "LI" ? "\n" : "\n\n";
    return `${gap}${BLOCKS[node.tagName]}${inside.trim()}${gap}`;
  }
  return inside;
}

function around(text, mark) {
  const [, before, inner, after] = text.match(/^(\s*)([\s\S]*?)(\s*)$/);
  return `${before}${mark}${inner}${mark}${after}`;
}
