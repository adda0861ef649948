/** The turns of a conversation on the page; a turn is drawn again only when it changed. */

import { announce, dots, element, foreign, icon, renew, visible } from "./elements.js";
import { say } from "./messages.js";
import { approvalCard, isLive, withoutQuestion } from "./card.js";
import { clientCard } from "./client.js";
import { longText } from "./code.js";
import { toolCard } from "./tool_card.js";

/** Calls whose result is what their code wrote. */
const RAN = ["succeeded", "failed"];

export class Transcript {
  #list;
  #scroll;
  #actions;
  #shown = new Map();

  /**
   * `actions`: `changed()` when something was done to an approval, `tryAgain(turn)` for a failed turn,
   * `given(turn)` when a call of the client has its result: the turn with it, or the next, `askAgain(message)`, `nameOf(agent)`,
   * `runsPython(agent)`, `pictures`: those of the calls.
   */
  constructor(list, scroll, actions) {
    this.#list = list;
    this.#scroll = scroll;
    this.#actions = actions;
  }

  clear() {
    this.#shown.clear();
    this.#list.replaceChildren();
  }

  turns() {
    return [...this.#shown.values()].map((shown) => shown.turn).sort((one, other) => one.turn - other.turn);
  }

  /** Show these turns, each at its place by number; new words of the assistant are announced. */
  show(turns, { quietly = false } = {}) {
    const atEnd = this.#isAtEnd();
    for (const turn of turns) this.#showOne(turn, quietly);
    this.#showAgain((turns[0]?.turn ?? 0) - 1);
    this.#showAgain((turns.at(-1)?.turn ?? 0) + 1);
    if (atEnd || !quietly) this.toEnd();
  }

  /** Draw again what changed beside the turns. */
  refresh() {
    for (const { turn } of [...this.#shown.values()]) this.#showOne(turn, true);
  }

  /** Something grows: whoever reads the end goes on reading the end. */
  grow(change) {
    const atEnd = this.#isAtEnd();
    change();
    if (atEnd) this.toEnd();
  }

  /** A message on its way: shown at once, replaced by its turn. */
  showSending(message) {
    const place = element("li", { class: "turn sending" });
    const waiting = element("p", { class: "waiting" }, dots(), element("span", { class: "muted" }, say("chat.thinking")));
    place.append(...mine(message), theirs(waiting));
    this.#list.append(place);
    this.toEnd();
    return place;
  }

  /** The message stays in sight with what went wrong and a way to send it again. */
  showUnsent(place, message, sentence, again) {
    const button = element("button", { class: "button", type: "button", click: again }, say("chat.try-again"));
    place.className = "turn unsent";
    place.replaceChildren(...mine(message), theirs(failure(sentence, button)));
    this.toEnd();
  }

  /** This turn is about to be run again; its place is drawn anew. */
  forget(turn) {
    this.#shown.delete(turn.turn);
  }

  toEnd() {
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  /** The reading position stays while earlier turns are put above it. */
  keepPosition(change) {
    const below = this.#scroll.scrollHeight - this.#scroll.scrollTop;
    change();
    this.#scroll.scrollTop = this.#scroll.scrollHeight - below;
  }

  /** A turn beside new ones: what stands before or after it may change how it is drawn. */
  #showAgain(number) {
    const shown = this.#shown.get(number);
    if (shown) this.#showOne(shown.turn, true);
  }

  #showOne(turn, quietly) {
    const earlier = this.#shown.get(turn.turn - 1)?.turn.agent;
    const isSwitch = earlier !== undefined && Boolean(turn.agent) && earlier !== turn.agent;
    const mayAskAgain = !this.#shown.has(turn.turn + 1) && (turn.tool_calls ?? []).some(wasLatelyRejected);
    const marks = (turn.tool_calls ?? []).map((one) => this.#actions.pictures.markOf(one.id));
    const drawn = JSON.stringify([turn, isSwitch, mayAskAgain, marks]);
    const before = this.#shown.get(turn.turn);
    if (before?.drawn === drawn) return;
    const place = before?.place ?? this.#placeFor(turn);
    this.#shown.set(turn.turn, { drawn, turn, place });
    renew(place, this.#draw(turn, isSwitch, mayAskAgain));
    place.classList.toggle("live", Boolean(isLive(turn)));
    if (!quietly && turn.reply && turn.reply !== before?.turn.reply) {
      const name = isSwitch ? this.#actions.nameOf(turn.agent) : say("chat.assistant");
      announce(`${name}: ${this.#wordsOf(turn) || replyOf(turn).split("\n", 1)[0]}`);
    }
  }

  #placeFor(turn) {
    const place = element("li", { class: "turn", "data-turn": turn.turn });
    const later = [...this.#list.querySelectorAll("[data-turn]")].find((one) => Number(one.dataset.turn) > turn.turn);
    this.#list.insertBefore(place, later ?? this.#list.querySelector(".sending"));
    return place;
  }

  #draw(turn, isSwitch, mayAskAgain) {
    const calls = turn.tool_calls ?? [];
    const pending = calls.filter(isPending);
    const runsPython = this.#actions.runsPython(turn.agent);
    const reply = this.#reply(turn);
    const cards = calls
      .filter((one) => !pending.includes(one))
      .flatMap((one) => [toolCard(one, turn, { runsPython }), this.#actions.pictures.of(one.id)]);
    const shown = { changed: this.#actions.changed, isCode: runsPython };
    const approval = turn.approval ? approvalCard(turn.approval, calls, shown) : null;
    const waits = turn.approval && isLive(turn);
    return [
      ...mine(turn.message),
      theirs(
        ...cards,
        turn.notice ? foreign("p", { class: "turn-notice", lang: "en" }, turn.notice) : null,
        isSwitch ? switched(this.#actions.nameOf(turn.agent)) : null,
        ...(waits ? [reply, approval] : [approval, reply]),
        ...pending.map((one) => this.#clientCard(one, turn)),
        mayAskAgain ? this.#askAgain() : null,
        turn.status === "working" ? working(runsPython) : null,
        turn.status === "failed" ? this.#failure(turn) : null,
      ),
    ];
  }

  /** Of Python that is countersigned, what is asked and what came back are lines; other replies are words. */
  #reply(turn) {
    const text = replyOf(turn);
    if (!text) return null;
    const words = this.#wordsOf(turn);
    if (words) return foreign("div", { class: "text" }, words);
    const isAsked = turn.status === "awaiting_approval";
    const lines = isAsked ? text : turn.reply.replace(/^\n+/, "").trimEnd();
    return longText(visible(lines), { name: `reply-${turn.turn}`, class: isAsked ? "asked" : "asked table" });
  }

  #wordsOf(turn) {
    const mayBeLines = turn.approval && this.#actions.runsPython(turn.agent);
    return mayBeLines ? withoutResults(replyOf(turn), turn) : replyOf(turn);
  }

  /** The same once more, after a rejection: only the person's own press asks anybody. */
  #askAgain() {
    const click = () => this.#actions.askAgain(say("chat.ask-again"));
    const button = { class: "button", type: "button", "data-control": "ask-again", click };
    return element("p", { class: "actions" }, element("button", button, say("chat.ask-again")));
  }

  #clientCard(one, turn) {
    const given = (value) => this.#actions.given({ ...value, message: value.turn === turn.turn ? turn.message : "" });
    return clientCard(one, turn.conversation_id, { given, changed: this.#actions.changed });
  }

  #failure(turn) {
    const again = () => this.#actions.tryAgain(turn);
    const button = element("button", { class: "button", type: "button", "data-control": "again", click: again });
    button.append(say("chat.try-again"));
    return failure(turn.error?.detail ?? say("chat.stopped"), turn.error?.retryable === false ? null : button);
  }

  #isAtEnd() {
    return this.#scroll.scrollHeight - this.#scroll.scrollTop - this.#scroll.clientHeight < 80;
  }
}

/** The program's question is not asked here: who decides stands in the card below. */
function replyOf(turn) {
  if (!turn.reply) return null;
  return turn.approval ? withoutQuestion(turn.reply) : turn.reply.trim();
}

/** What the agent said beside the results of its calls; nothing while somebody is asked. */
function withoutResults(text, turn) {
  if (turn.status === "awaiting_approval") return "";
  const ran = turn.tool_calls.filter((one) => RAN.includes(one.status));
  const results = ran.map((one) => one.result?.trim() ?? "");
  return results.reduce((rest, result) => (rest.startsWith(result) ? rest.slice(result.length).trim() : rest), text);
}

/** What the person wrote; nothing where the agent spoke first. */
function mine(message) {
  if (!message) return [];
  const speaker = element("h2", { class: "visually-hidden" }, say("chat.you"));
  return [element("div", { class: "message mine" }, speaker, foreign("div", { class: "text" }, message))];
}

/** Was exactly this rejected a short while ago, so that nobody was asked? */
function wasLatelyRejected(one) {
  if (one.status !== "refused") return false;
  try {
    return JSON.parse(one.result).code === "lately_rejected";
  } catch {
    return false;
  }
}

function isPending(one) {
  return one.status === "awaiting_client";
}

/** Another agent has the conversation from here on. */
function switched(name) {
  return element("p", { class: "switched" }, say("chat.switched", { name }));
}

function theirs(...content) {
  const speaker = element("h2", { class: "visually-hidden" }, say("chat.assistant"));
  return element("div", { class: "message theirs" }, speaker, ...content);
}

function failure(sentence, button) {
  const text = element("p", { class: "text" }, visible(sentence));
  return element("div", { class: "failure", role: "alert" }, icon("warn"), text, button ?? "");
}

function working(runsPython) {
  const sentence = say(runsPython ? "chat.working.code" : "chat.working");
  return element("p", { class: "waiting" }, dots(), element("span", { class: "muted" }, sentence));
}
