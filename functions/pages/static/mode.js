/** How this deployment carries out what was approved: in shadow mode it does not, and no page may be silent about it. */

import { byId, element, icon } from "./elements.js";
import { say } from "./messages.js";
import { send } from "./transport.js";

const SHADOW = "dry_run";
let asked = null;

/** What the deployment says of itself; null where it cannot be asked. Asked once. */
export function health() {
  asked ??= send("GET", "/healthz").then((response) => (response.ok ? response.json() : null), () => null);
  return asked;
}

/** Was this asked for in shadow mode? */
export function isShadow(approval) {
  return approval?.launch === SHADOW;
}

/** The banner of shadow mode. */
export async function showMode() {
  if (!isShadow(await health())) return;
  const meaning = element("span", { class: "meaning" }, say("mode.meaning"));
  const sentence = element("p", {}, element("strong", {}, say("mode.shadow")), " ", meaning);
  const place = byId("mode");
  place.replaceChildren(icon("shield"), element("div", {}, sentence));
  place.hidden = false;
}
