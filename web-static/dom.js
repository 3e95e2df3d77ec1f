// Builds elements from texts and other elements, and brings what is shown up to date without losing focus or scroll.
// Nothing here reads markup: every text becomes a text node.

const svgNames = new Set(["svg", "rect", "g", "path", "line", "circle"]);
const handlers = ["onclick", "onchange", "oninput", "onsubmit", "onkeydown", "ontoggle"];

/** An element: `h("a", { href, class: "x", onclick }, "text", child, [children])`; null and false are left out. */
export function h(name, attributes, ...children) {
  const element = svgNames.has(name)
    ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element[key] = value;
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(parent, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(parent, child);
    else parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Makes the element's children equal to `nodes`, changing only what differs. */
export function show(parent, ...nodes) {
  const wanted = document.createDocumentFragment();
  append(wanted, nodes);
  morphChildren(parent, wanted);
}

function morphChildren(parent, wanted, isReordered = false) {
  const keyed = new Map();
  for (const child of parent.children) {
    const key = child.getAttribute("data-key");
    if (key) keyed.set(key, child);
  }
  const isHeld = parent.nodeName === "TBODY" && !isReordered && isInUse(parent);
  let old = parent.firstChild;
  for (const next of isHeld ? inOldOrder([...wanted.childNodes], keyed) : [...wanted.childNodes]) {
    const key = next.nodeType === Node.ELEMENT_NODE ? next.getAttribute("data-key") : null;
    const match = key ? keyed.get(key) : old;
    if (match && sameKind(match, next, key)) {
      if (match !== old) parent.insertBefore(match, old);
      else old = old.nextSibling;
      morph(match, next);
      if (key) keyed.delete(key);
    } else {
      parent.insertBefore(next, old);
    }
  }
  while (old) {
    const gone = old;
    old = old.nextSibling;
    gone.remove();
  }
}

/** Whether the person is at it: a row must not move away under the pointer, or lose the focus. */
function isInUse(element) {
  return element.matches(":hover") || element.contains(document.activeElement);
}

/** The same rows, those that are shown already as they stand. */
function inOldOrder(rows, keyed) {
  const places = new Map([...keyed.keys()].map((key, place) => [key, place]));
  const place = (row) => places.get(row.dataset?.key);
  const known = rows.filter((row) => place(row) !== undefined).sort((a, b) => place(a) - place(b));
  return rows.map((row) => (place(row) === undefined ? row : known.shift()));
}

function sameKind(old, next, key) {
  if (old.nodeType !== next.nodeType || old.nodeName !== next.nodeName) return false;
  return old.nodeType !== Node.ELEMENT_NODE || old.getAttribute("data-key") === key;
}

function morph(old, next) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== next.data) old.data = next.data;
    return;
  }
  // Charts, and what says it of itself, look after themselves.
  if (old.hasAttribute("data-keep")) return;
  // What the person typed stays until the page itself has another text for the field.
  const isOther = old.nodeName === "INPUT" && old.getAttribute("value") !== next.getAttribute("value");
  const isReordered = old.nodeName === "TBODY" && old.dataset.order !== next.dataset.order;
  for (const { name } of [...old.attributes]) {
    // What the person opened stays open.
    if (!next.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const name of handlers) old[name] = next[name];
  if (old.nodeName === "SELECT") {
    const chosen = old.value;
    morphChildren(old, next);
    old.value = document.activeElement === old ? chosen : next.value;
    return;
  }
  if (isOther && document.activeElement !== old && old.type !== "checkbox") old.value = next.value;
  if (old.nodeName === "INPUT" && old.type === "checkbox") old.checked = next.hasAttribute("checked");
  morphChildren(old, next, isReordered);
}

/** A short word with a colour that repeats what it says. */
export function chip(text, tone = "plain") {
  return h("span", { class: `chip chip-${tone}` }, text);
}

/** A notice that screen readers read out. */
export function notice(tone, ...children) {
  return h("div", { class: `notice notice-${tone}`, role: tone === "bad" ? "alert" : "status" }, ...children);
}

/** What stands where there is nothing yet: what it is, and what to do next. */
export function empty(title, ...rest) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), ...rest);
}

/** Command lines to copy. */
export function commands(...lines) {
  return h("pre", { class: "commands", tabindex: "0", role: "region", "aria-label": "Commands" }, lines.join("\n"));
}

/** A titled part of a page. */
export function section(title, tools, ...children) {
  return h(
    "section",
    { class: "panel" },
    h("div", { class: "panel-head" }, h("h2", {}, title), tools ? h("div", { class: "tools" }, tools) : null),
    ...children,
  );
}

/** Says a thing to screen readers and in a passing box. */
export function toast(text, tone = "good") {
  const box = document.getElementById("toasts");
  const item = h("div", { class: `toast toast-${tone}` }, text);
  box.append(item);
  setTimeout(() => item.remove(), 6000);
}
