/** What a conversation's notebook holds: its files and its cells, asked for when they may have changed. */

import { call, fetchFile } from "./api.js";

const FORMAT = "application/x-ipynb+json";
const NAME_CHARACTERS = 60;
const KEPT_MILLISECONDS = 60_000;

export class Notebook {
  files = [];
  cells = [];
  /** Why the newest of it could not be read, or null. */
  problem = null;
  #conversation = null;
  #seen = null;
  #asked = 0;
  #runsPython;
  #changed;

  /** `runsPython(agent)` by its id, null for any agent at all; `changed()` when there is something else to show. */
  constructor({ runsPython, changed }) {
    this.#runsPython = runsPython;
    this.#changed = changed;
  }

  /** Another conversation, or a new one, of which nothing has to be asked. */
  open(conversationId) {
    this.#conversation = conversationId;
    this.#seen = conversationId === null ? seenIn([]) : null;
    this.#asked += 1;
    this.files = [];
    this.cells = [];
    this.problem = null;
    this.#changed();
  }

  /** The new conversation has an id. */
  begin(conversationId) {
    this.#conversation ??= conversationId;
  }

  /** Ask where these turns may have made cells that nobody has seen; never for a conversation without Python. */
  follow(turns) {
    const own = turns.filter((turn, number) => this.#mayRun(turn) || this.#mayRun(turns[number - 1]));
    if (this.#conversation === null) return;
    if (own.length === 0 && !(turns.length === 0 && this.#runsPython(null))) return;
    const seen = seenIn(own);
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.read();
  }

  /** Ask for it now. */
  async read() {
    const number = (this.#asked += 1);
    let value = null;
    let problem = null;
    try {
      ({ value } = await call("GET", this.#path("notebook")));
    } catch (caught) {
      problem = caught;
    }
    if (number !== this.#asked) return;
    this.problem = problem?.status === 404 ? null : problem;
    if (problem === null || problem.status === 404) {
      this.files = value?.files ?? [];
      this.cells = value?.cells ?? [];
    }
    this.#changed();
  }

  /** A file that the page itself has put there. */
  hold(file) {
    this.files = [...this.files.filter((one) => one.name !== file.name), file];
    this.#changed();
  }

  /** Remove a file; raises a `Problem`. One that is not there any more is as good as removed. */
  async remove(name) {
    try {
      await call("DELETE", this.pathOfFile(name));
    } catch (problem) {
      if (problem.status !== 404) throw problem;
    }
    this.files = this.files.filter((one) => one.name !== name);
    this.#changed();
  }

  has(callId) {
    return this.cells.some((cell) => cell.call_id === callId);
  }

  /** Save it as a file for Jupyter, named after the conversation; raises a `Problem`. */
  async download(title) {
    const content = await fetchFile(this.#path("notebook.ipynb"));
    const address = URL.createObjectURL(new Blob([content], { type: FORMAT }));
    const link = document.createElement("a");
    link.href = address;
    link.download = fileNameOf(title);
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), KEPT_MILLISECONDS);
  }

  /** Where a picture of a cell is. */
  pathOfPicture(callId, number) {
    return this.#path(`notebook/cells/${encodeURIComponent(callId)}/pictures/${number}`);
  }

  /** Where a file is, or will be; with the first file of a new conversation, that begins. */
  pathOfFile(name) {
    return this.#path(`files/${encodeURIComponent(name)}`);
  }

  #path(rest) {
    return `/conversations/${encodeURIComponent(this.#conversation ?? "new")}/${rest}`;
  }

  #mayRun(turn) {
    return turn !== undefined && this.#runsPython(turn.agent);
  }
}

/** What of these turns says that cells may have been made. */
function seenIn(turns) {
  const calls = turns.flatMap((turn) => turn.tool_calls ?? []);
  return JSON.stringify(calls.filter((one) => one.status !== "waiting").map((one) => [one.id, one.status]));
}

/** A name that every system can keep: letters, digits and single spaces of the title. */
function fileNameOf(title) {
  const words = title.normalize("NFC").match(/[\p{L}\p{M}\p{N}_-]+/gu) ?? [];
  const name = [...words.join(" ")].slice(0, NAME_CHARACTERS).join("").trim();
  return `${name || "notebook"}.ipynb`;
}
