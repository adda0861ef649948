/** Approve or reject: one tap to approve, two to reject with a reason, never two decisions. */

import { whatAll, whatOf } from "./change.js";
import { element, icon, visible } from "./elements.js";
import { say } from "./messages.js";
import { hourly, hourlySum } from "./price.js";
import { nameOf } from "./request.js";

const REASON_CHARACTERS = 1000;
const REASONS = ["size", "account", "unneeded", "details"];

export class DecisionForm {
  #approval;
  #decide;
  #chosen = new Map();
  #place = element("section", { class: "decision", "aria-label": say("approval.question") });
  #deciding = false;

  /** `decide(decision)` sends `{decision, reason?, calls?}` and answers when it is over. */
  constructor(approval, decide) {
    this.#approval = approval;
    this.#decide = decide;
    for (const one of approval.calls) this.#chosen.set(one.id, true);
    this.#ask();
  }

  get place() {
    return this.#place;
  }

  /** The switch of one call, when several are decided one by one. */
  switchOf(one) {
    const changed = (event) => {
      this.#chosen.set(one.id, event.target.checked);
      this.#ask();
    };
    return element(
      "label",
      { class: "switch" },
      element("input", { type: "checkbox", role: "switch", checked: this.#chosen.get(one.id), change: changed }),
      element("span", { dir: "auto" }, say("approval.call.approve", { what: whatOf(one) })),
    );
  }

  /** Say why a decision was not taken, and let it be taken again. */
  refused(sentence) {
    this.#deciding = false;
    this.#ask();
    this.#place.prepend(element("p", { class: "failure-line", role: "alert" }, visible(sentence)));
  }

  #ask() {
    const { mine, calls } = this.#approval;
    const chosen = calls.filter((one) => this.#chosen.get(one.id));
    const reject = this.#button("button danger-quiet", say("approval.reject"), "reject", () => this.#askReason());
    const approve = this.#button("button primary", this.#label(chosen), "approve", () => this.#send("approve"));
    approve.disabled = chosen.length === 0;
    const price = this.#price(chosen);
    this.#place.replaceChildren(
      mine ? element("p", { class: "small" }, say("approval.self-confirm")) : "",
      price ? element("p", { class: "chosen-price", role: "status" }, price) : "",
      element("div", { class: "decision-buttons" }, reject, approve),
      element("p", { class: "small muted" }, say("approval.can-wait")),
    );
  }

  /** Exactly what the button does. */
  #label(chosen) {
    const all = this.#approval.calls.length;
    const count = chosen.length;
    if (count === 0) return say("approval.approve.none");
    const what = whatAll(chosen);
    if (what === null) return say("approval.approve.count", { count, all });
    return count === all ? say("approval.approve", { what }) : say("approval.approve.some", { what, count, all });
  }

  #price(chosen) {
    if (this.#approval.calls.length < 2) return hourly(this.#approval.price ?? chosen[0]?.price);
    const amount = hourlySum(chosen);
    return amount === null ? null : say("price.total", { amount });
  }

  #askReason() {
    const name = visible(nameOf(this.#approval.requester));
    const text = element("textarea", { id: "reason", rows: "2", maxlength: REASON_CHARACTERS - 100, dir: "auto" });
    const reject = (chip) => this.#send("reject", [chip, text.value.trim()].filter(Boolean).join(": "));
    const chips = REASONS.map((reason) => {
      const words = say(`approval.reason.${reason}`);
      const chip = this.#button("button chip", words, null, () => reject(words));
      chip.setAttribute("aria-describedby", "reason-note");
      return element("li", {}, chip);
    });
    const back = this.#button("button", say("approval.back"), null, () => {
      this.#ask();
      this.#place.querySelector(".danger-quiet").focus();
    });
    const send = this.#button("button danger", say("approval.reject.send"), "reject", () => reject(""));
    const title = element("h2", { tabindex: "-1" }, say("approval.reject.title"));
    this.#place.replaceChildren(
      title,
      element("p", { id: "reason-note", class: "small muted" }, say("approval.reject.note", { name })),
      element("ul", { class: "chips" }, chips),
      element("label", { for: "reason", class: "small" }, say("approval.reason")),
      text,
      element("div", { class: "decision-buttons" }, back, send),
    );
    text.addEventListener("input", () => {
      const own = text.value.trim() !== "";
      send.lastChild.textContent = say(own ? "approval.reject.own" : "approval.reject.send");
    });
    title.focus();
  }

  #send(decision, reason = "") {
    if (this.#deciding) return;
    this.#deciding = true;
    for (const button of this.#place.querySelectorAll("button")) button.disabled = true;
    this.#place.append(element("p", { class: "small", role: "status" }, say("approval.deciding")));
    const several = decision === "approve" && this.#approval.calls.length > 1;
    const calls = [...this.#chosen].map(([id, approved]) => ({ id, decision: approved ? "approve" : "reject" }));
    this.#decide({
      decision,
      digest: this.#approval.digest,
      ...(reason ? { reason } : {}),
      ...(several ? { calls } : {}),
    });
  }

  #button(style, label, drawing, click) {
    return element("button", { class: style, type: "button", click }, drawing ? icon(drawing) : "", label);
  }
}

/** Why this person is not asked to decide. */
export function whyNot(approval, user, signOut) {
  const who = visible(user.email || user.name);
  const sentence = approval.mine ? say("approval.own") : say("approval.not-approver", { who });
  const leave = element("button", { class: "button", type: "button", click: signOut }, say("approval.switch-user"));
  return element(
    "section",
    { class: "decision" },
    element("p", {}, sentence),
    approval.mine ? "" : element("div", { class: "decision-buttons" }, leave),
  );
}
