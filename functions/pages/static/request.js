/** What a request is, drawn for someone who has thirty seconds: where, what, who, until when. */

import { argumentList, pill, withoutQuestion } from "./card.js";
import { accountNames, isKnown, keyOf, ownWordsOf, regionOf, sentenceOf, whatOf } from "./change.js";
import { codeLines, countLines } from "./code_lines.js";
import { element, foreign, icon, visible } from "./elements.js";
import { canSay, either, say } from "./messages.js";
import { isShadow } from "./mode.js";
import { hourly } from "./price.js";
import { countdown, momentWithZone, timeElement } from "./time.js";

const SOURCES = ["model", "operator", "aws", "countersign", "list", "table"];
/** Where the model has a value from, and the mark for it. */
const ORIGINS = { requester: "requester", result: "result", model: "invented", operator: "operator" };
const MARKS = {
  aws: "approve",
  operator: "shield",
  model: "warn",
  countersign: "shield",
  requester: "list",
  result: "warn",
  invented: "warn",
  list: "approve",
  table: "list",
  unknown: "warn",
};
const FUNCTIONS_NAMED = 5;
const PLACES = ["account", "region"];
/** A fact that says that nobody could look: no mark fits it. */
const UNCHECKED = "not_checked";
/** The words that a message will be: made from its arguments. */
const MESSAGE = "message_text";
/** The form of a fact whose value is lines of code. */
const CODE = "code";
const SHORT_DIGEST = 12;
export const TONES = { approved: "good", pending: "wait", preparing: "wait" };

/** The top of the page: the state of it, where, what in one sentence, and until when. */
export function headline(approval) {
  const open = approval.status === "pending";
  return element(
    "header",
    { class: "request-head" },
    element(
      "p",
      { class: "request-state" },
      pill(say(`status.${approval.status}`), TONES[approval.status] ?? "bad"),
      open && approval.expires_at
        ? element(
            "span",
            { class: "deadline" },
            element("span", {}, say("approval.until", { when: momentWithZone(approval.expires_at) })),
            countdown(approval.expires_at),
          )
        : null,
    ),
    places(approval),
    element("h1", { tabindex: "-1", dir: "auto" }, sentenceOf(approval)),
  );
}

/** Account and region before everything else: a right change in the wrong place is the costly one. */
function places(approval) {
  if (approval.in_aws === false) return null;
  const found = PLACES.map((key) => [key, (approval.facts ?? []).find((fact) => keyOf(fact) === key)]);
  const values = { account: accountNames(approval), region: [regionOf(approval)] };
  const rows = found
    .filter(([key]) => values[key][0])
    .map(([key, fact]) => {
      const [name, number] = values[key];
      const shown = [foreign("p", { class: "value" }, name), number ? foreign("p", { class: "number" }, number) : null];
      return row(say(`fact.${key}`), [shown, fact ? mark(fact) : null]);
    });
  if (rows.length === 0) return null;
  return element("section", { class: "places", "aria-label": say("approval.where") }, element("dl", {}, rows));
}

/** That nothing runs, whatever is decided: who practises, or reads it, must not take it for more. */
export function practiceNote(approval) {
  if (!approval.practice) return null;
  return note(say(approval.can_decide ? "practice.note" : "practice.note.read"));
}

/** That the model had read what somebody outside wrote: it may have been told what to ask for. */
export function afterOutside(approval) {
  const names = [...new Set(approval.calls.flatMap((one) => one.after ?? []))].map(visible);
  if (names.length === 0) return null;
  const shown = names.slice(0, FUNCTIONS_NAMED).join(", ") + (names.length > FUNCTIONS_NAMED ? ", …" : "");
  return element(
    "p",
    { class: "after-outside", role: "note" },
    icon("warn"),
    element("span", { dir: "auto" }, say("approval.after", { names: shown })),
  );
}

/** That nothing will be started: what was approved is only rehearsed. */
export function shadowNote(approval) {
  if (!isShadow(approval)) return null;
  return note(say("approval.shadow"));
}

function note(sentence) {
  return element("p", { class: "practice-note", role: "note" }, icon("shield"), element("span", {}, sentence));
}

/** Who asks and in what words: as theirs and as nothing more. */
export function words(approval) {
  const name = visible(nameOf(approval.requester));
  const key = ["pending", "preparing"].includes(approval.status) ? "approval.asked-by" : "approval.asked";
  const [before, after] = say(key, { name, when: "\n" }).split("\n");
  return element(
    "section",
    { class: "panel" },
    element("h2", { class: "who" }, before, timeElement(approval.created_at), after ?? ""),
    approval.practice ? element("blockquote", {}, say("practice.words")) : quoted(approval.request_words, name),
  );
}

function quoted(text, name) {
  if (!text) return null;
  return [
    foreign("blockquote", {}, text),
    element("p", { class: "small muted" }, say("approval.words.note", { name })),
  ];
}

/** What will happen, or what was asked once that is over; each line marked with where it comes from, warnings first. */
export function facts(approval) {
  const rest = (approval.facts ?? []).filter((fact) => !isPlace(fact) && !belongsToOne(fact, approval));
  if (rest.length === 0) return null;
  return element("section", { class: "panel" }, element("h2", {}, factsTitle(approval)), factList(rest, approval));
}

/** Who asked, who may decide, and the digest as the mail has it. */
export function people(approval) {
  const deciders = (approval.deciders ?? []).map((one) => visible(nameOf(one)));
  const rows = [
    row(say("approval.requester"), person(approval.requester)),
    approval.agent ? row(say("approval.agent"), visible(approval.agent)) : null,
    deciders.length > 0 ? row(say("approval.deciders"), either(deciders)) : null,
    approval.approvers?.length > 0 ? row(say("approval.groups"), either(approval.approvers.map(visible))) : null,
    approval.digest
      ? row(say("approval.digest.short"), foreign("code", {}, approval.digest.slice(0, SHORT_DIGEST)))
      : null,
  ];
  return element("section", { class: "panel" }, element("dl", { class: "people" }, rows.filter(Boolean)));
}

/** Everything the digest stands for, for whoever wants to read it all. */
export function plan(approval) {
  const shown = approval.confirmation ? withoutQuestion(approval.confirmation) : null;
  return element(
    "details",
    { class: "panel plan", "data-control": "plan" },
    element("summary", {}, say("approval.plan")),
    shown ? element("h3", {}, say("approval.confirmation")) : null,
    shown ? foreign("pre", { tabindex: "0", lang: "en" }, shown) : null,
    element("h3", {}, say("approval.digest")),
    foreign("p", { class: "digest" }, approval.digest),
    foreign("pre", { tabindex: "0", "aria-label": say("approval.plan") }, JSON.stringify(approval.plan, null, 2)),
  );
}

/** The calls one by one: needed only when there are several. */
export function callList(approval, control) {
  if (approval.calls.length < 2) return null;
  const items = approval.calls.map((one, index) =>
    element(
      "li",
      { class: "panel call" },
      element(
        "h3",
        {},
        element("span", { class: "muted" }, say("approval.call.number", { number: index + 1 })),
        " ",
        element("span", { dir: "auto" }, whatOf(one)),
      ),
      one.price ? element("p", { class: "small" }, hourly(one.price)) : null,
      factsOf(one, approval),
      control ? control(one) : null,
    ),
  );
  return element(
    "section",
    {},
    element("h2", {}, say(control ? "approval.calls" : "approval.calls.past")),
    element("ol", { class: "calls" }, items),
  );
}

export function nameOf(person) {
  return person?.name || person?.email || "?";
}

function factsTitle(approval) {
  const ahead = ["preparing", "pending"].includes(approval.status);
  return say(ahead ? "approval.facts" : "approval.facts.past");
}

function person(who) {
  const named = who?.name && who?.email;
  return [
    foreign("span", {}, nameOf(who)),
    named ? foreign("span", { class: "small muted email" }, who.email) : null,
  ];
}

function factList(list, approval) {
  const sorted = [...list.filter(isWarning), ...list.filter((fact) => !isWarning(fact))];
  const rows = sorted.map((fact) => factRow(fact, approval.calls.find((one) => one.id === fact.call)));
  return element("dl", { class: "facts" }, rows);
}

/** The argument of a function that an operator wrote is called as it is there, even where we have a word like it. */
function factRow(fact, of) {
  if (fact.form === CODE) return codeRow(fact, of);
  const key = `fact.${fact.key}`;
  const isOurs = !of || isKnown(of) || fact.source !== "model" || fact.key === MESSAGE;
  const label = isOurs && canSay(key) ? say(key) : visible(fact.label ?? fact.key);
  const named = isWarning(fact) ? [icon("warn"), element("span", { class: "visually-hidden" }, say("fact.warning")), label] : label;
  const value = foreign("span", { class: "value" }, ownWordsOf(fact, of) ?? fact.value);
  return row(named, [value, mark(fact, of)], isWarning(fact) ? "warning" : null);
}

function codeRow(fact, of) {
  const label = say("fact.code", { count: countLines(fact.value) });
  return row(label, [codeLines(fact.value), mark(fact, of)], "code-row");
}

/** Who says it; for what the model said, where it has it from if that was kept. */
function mark(fact, of) {
  if (fact.key === UNCHECKED) return null;
  const origin = fact.source === "model" ? of?.origins?.[fact.key] : undefined;
  const known = SOURCES.includes(fact.source) ? fact.source : "unknown";
  const source = origin === undefined ? known : (ORIGINS[origin] ?? "unknown");
  return element("span", { class: `source ${source}` }, icon(MARKS[source]), say(`source.${source}`));
}

function row(label, value, style = null) {
  return element("div", { class: style }, element("dt", {}, label), element("dd", {}, [value].flat(2).filter(Boolean)));
}

function factsOf(one, approval) {
  const own = (approval.facts ?? []).filter((fact) => fact.call === one.id && !isPlace(fact));
  return own.length > 0 ? factList(own, approval) : argumentList(one.arguments);
}

function belongsToOne(fact, approval) {
  return approval.calls.length > 1 && approval.calls.some((one) => one.id === fact.call);
}

function isWarning(fact) {
  return fact.level === "warning";
}

function isPlace(fact) {
  return PLACES.includes(keyOf(fact)) && !fact.call;
}
