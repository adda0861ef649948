/** What happened to a request, step by step; closed until somebody asks. */

import { element, foreign, visible } from "./elements.js";
import { canSay, say } from "./messages.js";
import { timeElement } from "./time.js";

export function trail(approval) {
  const steps = approval.history ?? [];
  if (steps.length === 0) return null;
  return element(
    "details",
    { class: "panel plan", "data-control": "history" },
    element("summary", {}, say("approval.history")),
    element("ol", { class: "trail" }, steps.map(step)),
  );
}

function step(one) {
  const key = `event.${one.event}`;
  return element(
    "li",
    {},
    timeElement(one.at),
    element(
      "div",
      {},
      element("strong", {}, canSay(key) ? say(key) : visible(one.event)),
      one.by ? foreign("span", { class: "muted" }, ` ${say("event.by", { name: one.by })}`) : null,
      one.text ? foreign("p", { class: "small" }, one.text) : null,
    ),
  );
}
