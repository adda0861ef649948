/** A tool call in the conversation: what was asked and what came back; of a call that runs Python, its code. */

import { argumentList, pill } from "./card.js";
import { codeOf, longText, visibleCode } from "./code.js";
import { element, foreign, icon, visible } from "./elements.js";
import { say } from "./messages.js";

const TONES = {
  succeeded: "good",
  answered: "good",
  failed: "bad",
  rejected: "bad",
  denied: "bad",
  refused: "bad",
  waiting: "wait",
};

/** Closed it is one line, open it shows what was asked and what came back. */
export function toolCard(one, turn, { runsPython }) {
  const status = isRunning(one, turn) ? "running" : one.status;
  const code = runsPython ? codeOf(one.arguments) : null;
  return element(
    "details",
    { class: "tool-card", "data-control": `call-${one.id}` },
    element(
      "summary",
      {},
      foreign("code", {}, one.name),
      pill(say(`call.status.${status}`), TONES[one.status] ?? ""),
    ),
    ...(code === null ? [heading("call.arguments"), argumentList(one.arguments)] : asked(one, code)),
    ...(one.result ? result(one, runsPython) : []),
  );
}

function isRunning(one, turn) {
  if (one.status !== "waiting") return false;
  return turn.approval ? turn.approval.status === "approved" : turn.status === "working";
}

/** The code by itself, and whatever else the model said with it. */
function asked(one, code) {
  const others = Object.entries(typeof one.arguments === "string" ? {} : one.arguments).filter(([key]) => key !== "code");
  return [
    heading("call.code"),
    longText(visibleCode(code), { name: `code-${one.id}`, class: "code", dir: "ltr" }),
    others.length > 0 ? argumentList(Object.fromEntries(others)) : null,
  ];
}

function result(one, runsPython) {
  const isTable = runsPython && one.status === "succeeded";
  return [
    heading("call.result"),
    one.outside ? outsideMark(runsPython) : null,
    longText(visible(one.result), { name: `result-${one.id}`, class: isTable ? "result table" : "result" }),
  ];
}

function heading(key) {
  return element("h4", {}, say(key));
}

/** Nothing that somebody outside wrote is taken for ours. */
function outsideMark(runsPython) {
  const sentence = runsPython ? say("call.outside.code") : say("call.outside");
  return element("p", { class: "small outside" }, icon("warn"), sentence);
}
