/** One request over the wire, with a time limit; refusals and silence become a `Problem`. */

import { say } from "./messages.js";
import { learnClock } from "./time.js";

const SECONDS = 15;
const BY_STATUS = { 401: "signed_out", 403: "forbidden", 429: "too_many_requests", 503: "unavailable" };
/** The code of a request that was stopped on purpose. */
export const STOPPED = "stopped";
/** Refusals of the API that are told in the page's language. */
const TRANSLATED = [
  "signed_out",
  "own_request",
  "not_an_approver",
  "not_ready",
  "still_changing",
  "bad_file",
  "bad_file_name",
  "file_too_large",
  "files_full",
];
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

/** The response to a request that carries a file; `told(part)` hears how much is sent, and `signal` stops it. */
export function sendBytes(method, path, { headers, content, seconds, told, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const fails = (code) => () => reject(Problem.silent(code));
    const stop = () => request.abort();
    request.open(method, path);
    request.timeout = seconds * 1000;
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => told(event.loaded / (event.total || 1)));
    request.addEventListener("load", () => {
      learnClock(request.getResponseHeader("date"));
      resolve(responseOf(request));
    });
    request.addEventListener("error", fails("network"));
    request.addEventListener("timeout", fails("timeout"));
    request.addEventListener("abort", () => reject(new Problem(0, STOPPED, "")));
    request.addEventListener("loadend", () => signal.removeEventListener("abort", stop));
    signal.addEventListener("abort", stop);
    request.send(content);
    if (signal.aborted) stop();
  });
}

function responseOf(request) {
  const retryAfter = request.getResponseHeader("retry-after");
  return new Response(request.response || null, {
    status: request.status,
    headers: retryAfter ? { "retry-after": retryAfter } : {},
  });
}

/** The JSON of a response, or null when it holds none. */
export async function answerOf(response) {
  try {
    return await response.json();
  } catch {
    return null;
  }
}
