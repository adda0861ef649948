/** Where a message is written: Enter sends, Shift+Enter breaks the line, an unfinished composition does neither. */

import { byId } from "./elements.js";
import { say } from "./messages.js";

const MESSAGE_BYTES = 32 * 1024;
const DRAFT = "countersign.draft";

export class Composer {
  #form = byId("composer");
  #text = byId("message");
  #button = byId("send");
  #note = byId("composer-note");
  #busy = false;
  #hold = "";
  #send;

  constructor(send) {
    this.#send = send;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    this.#text.addEventListener("input", () => this.#fit());
    this.#text.value = sessionStorage.getItem(DRAFT) ?? "";
    sessionStorage.removeItem(DRAFT);
    this.#fit();
  }

  focus() {
    this.#text.focus({ preventScroll: true });
  }

  /** While a turn is under way the next message can be written, but not sent. */
  busy(is) {
    this.#busy = is;
    this.#button.setAttribute("aria-disabled", String(is));
  }

  /** While this is not empty nothing is sent, and the sentence says why. */
  hold(sentence) {
    if (this.#note.textContent === this.#hold) this.note("");
    this.#hold = sentence;
  }

  /** Is nothing sent now? Then that is said. */
  isHeld() {
    if (this.#hold) this.note(this.#hold);
    return this.#hold !== "";
  }

  note(sentence) {
    this.#note.textContent = sentence;
  }

  /** Give a message back that was not accepted, unless something new was written meanwhile. */
  giveBack(message) {
    if (this.#text.value.trim() === "") this.#text.value = message;
    this.#fit();
  }

  /** Keep what is written while the person goes away to sign in. */
  keepDraft() {
    sessionStorage.setItem(DRAFT, this.#text.value);
  }

  #key(event) {
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || composing) return;
    event.preventDefault();
    this.#submit();
  }

  #submit() {
    const message = this.#text.value.trim();
    if (message === "" || this.#busy || this.isHeld()) return;
    if (new TextEncoder().encode(message).length > MESSAGE_BYTES) {
      this.note(say("chat.too-long"));
      return;
    }
    this.note("");
    this.#text.value = "";
    this.#fit();
    this.#send(message);
  }

  #fit() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${Math.min(this.#text.scrollHeight + 2, 200)}px`;
  }
}
