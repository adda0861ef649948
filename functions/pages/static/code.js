/** Code, and what it wrote: preformatted, with nothing hidden in it, long ones by their beginning. */

import { element, visible } from "./elements.js";
import { say } from "./messages.js";

const LINES = 14;
const CHARACTERS = 1200;
/** Spaces that look like the plain one, which is the only one that Python takes for one; and what begins our marks. */
const TOLD = /[^\S \t\n]|⟨/gu;
/** What somebody opened stays open when its card is drawn anew. */
const opened = new Set();

/** The code that a call stands for, as one text; null where it holds none. */
export function codeOf(values) {
  const code = typeof values === "string" ? values : values?.code;
  if (typeof code === "string") return code;
  if (!Array.isArray(code) || code.length === 0 || !code.every((line) => typeof line === "string")) return null;
  return code.map((line) => (line.endsWith("\n") ? line : `${line}\n`)).join("");
}

/** The text as code shows it: spaces that only look like one are told too, and nothing in it passes for a mark. */
export function visibleCode(text) {
  return visible(text.replaceAll("\r\n", "\n").replace(TOLD, told));
}

/** Preformatted text; a long one is cut until somebody asks for all of it. `name` tells it from others. */
export function longText(text, { name, ...attributes }) {
  const pre = element("pre", { dir: "auto", tabindex: "0", ...attributes });
  const beginning = beginningOf(text);
  if (beginning === text) {
    pre.append(text);
    return pre;
  }
  const button = element("button", { class: "button small", type: "button", "data-control": name });
  const draw = () => {
    const isOpen = opened.has(name);
    pre.replaceChildren(isOpen ? text : beginning);
    pre.classList.toggle("cut", !isOpen);
    button.replaceChildren(say(isOpen ? "text.less" : "text.all", { count: text.trimEnd().split("\n").length }));
    button.setAttribute("aria-expanded", String(isOpen));
  };
  button.addEventListener("click", () => {
    if (!opened.delete(name)) opened.add(name);
    draw();
  });
  draw();
  return element("div", { class: "long-text" }, pre, button);
}

function beginningOf(text) {
  const lines = text.trimEnd().split("\n");
  if (lines.length <= LINES && text.length <= CHARACTERS) return text;
  return lines.slice(0, LINES).join("\n").slice(0, CHARACTERS).replace(/[\ud800-\udbff]$/, "");
}

function told(character) {
  return `⟨U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}
