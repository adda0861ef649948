/** One picture that code made: fetched with the person's token, shown only where its bytes are a PNG or a JPEG. */

import { fetchFile } from "./api.js";
import { element, renew } from "./elements.js";
import { say } from "./messages.js";

/** The first bytes of what is shown; nothing else becomes a picture, whatever it is called. */
const BEGINNINGS = {
  "image/png": [0x89, 0x50, 0x4e, 0x47],
  "image/jpeg": [0xff, 0xd8, 0xff],
};

export class Picture {
  place = element("figure", { class: "picture" });
  #wanted;
  #actions;
  #address = null;
  #isForgotten = false;

  /** May something of this type be shown at all? */
  static isOne(mime) {
    return Object.hasOwn(BEGINNINGS, mime);
  }

  /** `wanted`: `path`, `mime`, `alt`; `actions`: `await(place)` to be loaded again, `grows(change)`, `enlarge(address, alt)`. */
  constructor(wanted, actions) {
    this.#wanted = wanted;
    this.#actions = actions;
    this.#wait();
  }

  /** Fetch and show it; where that fails, say so and offer to try again. */
  async load() {
    try {
      const bytes = await fetchFile(this.#wanted.path);
      if (this.#isForgotten) return;
      const drawn = element("img", { alt: this.#wanted.alt, src: this.#addressOf(bytes) });
      await drawn.decode();
      this.#actions.grows(() => this.#show(drawn));
    } catch {
      this.#release();
      if (!this.#isForgotten) this.#failed();
    }
  }

  /** Nothing of it stays in the browser. */
  forget() {
    this.#isForgotten = true;
    this.#release();
  }

  #wait() {
    renew(this.place, element("p", { class: "small muted" }, say("picture.loading")));
    this.#actions.await(this.place);
  }

  #addressOf(bytes) {
    const { mime } = this.#wanted;
    const beginning = new Uint8Array(bytes.slice(0, 4));
    if (!BEGINNINGS[mime].every((byte, at) => beginning[at] === byte)) throw new TypeError("not such a picture");
    this.#address = URL.createObjectURL(new Blob([bytes], { type: mime }));
    return this.#address;
  }

  #show(drawn) {
    const click = () => this.#actions.enlarge(this.#address, this.#wanted.alt);
    const words = element("span", { class: "visually-hidden" }, `${say("picture.open")} `);
    const open = element("button", { class: "picture-open", type: "button", click }, words, drawn);
    renew(this.place, open, element("figcaption", { class: "small muted" }, say("picture.made")));
  }

  #failed() {
    const button = element("button", { class: "button", type: "button", click: () => this.#wait() }, say("chat.try-again"));
    const sentence = say("picture.failed", { picture: this.#wanted.alt });
    renew(this.place, element("p", { class: "small", role: "status" }, sentence), button);
  }

  #release() {
    if (this.#address !== null) URL.revokeObjectURL(this.#address);
    this.#address = null;
  }
}
