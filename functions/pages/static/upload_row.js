/** A file on its way, as its row tells it: how far it is, or why it is not there and what can be done. */

import { percent } from "./amounts.js";
import { element, foreign, icon, renew, visible } from "./elements.js";
import { signInLink } from "./frame.js";
import { say } from "./messages.js";

export class UploadRow {
  place = element("li", { class: "upload" });
  #upload;
  #actions;
  #drawn = null;
  #step;
  #bar;

  /** `actions`: the `uploads`, `leave()` before the page is left to sign in, `anew()` for a new conversation. */
  constructor(upload, actions) {
    this.#upload = upload;
    this.#actions = actions;
    this.draw();
  }

  /** Only what changed is drawn anew, so that a finger on a button stays on it. */
  draw() {
    const { state, name, part } = this.#upload;
    const now = JSON.stringify([state, name, this.#upload.sentence]);
    if (now !== this.#drawn) {
      this.#drawn = now;
      this.#bar = element("progress", { max: "1", value: "0", "aria-label": visible(name) });
      this.#step = element("span", { class: "small muted" });
      this.place.classList.toggle("bad", !this.#upload.isUnderWay());
      renew(this.place, foreign("span", { class: "file-name" }, name), this.#upload.isUnderWay() ? this.#progress() : this.#failure());
    }
    this.#bar.value = part;
    this.#step.textContent = this.#stepNow();
  }

  #stepNow() {
    const { state, part } = this.#upload;
    if (state === "waiting") return say("upload.waiting");
    if (state === "packing") return say("upload.packing");
    return part < 1 ? say("upload.sending", { part: percent(part) }) : say("upload.storing");
  }

  #progress() {
    const stop = element("button", { class: "icon-button", type: "button", "data-control": "stop" }, icon("reject"));
    stop.setAttribute("aria-label", say("upload.stop", { name: visible(this.#upload.name) }));
    stop.addEventListener("click", () => this.#actions.uploads.leaveOut(this.#upload));
    return [this.#step, stop, this.#bar];
  }

  #failure() {
    const upload = this.#upload;
    const { uploads, leave, anew } = this.#actions;
    const buttons = {
      exists: () => [
        this.#button("upload.keep-both", () => uploads.keepBoth(upload)),
        this.#button("upload.replace", () => uploads.replace(upload)),
      ],
      failed: () => [this.#button("chat.try-again", () => uploads.again(upload))],
      signed_out: () => [this.#signIn(leave)],
      gone: () => [this.#button("chat.new", anew)],
    };
    const sentence = element("p", { class: "small" }, icon("warn"), visible(upload.sentence));
    const leaveOut = this.#button("upload.leave-out", () => uploads.leaveOut(upload));
    return [sentence, element("div", { class: "actions" }, buttons[upload.state]?.() ?? [], leaveOut)];
  }

  #signIn(leave) {
    const link = signInLink();
    link.addEventListener("click", leave);
    return link;
  }

  /** Its label says which file it is about, for who hears the buttons alone. */
  #button(key, click) {
    const named = { class: "button", type: "button", "data-control": key, click };
    const which = element("span", { class: "visually-hidden" }, `: ${visible(this.#upload.name)}`);
    return element("button", named, say(key), which);
  }
}
