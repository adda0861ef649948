/** Calls that wait for whoever holds the conversation: its own program, or a person who gives the result here. */

import { call } from "./api.js";
import { argumentList } from "./card.js";
import { element, foreign, icon, visible } from "./elements.js";
import { say } from "./messages.js";

const SECONDS = 40;
/** What is written for a call stays when its card is drawn anew. */
const drafts = new Map();

/** A pending call with a box for its result; `given(turn)` gets what came of it, `changed()` asks for all anew. */
export function clientCard(one, conversationId, { given, changed }) {
  const id = `result-${one.id}`;
  const name = visible(one.name);
  const failure = element("p", { class: "failure-line", role: "alert" });
  const text = element("textarea", { id, rows: "3", dir: "auto", "data-control": id, autocomplete: "off" });
  text.value = drafts.get(one.id) ?? "";
  text.addEventListener("input", () => drafts.set(one.id, text.value));
  const send = element("button", { class: "button primary", "data-control": `give-${one.id}` }, say("client.give"));
  const submit = async (event) => {
    event.preventDefault();
    if (send.disabled) return;
    send.disabled = true;
    failure.textContent = "";
    try {
      const body = { tool_call_id: one.id, result: text.value };
      const path = `/conversations/${encodeURIComponent(conversationId)}/tool_results`;
      const { value } = await call("POST", path, { body, seconds: SECONDS });
      drafts.delete(one.id);
      given(value);
    } catch (problem) {
      send.disabled = false;
      failure.textContent = visible(problem.message);
      if (problem.status === 409 || problem.status >= 500) changed();
    }
  };
  return element(
    "form",
    { class: "client-card", submit },
    element("div", { class: "card-head" }, icon("wait"), element("h3", {}, say("client.title"))),
    element("p", { class: "small muted" }, say("client.text")),
    foreign("code", { class: "client-call" }, one.name),
    argumentList(one.arguments),
    element("label", { for: id, class: "small" }, say("client.result", { name })),
    text,
    failure,
    element("div", { class: "actions" }, send),
  );
}
