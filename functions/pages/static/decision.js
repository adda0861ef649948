/** Approve or reject: one tap to approve, a second step to reject with a reason, never two decisions. */

import { element, icon, visible } from "./elements.js";
import { say } from "./messages.js";
import { nameOf } from "./request.js";

const REASON_CHARACTERS = 1000;

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
      element("span", {}, say("approval.call.approve")),
    );
  }

  /** Say why a decision was not taken, and let it be taken again. */
  refused(sentence) {
    this.#deciding = false;
    this.#ask();
    this.#place.prepend(element("p", { class: "failure-line", role: "alert" }, visible(sentence)));
  }

  #ask() {
    const all = this.#approval.calls.length;
    const count = [...this.#chosen.values()].filter(Boolean).length;
    const label = count === all ? say("approval.approve") : say("approval.approve.some", { count, all });
    const reject = this.#button("button danger-quiet", say("approval.reject"), "reject", () => this.#askReason());
    const approve = this.#button("button primary", label, "approve", () => this.#send("approve"));
    approve.disabled = count === 0;
    this.#place.replaceChildren(
      this.#approval.mine ? element("p", { class: "small" }, say("approval.self-confirm")) : "",
      element("div", { class: "decision-buttons" }, reject, approve),
      element("p", { class: "small muted" }, say("approval.can-wait")),
    );
  }

  #askReason() {
    const name = visible(nameOf(this.#approval.requester));
    const reason = element("textarea", {
      id: "reason",
      rows: "3",
      maxlength: REASON_CHARACTERS,
      dir: "auto",
      "aria-describedby": "reason-note",
    });
    const back = this.#button("button", say("approval.back"), null, () => {
      this.#ask();
      this.#place.querySelector(".danger-quiet").focus();
    });
    const send = this.#button("button danger", say("approval.reject.send"), "reject", () =>
      this.#send("reject", reason.value.trim()),
    );
    this.#place.replaceChildren(
      element("h2", {}, say("approval.reject.title")),
      element("label", { for: "reason" }, say("approval.reason")),
      reason,
      element("p", { id: "reason-note", class: "small muted" }, say("approval.reason.note", { name })),
      element("div", { class: "decision-buttons" }, back, send),
    );
    reason.focus();
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
