/** The banner that launches are frozen; where nobody can say, there is none. */

import { call } from "./api.js";
import { announce, byId, element, foreign, icon, visible } from "./elements.js";
import { say } from "./messages.js";
import { Polling } from "./polling.js";
import { momentWithZone } from "./time.js";

const EVERY_MILLISECONDS = 60_000;
let drawn = "";

/** Show the banner, and keep it true while the page is looked at. */
export function watchFreeze() {
  const polling = new Polling(look);
  polling.after(0);
}

async function look() {
  try {
    const { value } = await call("GET", "/freeze");
    draw(value?.frozen === true ? value : null);
  } catch (problem) {
    if (problem.status === 401 || problem.status === 404) {
      draw(null);
      return null;
    }
  }
  return EVERY_MILLISECONDS;
}

function draw(freeze) {
  const place = byId("freeze");
  const now = JSON.stringify(freeze);
  if (now === drawn) return;
  drawn = now;
  place.hidden = freeze === null;
  place.replaceChildren(...(freeze ? [icon("warn"), element("div", {}, sentences(freeze))] : []));
  if (freeze) announce(place.textContent);
}

function sentences(freeze) {
  const when = momentWithZone(freeze.at);
  const known = freeze.by && when;
  const first = known ? say("freeze.by", { name: visible(freeze.by), when }) : say("freeze.plain");
  return [
    element("p", {}, element("strong", {}, first), " ", say("freeze.meaning")),
    freeze.reason ? foreign("p", { class: "small" }, freeze.reason) : null,
  ];
}
