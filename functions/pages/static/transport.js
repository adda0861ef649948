/** One request over the wire, with a time limit; refusals and silence become a `Problem`. */

import { say } from "./messages.js";
import { learnClock } from "./time.js";

const SECONDS = 15;
const BY_STATUS = { 401: "signed_out", 403: "forbidden", 429: "too_many_requests", 503: "unavailable" };
/** Refusals of the API that are told in the page's language. */
const TRANSLATED = ["signed_out", "own_request", "not_an_approver", "not_ready", "still_changing"];
/** Their sentences are ours, because the gateway or the wire made the answer. */
const OUR_SENTENCES = ["network", "timeout", "signed_out", "too_many_requests", "unavailable", "forbidden"];

/** A request that was refused or never answered; the message is a sentence for the person. */
export class Problem extends Error {
  constructor(status, code, sentence, extra = {}, retryAfter = null) {
    super(sentence);
    this.status = status;
    this.code = code;
    this.extra = extra;
    this.retryAfter = retryAfter;
  }

  static of(response, answer) {
    const retryAfter = Number(response.headers.get("retry-after")) || null;
    if (answer?.code) {
      const sentence = TRANSLATED.includes(answer.code) ? say(`problem.${answer.code}`) : answer.detail;
      return new Problem(response.status, answer.code, sentence, answer, retryAfter);
    }
    const code = BY_STATUS[response.status] ?? "other";
    return new Problem(response.status, code, say(`problem.${code}`));
  }

  static silent(code) {
    return new Problem(0, OUR_SENTENCES.includes(code) ? code : "network", say(`problem.${code}`));
  }
}

/** The response to a request, whatever its status; raises a `Problem` when there is none. */
export async function send(method, path, { headers = {}, body, seconds = SECONDS } = {}) {
  const limit = AbortSignal.timeout(seconds * 1000);
  try {
    const response = await fetch(path, {
      method,
      headers,
      body,
      signal: limit,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
    });
    learnClock(response.headers.get("date"));
    return response;
  } catch {
    throw Problem.silent(limit.aborted ? "timeout" : "network");
  }
}

/** The JSON of a response, or null when it holds none. */
export async function answerOf(response) {
  try {
    return await response.json();
  } catch {
    return null;
  }
}
