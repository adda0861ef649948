/** What the pages say, in the language of the browser: English or Japanese. */

import { englishPages } from "./english.js";
import { englishRequests } from "./english_requests.js";
import { japanesePages } from "./japanese.js";
import { japaneseRequests } from "./japanese_requests.js";

const english = { ...englishPages, ...englishRequests };
const languages = { en: english, ja: { ...japanesePages, ...japaneseRequests } };

/** The first language the person prefers that we speak, as the browser has it: `en-GB` writes dates its own way. */
export const locale = navigator.languages.find((tag) => languageOf(tag) in languages) ?? "en";

document.documentElement.lang = languageOf(locale);

function languageOf(tag) {
  return tag.toLowerCase().split("-")[0];
}

/** The sentence of a key in the page's language, with its blanks filled. */
export function say(key, values = {}) {
  const sentence = table()[key] ?? english[key] ?? key;
  return sentence.replace(/\{(\w+)\}/g, (blank, name) => String(values[name] ?? blank));
}

/** Is there a sentence of ours for this key? */
export function canSay(key) {
  return Object.hasOwn(english, key);
}

function table() {
  return languages[document.documentElement.lang] ?? english;
}

/** Put the page's language into what stands in the HTML: `data-say`, `-label`, `-placeholder`. */
export function fillIn() {
  for (const place of document.querySelectorAll("[data-say]")) place.textContent = say(place.dataset.say);
  for (const [mark, attribute] of [["data-say-label", "aria-label"], ["data-say-placeholder", "placeholder"]]) {
    for (const place of document.querySelectorAll(`[${mark}]`)) {
      place.setAttribute(attribute, say(place.getAttribute(mark)));
    }
  }
}

/** Names joined as a person would say them: "Bob or Carol". */
export function either(names) {
  return new Intl.ListFormat(locale, { type: "disjunction" }).format(names);
}
