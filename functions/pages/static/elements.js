/** Elements are made from names, attributes and text: no text is ever read as HTML. */

const SAID_MILLISECONDS = 10_000;
const SVG = "http://www.w3.org/2000/svg";
/** Characters that are not seen, or that turn the reading direction of what stands beside them; not those that form an emoji. */
const HIDDEN = new RegExp(
  [
    "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f]",
    "[\\u200b\\u200c\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0e\\ufeff\\uffa0\\ufff0-\\ufffb]",
    "[\\u{e0000}-\\u{e01ef}]",
    "(?<!\\p{Extended_Pictographic}\\ufe0f?)\\u200d|(?<!\\p{Extended_Pictographic})\\ufe0f",
  ].join("|"),
  "gu",
);

const ICONS = {
  approve: "M5 12.5l4.5 4.5L19 7.5",
  reject: "M6 6l12 12M18 6L6 18",
  wait: "M12 7v5l3.5 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  list: "M4 6h16M4 12h16M4 18h10",
  plus: "M12 5v14M5 12h14",
  bin: "M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12M10 11v5M14 11v5",
  send: "M12 19V5M6 11l6-6 6 6",
  warn: "M12 4l9 16H3zM12 10v4M12 17v.5",
  shield: "M12 3l7 3v6c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6z",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.5-5.5l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.5 5.5l1-1",
};

/** An element; functions among the attributes listen to the event they are named after. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(attribute, value);
    else if (value === true) made.setAttribute(attribute, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(attribute, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

/** Text written by a model, a person or AWS: its own reading direction, and nothing hidden in it. */
export function foreign(name, attributes, text) {
  return element(name, { dir: "auto", ...attributes }, visible(text));
}

/** The text with characters made visible that could make it read as something else. */
export function visible(text) {
  return String(text ?? "")
    .replaceAll("\r\n", "\n")
    .replace(HIDDEN, (hidden) => `⟨U+${hidden.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  drawing.append(path);
  return drawing;
}

/** Something is under way. */
export function dots() {
  return element("span", { class: "dots", "aria-hidden": "true" }, element("i"), element("i"), element("i"));
}

export function byId(id) {
  return document.getElementById(id);
}

/** Say something to screen readers without moving anyone. */
export function announce(text) {
  const announcer = byId("announcer");
  const said = element("p", {}, visible(text));
  announcer.replaceChildren(said);
  setTimeout(() => said.remove(), SAID_MILLISECONDS);
}

/** Put new content in place; the focus stays on the control of the same `data-control` if there is one. */
export function renew(place, ...content) {
  const held = place.contains(document.activeElement) ? document.activeElement : null;
  const control = held?.closest("[data-control]")?.dataset.control;
  const opened = [...place.querySelectorAll("details[open][data-control]")].map((one) => one.dataset.control);
  place.replaceChildren(...content.flat(Infinity).filter((child) => child !== null && child !== undefined));
  for (const details of place.querySelectorAll("details[data-control]")) {
    if (opened.includes(details.dataset.control)) details.open = true;
  }
  if (!held) return;
  const same = control && place.querySelector(`[data-control="${CSS.escape(control)}"]`);
  const target = same || place;
  if (!same && !place.hasAttribute("tabindex")) place.setAttribute("tabindex", "-1");
  const inside = target.matches("a, button, [tabindex]") ? null : target.querySelector("summary, button");
  (inside ?? target).focus({ preventScroll: true });
}
