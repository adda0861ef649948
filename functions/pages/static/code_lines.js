/** Code as people who decide read it: all of it, each line with its number, and marks for what would not be seen. */

import { element, visible } from "./elements.js";

const MARK = /(⟨[^⟩\n]*⟩)/u;

/** The lines of code that the server has written with its marks; nothing is cut, and nothing scrolls away. */
export function codeLines(shown) {
  const lines = linesOf(shown).map((line) => element("span", { class: "code-line" }, marked(visible(line)), "\n"));
  return element("pre", { class: "code-lines", dir: "ltr" }, element("code", {}, lines));
}

export function countLines(shown) {
  return linesOf(shown).length;
}

function linesOf(shown) {
  return String(shown ?? "").split("\n");
}

function marked(line) {
  return line.split(MARK).map((part, index) => (index % 2 === 1 ? element("mark", {}, part) : part));
}
