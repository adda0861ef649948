/** What an agent that runs Python brings into a conversation: its files, its pictures, its notebook. */

import { byId } from "./elements.js";
import { Files } from "./files.js";
import { say } from "./messages.js";
import { Notebook } from "./notebook.js";
import { Pictures } from "./pictures.js";
import { Uploads } from "./uploads.js";

export class Workbench {
  pictures;
  #notebook;
  #uploads;
  #files;
  #actions;

  /**
   * `actions`: `runsPython(agent)`, of null whether any does; `began(id)` when a file began a conversation; `changed()` when
   * pictures came or went; `grow(change)`; `hold(sentence)` while nothing may be sent; `title()` of the conversation;
   * `leave()` before the page is left to sign in; `anew()` for a new conversation.
   */
  constructor(actions) {
    const began = (id) => {
      this.begin(id);
      actions.began(id);
    };
    this.#actions = actions;
    this.pictures = new Pictures(byId("transcript"), actions.grow);
    this.#notebook = new Notebook({ runsPython: actions.runsPython, changed: () => this.#read() });
    this.#uploads = new Uploads(this.#notebook, { began, changed: () => this.#moved() });
    this.#files = new Files(this.#notebook, this.#uploads, actions);
  }

  /** Another conversation; null for a new one. */
  open(id) {
    this.#uploads.leave();
    this.#notebook.open(id);
  }

  /** The new conversation has an id. */
  begin(id) {
    this.#notebook.begin(id);
  }

  /** Look for what these turns have made, where they may have made something. */
  follow(turns) {
    this.#notebook.follow(turns);
  }

  /** Can files be added now? */
  offer(is) {
    this.#files.offer(is);
  }

  /** Is the first message of a conversation on its way, so that a file has none to go to? */
  hold(is) {
    this.#uploads.hold(is);
  }

  hasFiles() {
    return this.#notebook.files.length > 0;
  }

  #read() {
    this.pictures.show(this.#notebook.cells, (callId, number) => this.#notebook.pathOfPicture(callId, number));
    this.#files.draw();
    this.#actions.changed();
  }

  #moved() {
    this.#files.draw();
    this.#actions.hold(this.#uploads.isBusy() ? say("upload.hold") : "");
  }
}
