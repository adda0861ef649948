/** The pictures of a conversation's cells: each fetched when it comes near, all forgotten with the conversation. */

import { element, icon, visible } from "./elements.js";
import { say } from "./messages.js";
import { Picture } from "./picture.js";

const NEAR = "600px";

export class Pictures {
  #groups = new Map();
  #waiting = new WeakMap();
  #near;
  #grows;
  #viewer = new Viewer();

  /** `scroll`: what the pictures move in; `grows(change)`: carries out a change that makes the page longer. */
  constructor(scroll, grows) {
    this.#grows = grows;
    this.#near = new IntersectionObserver((entries) => this.#came(entries), { root: scroll, rootMargin: NEAR });
  }

  /** The pictures of this call's cell, the same element each time; null where it has none. */
  of(callId) {
    return this.#groups.get(callId)?.place ?? null;
  }

  /** Tells whether the pictures of a call are others than before. */
  markOf(callId) {
    return this.#groups.get(callId)?.mark ?? "";
  }

  /** These cells are there, and no others; `pathOf(callId, number)` is where a picture is fetched. */
  show(cells, pathOf) {
    const before = this.#groups;
    this.#groups = new Map();
    for (const cell of cells) {
      const shown = cell.pictures.filter((one) => Picture.isOne(one.mime));
      const mark = JSON.stringify([pathOf(cell.call_id, ""), shown]);
      const known = before.get(cell.call_id);
      if (known?.mark === mark) before.delete(cell.call_id);
      if (shown.length === 0) continue;
      this.#groups.set(cell.call_id, known?.mark === mark ? known : { mark, ...this.#group(cell.call_id, shown, pathOf) });
    }
    for (const { pictures } of before.values()) pictures.forEach((picture) => this.#forget(picture));
  }

  #group(callId, shown, pathOf) {
    const pictures = shown.map(({ number, mime, alt }, at) => {
      const words = visible(alt).trim() || say("picture.plain", { number: at + 1 });
      const picture = new Picture({ path: pathOf(callId, number), mime, alt: words }, {
        await: (place) => this.#near.observe(place),
        grows: this.#grows,
        enlarge: (address, text) => this.#viewer.open(address, text),
      });
      this.#waiting.set(picture.place, picture);
      return picture;
    });
    return { pictures, place: element("div", { class: "pictures" }, pictures.map((one) => one.place)) };
  }

  #came(entries) {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      this.#near.unobserve(target);
      this.#waiting.get(target).load();
    }
  }

  #forget(picture) {
    this.#near.unobserve(picture.place);
    this.#viewer.close();
    picture.forget();
  }
}

/** One picture over the page, as large as it is; Escape and a press beside it close it. */
class Viewer {
  #dialog = element("dialog", { class: "viewer" });

  constructor() {
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.close());
    this.#dialog.addEventListener("close", () => this.#dialog.replaceChildren());
    document.body.append(this.#dialog);
  }

  open(address, alt) {
    const click = () => this.close();
    const shut = element("button", { class: "icon-button", type: "button", "aria-label": say("picture.close"), click });
    shut.append(icon("reject"));
    const made = element("p", { class: "small muted" }, say("picture.made"));
    this.#dialog.setAttribute("aria-label", alt);
    this.#dialog.replaceChildren(
      element("div", { class: "viewer-head" }, made, shut),
      element("div", { class: "viewer-place", tabindex: "0" }, element("img", { src: address, alt })),
    );
    this.#dialog.showModal();
  }

  close() {
    this.#dialog.close();
  }
}
