/** The empty conversation: which agent, and messages to try. */

import { call } from "./api.js";
import { byId, element, foreign, visible } from "./elements.js";
import { say } from "./messages.js";

export class Welcome {
  #place = byId("welcome");
  #agents = [];
  #chosen = null;
  #send;

  constructor(send) {
    this.#send = send;
    this.#load();
  }

  show(is) {
    this.#place.hidden = !is;
  }

  /** The agent a new conversation is with; nothing while there is no choice to make. */
  chosenAgent() {
    return this.#chosen && this.#agents.length > 1 ? { agent: this.#chosen.id } : {};
  }

  async #load() {
    try {
      const { value } = await call("GET", "/agents");
      this.#agents = value.agents;
      this.#choose(value.agents.find((agent) => agent.id === "ec2") ?? value.agents[0] ?? null);
    } catch {
      this.#draw();
    }
  }

  #choose(agent) {
    this.#chosen = agent;
    this.#draw();
  }

  #draw() {
    const samples = (this.#chosen?.samples ?? []).map((sample) =>
      element(
        "li",
        {},
        foreign("button", { class: "sample", type: "button", click: () => this.#send(sample) }, sample),
      ),
    );
    this.#place.replaceChildren(
      element("h1", {}, say("chat.empty.title")),
      element("p", { class: "muted" }, say("chat.empty.text")),
      ...(this.#agents.length > 1 ? [this.#picker()] : []),
      ...(samples.length > 0
        ? [element("h2", { class: "small muted" }, say("chat.empty.try")), element("ul", { class: "samples" }, samples)]
        : []),
    );
  }

  #picker() {
    const options = this.#agents.map((agent) =>
      element("option", { value: agent.id, selected: agent === this.#chosen }, visible(agent.title)),
    );
    const changed = (event) => this.#choose(this.#agents.find((agent) => agent.id === event.target.value));
    return element(
      "label",
      { class: "agent-picker" },
      element("span", { class: "small muted" }, say("chat.agent")),
      element("select", { change: changed }, options),
    );
  }
}
