/** Asking again and again: slower while nothing changes, not at all while nobody looks. */

/** `ask` answers the milliseconds until it wants to be called again, or null for never. */
export class Polling {
  #ask;
  #timer = null;
  #asking = false;
  #wanted = false;

  constructor(ask) {
    this.#ask = ask;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#wanted) this.after(0);
    });
  }

  after(milliseconds) {
    this.#wanted = true;
    clearTimeout(this.#timer);
    this.#timer = document.hidden ? null : setTimeout(() => this.#run(), milliseconds);
  }

  stop() {
    this.#wanted = false;
    clearTimeout(this.#timer);
  }

  async #run() {
    if (this.#asking) return;
    this.#asking = true;
    this.#wanted = false;
    const next = await this.#ask().finally(() => (this.#asking = false));
    if (next !== null && !this.#wanted) this.after(next);
  }
}

/** Growing pauses: the first, then half as long again each time, up to the longest. */
export class Backoff {
  constructor(first, longest) {
    this.first = first;
    this.longest = longest;
    this.reset();
  }

  reset() {
    this.pause = this.first;
  }

  next() {
    const pause = this.pause;
    this.pause = Math.min(this.pause * 1.5, this.longest);
    return pause;
  }
}
