/** What was sent under which key, so that trying again is the same request; kept for this tab's life. */

const PREFIX = "countersign.attempt.";

export class Attempts {
  keep(turn, attempt) {
    sessionStorage.setItem(this.#name(turn), JSON.stringify(attempt));
  }

  /** The attempt a failed turn came from, or null when this tab did not send it. */
  of(turn) {
    const kept = sessionStorage.getItem(this.#name(turn));
    return kept === null ? null : JSON.parse(kept);
  }

  #name(turn) {
    return `${PREFIX}${turn.conversation_id}.${turn.turn}`;
  }
}
