/** The card of the approval that a turn waits for, and what other cards are made of. */

import { call } from "./api.js";
import { element, foreign, icon, visible } from "./elements.js";
import { copy } from "./frame.js";
import { either, say } from "./messages.js";
import { isShadow } from "./mode.js";
import { countdown } from "./time.js";

const OPEN = ["preparing", "pending"];

/** Does this turn still change without anyone writing? */
export function isLive(turn) {
  const approval = turn.approval;
  if (["working", "awaiting_client"].includes(turn.status)) return true;
  return approval && !approval.closed_at && !isOver(approval.status);
}

export function isOver(status) {
  return !OPEN.includes(status) && status !== "approved";
}

export function pill(text, tone = "") {
  return element("span", { class: `pill ${tone}` }, text);
}

/** A confirmation without the line that asks for a "y": nobody decides by typing. */
export function withoutQuestion(confirmation) {
  return confirmation.replace(/^proceed\? \(y\/n\):[ \t]*$\n?/gm, "").trim();
}

/** Names and values of a call, or a word that there are none; the model's own text where it wrote no values. */
export function argumentList(values) {
  if (typeof values === "string") return foreign("pre", { class: "arguments", tabindex: "0" }, values);
  const pairs = Object.entries(values ?? {});
  if (pairs.length === 0) return element("p", { class: "muted small" }, say("call.none"));
  const rows = pairs.map(([name, value]) =>
    element(
      "div",
      {},
      foreign("dt", {}, name),
      foreign("dd", {}, typeof value === "string" ? value : JSON.stringify(value)),
    ),
  );
  return element("dl", { class: "arguments" }, rows);
}

/** The approval a turn waits for: live while it is open, one line of history afterwards; of `isCode` AWS knows nothing. */
export function approvalCard(approval, calls, { changed, isCode }) {
  if (OPEN.includes(approval.status)) return openCard(approval, { changed, isCode });
  const worked = calls.every((one) => one.status === "succeeded");
  const sentence = () => {
    if (approval.status !== "approved") return say(`card.${approval.status}`);
    if (!approval.closed_at) return say(running(approval, isCode));
    if (!worked) return say("card.done.not");
    return say(isShadow(approval) ? "card.done.shadow" : "card.done");
  };
  const good = approval.status === "approved" && (worked || !approval.closed_at);
  return element(
    "section",
    { class: `approval-card over ${good ? "good" : "bad"}`, "aria-label": say("approval.title") },
    icon(good ? "approve" : "reject"),
    element("p", {}, sentence()),
    element("a", { class: "quiet-link", href: pageOf(approval), "data-control": "open" }, say("card.open")),
  );
}

function running(approval, isCode) {
  if (isShadow(approval)) return "card.running.shadow";
  return isCode ? "card.running.code" : "card.running";
}

function openCard(approval, { changed, isCode }) {
  const address = new URL(pageOf(approval), location.origin).href;
  const copyButton = element(
    "button",
    { class: "button", type: "button", "data-control": "copy", click: () => copy(address, copyButton) },
    icon("link"),
    element("span", { "aria-live": "polite" }, say("copy")),
  );
  const actions = element(
    "div",
    { class: "actions" },
    element("a", { class: "button", href: pageOf(approval), "data-control": "open" }, say("card.open")),
    copyButton,
    cancelButton(approval, changed),
  );
  const preparing = approval.status === "preparing";
  return element(
    "section",
    { class: "approval-card open", "aria-label": say("card.pending") },
    element(
      "div",
      { class: "card-head" },
      icon("wait"),
      element("h3", {}, say(preparing ? "status.preparing" : "card.pending")),
      approval.expires_at && !preparing ? countdown(approval.expires_at) : null,
    ),
    element("p", {}, preparing ? say(isCode ? "card.preparing.code" : "card.preparing") : whoDecides(approval)),
    actions,
  );
}

export function whoDecides(approval) {
  const names = (approval.deciders ?? []).map((one) => visible(one.name || one.email));
  return names.length === 0 ? say("card.deciders.none") : say("card.deciders", { names: either(names) });
}

function cancelButton(approval, changed) {
  const place = element("div", { class: "cancel", "data-control": "cancel-place" });
  const ask = () => {
    const keep = element("button", { class: "button", type: "button", click: back }, say("card.cancel.no"));
    const yes = element("button", { class: "button danger", type: "button", click: cancel }, say("card.cancel.yes"));
    place.classList.add("asking");
    place.replaceChildren(element("p", { role: "alert" }, say("card.cancel.sure")), yes, keep);
    keep.focus();
  };
  const button = () =>
    element("button", { class: "button", type: "button", "data-control": "cancel", click: ask }, say("card.cancel"));
  const back = () => {
    place.classList.remove("asking");
    place.replaceChildren(button());
    place.firstChild.focus();
  };
  const cancel = async (event) => {
    event.target.disabled = true;
    try {
      await call("POST", `/approvals/${encodeURIComponent(approval.id)}/cancel`, { body: {} });
    } catch (problem) {
      back();
      place.append(element("p", { role: "alert" }, visible(problem.message)));
    }
    changed();
  };
  place.append(button());
  return place;
}

function pageOf(approval) {
  return `/a/${encodeURIComponent(approval.id)}`;
}
