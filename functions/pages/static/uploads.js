/** The files that are on their way into a conversation, one after the other. */

import { announce, visible } from "./elements.js";
import { say } from "./messages.js";
import { Upload } from "./upload.js";

export class Uploads {
  all = [];
  #notebook;
  #actions;
  #isHeld = false;
  #isWorking = false;

  /** `actions`: `began(id)` when the first file of a new conversation is there, `changed()` when something else is to be shown. */
  constructor(notebook, actions) {
    this.#notebook = notebook;
    this.#actions = actions;
  }

  add(files) {
    this.all = this.all.filter((one) => one.mayComeToBe());
    for (const file of files) {
      const upload = new Upload(file, { standing: this.count(), changed: () => this.#actions.changed() });
      this.all.push(upload);
      tell(upload);
    }
    this.#actions.changed();
    this.#work();
  }

  /** How many files the conversation has, with those under way. */
  count() {
    const coming = this.all.filter((one) => one.isUnderWay());
    return new Set([...this.#notebook.files, ...coming].map((one) => one.name)).size;
  }

  isBusy() {
    return this.all.some((one) => one.isUnderWay());
  }

  /** While the first message of a conversation is on its way, a file has no conversation to go to. */
  hold(is) {
    this.#isHeld = is;
    this.#actions.changed();
    this.#work();
  }

  isHeld() {
    return this.#isHeld;
  }

  /** Once more, under this name. */
  again(upload, name = upload.name) {
    upload.again(name);
    this.#work();
  }

  /** Beside the file of the same name: "data (2).csv". */
  keepBoth(upload) {
    const dot = upload.name.lastIndexOf(".");
    const [name, ending] = [upload.name.slice(0, dot), upload.name.slice(dot)];
    let number = 2;
    while (this.#notebook.files.some((file) => file.name === `${name} (${number})${ending}`)) number += 1;
    this.again(upload, `${name} (${number})${ending}`);
  }

  /** Instead of the file of the same name. */
  replace(upload) {
    upload.again(upload.name, { instead: true });
    this.#work();
  }

  leaveOut(upload) {
    upload.stop();
    this.all = this.all.filter((one) => one !== upload);
    this.#actions.changed();
  }

  /** Another conversation: what is not yet there is stopped, and that is said. */
  leave() {
    const names = this.all.filter((one) => one.isUnderWay()).map((one) => visible(one.name));
    for (const one of this.all) one.stop();
    this.all = [];
    this.#isHeld = false;
    if (names.length > 0) announce(say("upload.stopped", { names: names.join(", ") }));
    this.#actions.changed();
  }

  /** The first one may begin the conversation that the others go to. */
  async #work() {
    if (this.#isWorking) return;
    this.#isWorking = true;
    for (let next = this.#next(); next; next = this.#next()) await this.#send(next);
    this.#isWorking = false;
    this.#actions.changed();
  }

  #next() {
    return this.#isHeld ? undefined : this.all.find((one) => one.isWaiting());
  }

  async #send(upload) {
    const file = await upload.send(this.#notebook);
    if (upload.isStopped()) return;
    if (file === null) {
      tell(upload);
      return;
    }
    this.all = this.all.filter((one) => one !== upload);
    if (file.conversation_id) this.#actions.began(file.conversation_id);
    this.#notebook.hold({ name: file.name, bytes: file.bytes });
    announce(say("upload.done", { name: visible(file.name) }));
  }
}

function tell(upload) {
  if (upload.sentence) announce(`${visible(upload.name)}: ${upload.sentence}`);
}
