/** One file on its way into a conversation, and how far it is. */

import { putFile } from "./api.js";
import { say } from "./messages.js";
import { Unsendable, nameOf, pack, refusalOf } from "./packing.js";
import { STOPPED } from "./transport.js";

const UNDER_WAY = ["waiting", "packing", "sending"];
/** Refusals of the file itself: the same again would be refused again. */
const OF_THE_FILE = [400, 413, 415, 422];

export class Upload {
  /** `waiting`, `packing`, `sending`; `exists`, `failed`, `signed_out`, `gone` need the person's word; `refused` is over. */
  state = "waiting";
  /** How much of it is sent, from 0 to 1. */
  part = 0;
  /** Why it is not there, for the person. */
  sentence = "";
  name;
  #file;
  #packed = null;
  #stop = new AbortController();
  #changed;
  #isUnclear = false;
  #isInstead = false;

  /** `standing`: how many files are there already; `changed()` hears of every step. */
  constructor(file, { standing, changed }) {
    this.#file = file;
    this.#changed = changed;
    this.name = nameOf(file);
    this.sentence = refusalOf(file, standing) ?? "";
    if (this.sentence) this.state = "refused";
  }

  isWaiting() {
    return this.state === "waiting";
  }

  isUnderWay() {
    return UNDER_WAY.includes(this.state);
  }

  mayComeToBe() {
    return this.state !== "refused";
  }

  isStopped() {
    return this.#stop.signal.aborted;
  }

  stop() {
    this.#stop.abort();
  }

  /** Under this name it goes on its way once more; `instead`: the file that has this name is removed first. */
  again(name, { instead = false } = {}) {
    this.name = name;
    this.#isInstead = instead;
    this.#is("waiting");
  }

  /** Send it into the conversation of this notebook: what the API answers, or null where it did not come to be. */
  async send(notebook) {
    try {
      this.#is("packing");
      this.#packed ??= await pack(this.#file);
      if (this.isStopped()) return null;
      this.#is("sending");
      if (this.#isInstead) await notebook.remove(this.name);
      this.#isInstead = false;
      return await putFile(notebook.pathOfFile(this.name), this.#packed.content, {
        type: this.#packed.type,
        told: (part) => this.#sent(part),
        signal: this.#stop.signal,
      });
    } catch (problem) {
      return await this.#failed(problem, notebook);
    }
  }

  async #failed(problem, notebook) {
    if (problem instanceof Unsendable) {
      this.#is("refused", problem.message);
      return null;
    }
    if (!problem.code) throw problem;
    if (problem.code === "file_exists") return await this.#found(notebook);
    this.#isUnclear ||= problem.status === 0 || problem.status >= 500;
    if (problem.code === "signed_out") this.#is("signed_out", say("upload.signed-out"));
    else if (problem.status === 404) this.#is("gone", say("chat.gone"));
    else if (problem.code !== STOPPED) this.#is(OF_THE_FILE.includes(problem.status) ? "refused" : "failed", problem.message);
    return null;
  }

  /** Of this name there is a file: this very one, if an answer to it was lost, or another. */
  async #found(notebook) {
    await notebook.read();
    const there = notebook.files.find((one) => one.name === this.name);
    if (this.#isUnclear && there?.bytes === this.#file.size) return there;
    this.#is("exists", say("upload.exists"));
    return null;
  }

  #sent(part) {
    this.part = part;
    this.#changed();
  }

  #is(state, sentence = "") {
    this.state = state;
    this.sentence = sentence;
    this.part = 0;
    this.#changed();
  }
}
