/** Calls to the API with the signed-in user's access token. */

import { accessToken, dropToken } from "./session.js";
import { Problem, answerOf, send, sendBytes } from "./transport.js";

const FILE_SECONDS = 60;
const UPLOAD_SECONDS = 300;

/** The answer to a call: `{value, retryAfter}`; raises a `Problem`. */
export async function call(method, path, { body, key, seconds } = {}) {
  const response = await signedIn((token) =>
    send(method, path, {
      headers: headersOf(token, body, key),
      body: body === undefined ? undefined : JSON.stringify(body),
      seconds,
    }),
  );
  return { value: await answerOf(response), retryAfter: retryAfterOf(response) };
}

/** The bytes of a file; raises a `Problem`. */
export async function fetchFile(path) {
  const response = await signedIn((token) =>
    send("GET", path, { headers: { Authorization: `Bearer ${token}` }, seconds: FILE_SECONDS }),
  );
  try {
    return await response.arrayBuffer();
  } catch {
    throw Problem.silent("network");
  }
}

/** Put a file; `told(part)` hears how much of it is sent, from 0 to 1; raises a `Problem`, of the code `stopped` after `signal`. */
export async function putFile(path, content, { type, told, signal }) {
  const response = await signedIn((token) => {
    const headers = { Accept: "application/json", Authorization: `Bearer ${token}`, "Content-Type": type };
    return sendBytes("PUT", path, { headers, content, seconds: UPLOAD_SECONDS, told, signal });
  });
  return answerOf(response);
}

/** The good response to what `attempt` sends with a token; a token gone stale is renewed once. */
async function signedIn(attempt) {
  for (let number = 1; ; number += 1) {
    const token = await accessToken();
    if (token === null) throw Problem.silent("signed_out");
    const response = await attempt(token);
    if (response.ok) return response;
    if (response.status !== 401 || number > 1) throw Problem.of(response, await answerOf(response));
    dropToken(token);
  }
}

function retryAfterOf(response) {
  return Number(response.headers.get("retry-after")) || null;
}

function headersOf(token, body, key) {
  return {
    Accept: "application/json",
    Authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(key === undefined ? {} : { "Idempotency-Key": key }),
  };
}
