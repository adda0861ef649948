/** The empty conversation: which agent, what it says of itself, and messages to try. */

import { byId, element, foreign, visible } from "./elements.js";
import { say } from "./messages.js";

export class Welcome {
  #place = byId("welcome");
  #agents;
  #all = null;
  #chosen = null;
  #actions;

  /** `actions`: `send(message)`, `start()` for an agent that speaks first, `chosen()` when another agent is. */
  constructor(agents, actions) {
    this.#agents = agents;
    this.#actions = actions;
    this.#load();
  }

  show(is) {
    this.#place.hidden = !is;
  }

  /** The agent a new conversation is with; nothing where none is known. */
  chosenAgent() {
    return this.#chosen ? { agent: this.#chosen.id } : {};
  }

  /** Choose the first agent that `suits`, unless the chosen one does. */
  choose(suits) {
    const agent = this.#all?.find(suits);
    if (!agent || suits(this.#chosen)) return;
    this.#chosen = agent;
    this.#draw();
  }

  async #load() {
    try {
      this.#all = await this.#agents.read();
      this.#chosen = this.#agents.first();
    } catch {
      this.#all = null;
    }
    this.#draw();
  }

  #draw() {
    const agent = this.#chosen;
    const several = this.#agents.areSeveral();
    const nobody = this.#all !== null && this.#all.length === 0;
    this.#place.replaceChildren(
      element("h1", {}, say("chat.empty.title")),
      element("p", { class: "muted" }, say(nobody ? "chat.agent.none" : "chat.empty.text")),
      several ? this.#picker() : "",
      element("div", { class: "agent-words", "aria-live": "polite" }, agent && several ? this.#words(agent) : null),
      ...(agent?.starts ? [this.#starter(agent)] : []),
      ...this.#samples(agent?.samples ?? []),
    );
    this.#actions.chosen();
  }

  /** What its author wrote about it, and its greeting. */
  #words(agent) {
    return [
      agent.description ? foreign("p", { class: "small" }, agent.description) : null,
      agent.intro?.length > 0 ? foreign("blockquote", {}, agent.intro[0]) : null,
    ];
  }

  #starter(agent) {
    const start = { class: "button primary", type: "button", click: () => this.#actions.start() };
    return element("button", start, say("chat.agent.start", { name: visible(agent.title) }));
  }

  #samples(samples) {
    if (samples.length === 0) return [];
    const buttons = samples.map((sample) => {
      const send = { class: "sample", type: "button", click: () => this.#actions.send(sample) };
      return element("li", {}, foreign("button", send, sample));
    });
    const title = element("h2", { class: "small muted" }, say("chat.empty.try"));
    return [title, element("ul", { class: "samples" }, buttons)];
  }

  #picker() {
    const options = this.#all.map((agent) =>
      element("option", { value: agent.id, selected: agent === this.#chosen }, visible(agent.title)),
    );
    const changed = (event) => {
      this.#chosen = this.#agents.get(event.target.value);
      this.#draw();
      this.#place.querySelector("select").focus();
    };
    return element(
      "label",
      { class: "agent-picker" },
      element("span", { class: "small muted" }, say("chat.agent")),
      element("select", { change: changed }, options),
    );
  }
}
