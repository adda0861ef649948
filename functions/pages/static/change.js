/** What a request would change, in short words: for its sentence and for the button that approves it. */

import { visible } from "./elements.js";
import { canSay, say } from "./messages.js";
import { isShadow } from "./mode.js";

const START = "run_instances";
const EXTEND = "extend_lease";
const ENDS = { stop_instances: "what.stop", terminate_instances: "what.terminate" };
const NOTEBOOK = "notebook";
const MODULE = "module";
const DRAW = "draw_diagram";
const PRACTICE = "practice";
const FLAGS = ["public_address", "fixed_public_address", "open_to_world"];
const NAMED = 2;

/** What is done, by the product's own name for it; plans of older releases have only the function's. */
export function operationOf(call) {
  return call.operation ?? call.name;
}

/** Is this a change whose arguments we know by name? */
export function isKnown(call) {
  return [START, EXTEND, ...Object.keys(ENDS)].includes(operationOf(call));
}

/** What one call does: "1 × t3.micro". */
export function whatOf(call) {
  return together([call]).join(", ");
}

/** What these calls do together, by kind: "2 × t3.micro, 1 × t3.small"; null where that is too long for a button. */
export function whatAll(calls) {
  const parts = together(calls);
  return parts.length > NAMED ? null : parts.join(", ");
}

/** One sentence of ours; the server's own words where it has more to say than we can. */
export function sentenceOf(approval) {
  if (approval.sentence && document.documentElement.lang === "en") return visible(approval.sentence);
  const own = ownSentence(approval);
  if (own === null) return visible(approval.sentence ?? approval.summary ?? "");
  return isShadow(approval) && !approval.practice ? say("sentence.rehearsal", { what: own }) : own;
}

/** The account's alias, if it has one, and its number. */
export function accountNames(approval) {
  const account = approval.account ?? {};
  const { id, alias } = typeof account === "string" ? { id: account } : account;
  return [alias, id ?? factValue(approval, "account")].filter(Boolean).map(visible);
}

/** The account in one line: "payments-test (123456789012)". */
export function accountOf(approval) {
  const [name, number] = accountNames(approval);
  return number ? `${name} (${number})` : (name ?? "");
}

export function regionOf(approval) {
  return visible(approval.region ?? factValue(approval, "region") ?? "");
}

/** A fact's key; facts of older plans have only a label. */
export function keyOf(fact) {
  return fact.key ?? String(fact.label ?? "").toLowerCase();
}

/** A fact of ours in the page's language; null for any other, and where the server knows better. What the model said
 * is never ours, whatever its argument is called. */
export function ownWordsOf(fact, call) {
  if (fact.source === "model") return null;
  if (FLAGS.includes(fact.key) && canSay(`flag.${fact.value}`)) return say(`flag.${fact.value}`);
  if (fact.key === "operator_sandbox" && call?.sandbox) {
    const key = `sandbox.${call.sandbox.confinement}`;
    return canSay(key) ? say(key, { seconds: visible(call.sandbox.seconds) }) : null;
  }
  if (fact.key === PRACTICE) return say("practice.nothing");
  if (fact.key !== "operator_runs" || !call) return null;
  const key = call.operation === NOTEBOOK && call.name === DRAW ? "runs.diagram" : `runs.${call.operation}`;
  return canSay(key) ? say(key, { name: visible(call.name) }) : null;
}

function ownSentence(approval) {
  if (approval.practice) return say("sentence.practice");
  const calls = approval.calls ?? [];
  const place = { account: accountOf(approval), region: regionOf(approval) };
  const what = together(calls).join(", ");
  if (calls.length > 0 && calls.every((one) => operationOf(one) === START)) {
    const hours = isShadow(approval) ? null : approval.lease?.hours;
    return say(hours ? "sentence.start.lease" : "sentence.start", { what, hours, ...place });
  }
  if (calls.length === 1 && operationOf(calls[0]) === EXTEND) {
    const { instance_id: instance, hours } = calls[0].arguments ?? {};
    return say("sentence.extend", { what: visible(instance), hours: visible(hours), ...place });
  }
  if (calls.length === 0) return null;
  return say(approval.in_aws === false ? "sentence.run.elsewhere" : "sentence.run", { what, ...place });
}

/** Each kind of change once, with how often. */
function together(calls) {
  const counts = new Map();
  for (const one of calls) {
    const type = operationOf(one) === START ? one.arguments?.instance_type : null;
    const words = type ? `type ${type}` : otherWords(one);
    counts.set(words, { type, count: (counts.get(words)?.count ?? 0) + 1 });
  }
  return [...counts].map(([words, { type, count }]) =>
    type ? say("what.start", { count, type: visible(type) }) : words,
  );
}

function otherWords(call) {
  const { instance_id: instance, hours } = call.arguments ?? {};
  const operation = operationOf(call);
  if (operation === EXTEND) return say("what.extend", { instance: visible(instance), hours: visible(hours) });
  if (operation in ENDS) return say(ENDS[operation], { instance: visible(instance) });
  if (operation === PRACTICE) return say("what.practice");
  if (operation === NOTEBOOK) return say("what.python", { name: visible(call.name) });
  if (operation === MODULE && call.file) return say("what.module", { name: visible(call.name), file: visible(call.file) });
  return call.host ? say("what.send", { name: visible(call.name), host: visible(call.host) }) : visible(call.name);
}

function factValue(approval, key) {
  return (approval.facts ?? []).find((fact) => keyOf(fact) === key)?.value;
}
