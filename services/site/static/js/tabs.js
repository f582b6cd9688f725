// Parts of the page as tabs: without scripts they stand one below the other. A link to something
// inside a part opens that part first.

// Parts that somebody opened: they are open again after the page was drawn anew.
const opened = new Set();
let number = 0;

/** Make tabs of every `[data-tabs]` that is not tabs yet. */
export function startTabs() {
  for (const group of document.querySelectorAll("[data-tabs]:not([data-tabs-on])")) build(group);
}

/** Make the tabs, and open the part that the address names something in, now and whenever it names another. */
export function followAddress() {
  startTabs();
  window.addEventListener("hashchange", openTarget);
  openTarget();
}

function build(group) {
  const panels = [...group.querySelectorAll(":scope > [data-tab]")];
  if (panels.length < 2) return;
  const fresh = group.closest("[data-fresh]");
  if (fresh) fresh.drawn ??= fresh.innerHTML;
  group.dataset.tabsOn = "true";
  const list = document.createElement("div");
  list.className = "tabs";
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-labelledby", group.getAttribute("aria-labelledby"));
  for (const panel of panels) list.append(tabOf(panel));
  group.removeAttribute("aria-labelledby");
  group.removeAttribute("role");
  group.prepend(list);
  list.addEventListener("click", ({ target }) => {
    const tab = target.closest("[role=tab]");
    if (tab) choose(tab);
  });
  list.addEventListener("keydown", (event) => walk(event, list));
  const chosen = panels.find((panel) => opened.has(panel.id));
  open((chosen ?? panels.find((panel) => "tabOpen" in panel.dataset) ?? panels[0]).tab);
}

function tabOf(panel) {
  const tab = document.createElement("button");
  number += 1;
  tab.type = "button";
  tab.id = `tab-${number}`;
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", panel.id);
  tab.textContent = panel.dataset.tab;
  if (Number(panel.dataset.tabCount)) {
    const count = Object.assign(document.createElement("span"), { className: "meta" });
    count.textContent = panel.dataset.tabCount;
    tab.append(" ", count);
  }
  panel.tab = tab;
  tab.panel = panel;
  panel.setAttribute("role", "tabpanel");
  panel.setAttribute("aria-labelledby", tab.id);
  panel.tabIndex = 0;
  return tab;
}

function choose(tab) {
  for (const each of tab.parentElement.children) opened.delete(each.panel.id);
  opened.add(tab.panel.id);
  open(tab);
}

function open(tab) {
  for (const each of tab.parentElement?.children ?? []) {
    const isOpen = each === tab;
    each.setAttribute("aria-selected", String(isOpen));
    each.tabIndex = isOpen ? 0 : -1;
    each.panel.hidden = !isOpen;
  }
}

/** Arrows go to the neighbour, Home and End to the ends: the pattern for tabs. */
function walk(event, list) {
  const tabs = [...list.children];
  const here = tabs.indexOf(document.activeElement);
  const steps = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tabs.length - 1 };
  if (here < 0 || !(event.key in steps)) return;
  event.preventDefault();
  const next = tabs[(steps[event.key] + tabs.length) % tabs.length];
  choose(next);
  next.focus();
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function openTarget() {
  const name = location.hash.slice(1);
  const target = name ? document.getElementById(name) : null;
  const panel = target?.closest("[data-tab]");
  if (!panel?.tab) return;
  choose(panel.tab);
  target.scrollIntoView();
  target.tabIndex = -1;
  target.focus({ preventScroll: true });
}
