/** What a request is, drawn for someone who has thirty seconds: where, what, who, until when. */

import { argumentList, pill } from "./card.js";
import { element, foreign, icon, visible } from "./elements.js";
import { either, say } from "./messages.js";
import { countdown, timeElement } from "./time.js";

const SOURCES = ["model", "operator", "aws"];
const PLACES = ["account", "region"];
export const TONES = { approved: "good", pending: "wait", preparing: "wait" };

/** The top of the page: what is asked for, by whom, and the state of it. */
export function headline(approval) {
  const open = approval.status === "pending";
  const count = approval.calls.length;
  const several = count > 1 || !approval.summary;
  const names = [...new Set(approval.calls.map((one) => one.name))].join(", ");
  return element(
    "header",
    { class: "request-head" },
    element(
      "p",
      { class: "request-state" },
      pill(say(`status.${approval.status}`), TONES[approval.status] ?? "bad"),
      open ? countdown(approval.expires_at) : null,
    ),
    foreign("h1", { tabindex: "-1" }, several ? say("approval.several", { count, names }) : approval.summary),
    element(
      "p",
      { class: "muted" },
      say("approval.asked-by", { name: visible(nameOf(approval.requester)) }),
      ", ",
      timeElement(approval.created_at),
    ),
  );
}

/** Account and region before everything else: a right change in the wrong place is the costly one. */
export function places(approval) {
  const found = approval.facts.filter(isPlace);
  if (found.length === 0) return null;
  return element(
    "section",
    { class: "places", "aria-label": say("approval.where") },
    element("dl", {}, found.map(factRow)),
  );
}

/** What will happen, each line marked with where it comes from. */
export function facts(approval) {
  const rest = approval.facts.filter((fact) => !isPlace(fact) && !belongsToOne(fact, approval));
  if (rest.length === 0) return null;
  return element(
    "section",
    { class: "panel" },
    element("h2", {}, say("approval.facts")),
    element("dl", { class: "facts" }, rest.map(factRow)),
  );
}

/** The requester's own words, as theirs and as nothing more. */
export function words(approval) {
  if (!approval.request_words) return null;
  const name = visible(nameOf(approval.requester));
  return element(
    "section",
    { class: "panel" },
    element("h2", {}, say("approval.words")),
    foreign("blockquote", {}, approval.request_words),
    element("p", { class: "small muted" }, say("approval.words.note", { name })),
  );
}

/** Who asked, when, and who may decide. */
export function people(approval) {
  const deciders = approval.deciders.map((one) => visible(nameOf(one)));
  const rows = [
    row(say("approval.requester"), person(approval.requester)),
    row(say("approval.agent"), visible(approval.agent)),
    deciders.length > 0 ? row(say("approval.deciders"), either(deciders)) : null,
  ];
  return element("section", { class: "panel" }, element("dl", { class: "people" }, rows.filter(Boolean)));
}

/** Everything the digest stands for, for whoever wants to read it all. */
export function plan(approval) {
  return element(
    "details",
    { class: "panel plan", "data-control": "plan" },
    element("summary", {}, say("approval.plan")),
    approval.confirmation ? element("h3", {}, say("approval.confirmation")) : null,
    approval.confirmation ? foreign("pre", { tabindex: "0" }, approval.confirmation.trim()) : null,
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
      element("h3", {}, say("approval.call.number", { number: index + 1 }), " ", foreign("code", {}, one.name)),
      factsOf(one, approval),
      control ? control(one, index) : null,
    ),
  );
  return element(
    "section",
    {},
    element("h2", {}, say("approval.calls", { count: approval.calls.length })),
    element("ol", { class: "calls" }, items),
  );
}

export function nameOf(person) {
  return person?.name || person?.email || "?";
}

function person(who) {
  const named = who.name && who.email;
  return [
    foreign("span", {}, nameOf(who)),
    named ? foreign("span", { class: "small muted email" }, who.email) : null,
  ];
}

function factRow(fact) {
  const source = SOURCES.includes(fact.source) ? fact.source : "unknown";
  const mark = element(
    "span",
    { class: `source ${source}` },
    icon({ aws: "approve", operator: "shield", model: "warn", unknown: "warn" }[source]),
    say(`source.${source}`),
  );
  return row(visible(fact.label), [foreign("span", { class: "value" }, fact.value), mark]);
}

function row(label, value) {
  return element("div", {}, element("dt", {}, label), element("dd", {}, value));
}

function factsOf(one, approval) {
  const own = approval.facts.filter((fact) => fact.call === one.id && !isPlace(fact));
  return own.length > 0 ? element("dl", { class: "facts" }, own.map(factRow)) : argumentList(one.arguments);
}

function belongsToOne(fact, approval) {
  return approval.calls.length > 1 && approval.calls.some((one) => one.id === fact.call);
}

function isPlace(fact) {
  return PLACES.includes(String(fact.label).toLowerCase());
}
