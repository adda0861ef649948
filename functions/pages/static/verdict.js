/** What was decided, by whom and why, and what became of each call. */

import { pill } from "./card.js";
import { whatOf } from "./change.js";
import { dots, element, foreign, icon, visible } from "./elements.js";
import { canSay, say } from "./messages.js";
import { isShadow } from "./mode.js";
import { nameOf } from "./request.js";
import { momentWithZone } from "./time.js";

const GOOD = "succeeded";

/** Does anything still happen here without anyone doing something? */
export function isMoving(approval) {
  return ["preparing", "pending"].includes(approval.status) || !approval.closed_at;
}

/** The decisions and outcomes of a request that is no longer open. */
export function verdict(approval, user) {
  const bad = approval.status !== "approved" || approval.calls.some(isBad);
  return element(
    "section",
    { class: `verdict ${bad ? "bad" : "good"}`, "data-control": "verdict", tabindex: "-1" },
    element("h2", {}, say("approval.happened")),
    element("div", { class: "verdict-head" }, icon(bad ? "reject" : "approve"), element("div", {}, lines(approval, user))),
    outcomes(approval),
    approval.closed_at && approval.status === "approved"
      ? element("p", { class: "small muted" }, say("approval.closed", { when: momentWithZone(approval.closed_at) }))
      : null,
  );
}

/** One sentence about where a request stands, for those who cannot see the page change. */
export function summary(approval) {
  const told = approval.calls.filter((one) => one.outcome);
  const outcomesSaid = told.map(({ outcome }) => (outcome.outside ? say(`call.status.${outcome.status}`) : outcome.text));
  return [say(`status.${approval.status}`), ...outcomesSaid].join(". ");
}

function lines(approval, user) {
  const decided = approval.decisions.map((decision) => decisionLines(decision, user));
  if (decided.length > 0) return decided;
  const name = visible(nameOf(approval.requester));
  const when = momentWithZone(approval.expires_at);
  const key = canSay(`approval.${approval.status}`) ? `approval.${approval.status}` : `status.${approval.status}`;
  return [
    element("p", { class: "verdict-line" }, say(key, { name, when })),
    approval.ended_by ? foreign("p", {}, approval.ended_by) : null,
  ];
}

function decisionLines(decision, user) {
  const you = decision.by.email === user.email;
  const name = you ? say("approval.decided.you") : visible(nameOf(decision.by));
  const line = say(`approval.decided.${decision.decision}`, { name, when: momentWithZone(decision.at) });
  const confirmed = decision.self_confirmed ? pill(say("approval.self-confirmed"), "wait") : null;
  return [
    element("p", { class: "verdict-line" }, line, " ", confirmed ?? ""),
    decision.reason ? element("p", { class: "small muted" }, say("approval.reason.given")) : null,
    decision.reason ? foreign("blockquote", {}, decision.reason) : null,
  ];
}

function outcomes(approval) {
  const said = approval.calls.filter((one) => one.outcome);
  if (said.length === 0) {
    if (approval.status !== "approved") return null;
    return element("p", { class: "waiting" }, dots(), say(running(approval)));
  }
  const several = approval.calls.length > 1;
  const items = said.map((one) =>
    element(
      "li",
      {},
      several ? element("strong", { dir: "auto" }, whatOf(one)) : null,
      pill(say(`call.status.${one.outcome.status}`), one.outcome.status === GOOD ? "good" : "bad"),
      one.outcome.outside ? outside(one.outcome) : foreign("span", { class: "outcome-text" }, one.outcome.text),
    ),
  );
  return element("ul", { class: "outcomes" }, items);
}

function running(approval) {
  if (isShadow(approval)) return "approval.running.shadow";
  return approval.in_aws === false ? "approval.running.elsewhere" : "approval.running";
}

/** What code or somebody outside wrote is not taken for ours. */
function outside(outcome) {
  return element(
    "div",
    { class: "outcome-text" },
    element("p", { class: "small outside" }, icon("warn"), say("approval.outside")),
    foreign("pre", {}, outcome.text),
  );
}

function isBad(one) {
  return one.decision === "reject" || (one.outcome && one.outcome.status !== GOOD);
}
