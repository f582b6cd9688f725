// Makes a part of the page the same as a newer rendering of it, element by element: what has the
// focus keeps it, what is open stays open, and what somebody is typing is not touched.

const TYPED = "input:not([type=hidden], [type=radio], [type=checkbox], [type=range]), textarea, select";

/** Make `old` like `fresh`, which is used up. `data-keep` marks what belongs to somebody else. */
export function morph(old, fresh) {
  if (old.hasAttribute("data-keep")) return;
  const wanted = fresh.value;
  attributes(old, fresh);
  children(old, fresh);
  value(old, fresh, wanted);
}

function attributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    // Whether details are open is the reader's own matter.
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value: text } of fresh.attributes) {
    if (old.getAttribute(name) !== text) old.setAttribute(name, text);
  }
}

function value(old, fresh, wanted) {
  if (old.matches("[type=radio], [type=checkbox]")) {
    old.checked = fresh.hasAttribute("checked");
  } else if (old.matches("input, textarea, select") && !(old === document.activeElement && old.matches(TYPED))) {
    if (old.value !== wanted) old.value = wanted;
  }
}

function children(old, fresh) {
  const wanted = new Set([...fresh.children].map(key).filter(Boolean));
  for (const child of [...old.children]) {
    if (key(child) && !wanted.has(key(child))) child.remove();
  }
  let place = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const match = alike(place, next);
    if (!match) {
      old.insertBefore(document.adoptNode(next), place);
      continue;
    }
    if (match === place) place = place.nextSibling;
    else old.insertBefore(match, place);
    if (match.nodeType === Node.ELEMENT_NODE) morph(match, next);
    else if (match.nodeValue !== next.nodeValue) match.nodeValue = next.nodeValue;
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

/** The first sibling from here on that could become `next`. */
function alike(from, next) {
  for (let node = from; node; node = node.nextSibling) {
    if (node.nodeType === next.nodeType && node.nodeName === next.nodeName && key(node) === key(next)) return node;
  }
  return null;
}

function key(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.dataset.key || node.id || "" : "";
}
