/** The agents this person may talk to, read once. */

import { call } from "./api.js";
import { visible } from "./elements.js";

const DEFAULT = "ec2";

export class Agents {
  #agents = [];
  #loading = null;

  /** All of them, in the order of the answer; raises a `Problem` where they cannot be read. */
  async read() {
    this.#loading ??= call("GET", "/agents");
    const { value } = await this.#loading;
    this.#agents = value.agents;
    return this.#agents;
  }

  get(id) {
    return this.#agents.find((agent) => agent.id === id) ?? null;
  }

  /** The one a new conversation is with unless another is chosen. */
  first() {
    return this.get(DEFAULT) ?? this.#agents[0] ?? null;
  }

  /** Is there a choice, so that it has to be said who answers? */
  areSeveral() {
    return this.#agents.length > 1;
  }

  /** Does this agent run Python, so that its conversations have files and a notebook? Of null: does any? */
  runPython(id) {
    return id === null ? this.#agents.some((agent) => agent.python) : Boolean(this.get(id)?.python);
  }

  /** What an agent is called; its id where it is not ours to use any more. */
  titleOf(id) {
    return visible(this.get(id)?.title ?? id ?? "");
  }
}
