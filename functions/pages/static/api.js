/** Calls to the API with the signed-in user's access token. */

import { accessToken, dropToken } from "./session.js";
import { Problem, answerOf, send } from "./transport.js";

/** The answer to a call: `{value, retryAfter}`; raises a `Problem`. A token gone stale is renewed once. */
export async function call(method, path, { body, key, seconds } = {}) {
  for (let attempt = 1; ; attempt += 1) {
    const token = await accessToken();
    if (token === null) throw Problem.silent("signed_out");
    const response = await send(method, path, {
      headers: headersOf(token, body, key),
      body: body === undefined ? undefined : JSON.stringify(body),
      seconds,
    });
    if (response.status === 401 && attempt === 1) {
      dropToken(token);
      continue;
    }
    const answer = await answerOf(response);
    if (!response.ok) throw Problem.of(response, answer);
    return { value: answer, retryAfter: Number(response.headers.get("retry-after")) || null };
  }
}

function headersOf(token, body, key) {
  return {
    Accept: "application/json",
    Authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(key === undefined ? {} : { "Idempotency-Key": key }),
  };
}
