/** Who is signed in. The access token lives in this module's memory and nowhere else. */

import { Problem, answerOf, send } from "./transport.js";

const EARLY_MILLISECONDS = 60_000;
let token = null;
let renewAt = 0;
let user = null;
let opening = null;

/** Whether this browser may hold a session; asked first, so that a signed-out page makes no failing request. */
function maySignIn() {
  const name =
    location.protocol === "https:" ? "__Host-countersign-signed-in" : `countersign-signed-in-${location.port || 80}`;
  return document.cookie.split("; ").includes(`${name}=1`);
}

/** The signed-in user, or null; asks once however many ask at the same time. */
export async function openSession() {
  opening ??= ask().finally(() => (opening = null));
  return opening;
}

/** A token that is still good, or null when nobody is signed in. */
export async function accessToken() {
  if (token === null || Date.now() > renewAt) await openSession();
  return token;
}

/** Forget a token the API did not accept. */
export function dropToken(refused) {
  if (token === refused) token = null;
}

/** `again`: the sign-in service asks who it is, even where it remembers. */
export function signInAddress(path = location.pathname + location.search, again = false) {
  return `/session/login?return=${encodeURIComponent(path)}${again ? "&again=1" : ""}`;
}

/** Sign out here and at the sign-in service. */
export async function signOut() {
  const response = await send("DELETE", "/session");
  if (!response.ok) throw await problemOf(response);
  token = null;
  user = null;
  sessionStorage.clear();
  location.assign(response.headers.get("location") ?? "/");
}

async function ask() {
  if (!maySignIn()) {
    token = null;
    return null;
  }
  const response = await send("POST", "/session");
  if (response.status === 401) {
    token = null;
    return null;
  }
  if (!response.ok) throw await problemOf(response);
  const session = await response.json();
  if (user !== null && user.sub !== session.user.sub) location.reload();
  token = session.access_token;
  renewAt = Date.now() + Math.max(session.expires_in * 1000 - EARLY_MILLISECONDS, EARLY_MILLISECONDS / 2);
  user = session.user;
  return user;
}

async function problemOf(response) {
  return Problem.of(response, await answerOf(response));
}
