/** The approval page: one request, decided here, and what became of it. */

import { call } from "./api.js";
import { DecisionForm, whyNot } from "./decision.js";
import { announce, byId, dots, element, renew, visible } from "./elements.js";
import { content, enter, fail, notice } from "./frame.js";
import { watchFreeze } from "./freeze.js";
import { say } from "./messages.js";
import { Backoff, Polling } from "./polling.js";
import { pricePanel } from "./price.js";
import { afterOutside, callList, facts, headline, nameOf, people, plan, practiceNote, shadowNote, words } from "./request.js";
import { signOut } from "./session.js";
import { setTimeZone } from "./time.js";
import { trail } from "./trail.js";
import { isMoving, summary, verdict } from "./verdict.js";

/** Refusals after which the request itself says more than the refusal. */
const STALE = {
  digest_differs: "approval.changed",
  already_decided: "approval.already",
  already_closed: "approval.ended",
  expired: "approval.too-late",
};
const path = `/approvals/${encodeURIComponent(decodeURIComponent(location.pathname.split("/")[2] ?? ""))}`;
const backoff = new Backoff(1500, 6000);
const polling = new Polling(ask);
let user = null;
let shown = null;
let form = null;

enter("signed-out.approval", async (signedIn) => {
  user = signedIn;
  watchFreeze();
  try {
    show(await read());
  } catch (problem) {
    refuse(problem);
  }
});

async function read() {
  const { value } = await call("GET", path);
  return value;
}

/** Draw the request unless it is what stands there already. */
function show(approval, sentence = "") {
  const drawn = JSON.stringify(approval);
  const first = shown === null;
  if (drawn !== shown || sentence) {
    const moved = !first && JSON.parse(shown).status !== approval.status;
    shown = drawn;
    draw(approval, sentence);
    if (first) byId("request").querySelector("h1").focus({ preventScroll: true });
    else announce(sentence || summary(approval));
    if (moved) backoff.reset();
  }
  if (isMoving(approval)) polling.after(backoff.next());
  else polling.stop();
}

function draw(approval, sentence) {
  content();
  setTimeZone(approval.time_zone);
  document.title = `${visible(nameOf(approval.requester))} · ${say(`status.${approval.status}`)} · ${say("app.name")}`;
  const open = approval.status === "pending";
  form = open && approval.can_decide ? new DecisionForm(approval, decide) : null;
  renew(
    byId("request"),
    headline(approval),
    sentence ? element("p", { class: "failure-line", role: "alert" }, sentence) : null,
    open || approval.status === "preparing" ? null : verdict(approval, user),
    approval.status === "preparing" ? element("p", { class: "panel waiting" }, dots(), say("approval.preparing")) : null,
    practiceNote(approval),
    shadowNote(approval),
    afterOutside(approval),
    words(approval),
    facts(approval),
    pricePanel(approval),
    callList(approval, form && ((one) => form.switchOf(one))),
    people(approval),
    trail(approval),
    plan(approval),
    approval.conversation_id ? toConversation(approval) : null,
  );
  byId("foot").replaceChildren(foot(approval, open));
  byId("foot").hidden = !open;
}

function toConversation(approval) {
  const address = `/?c=${encodeURIComponent(approval.conversation_id)}`;
  return element("p", {}, element("a", { class: "quiet-link", href: address }, say("approval.to-chat")));
}

function foot(approval, open) {
  if (form) return form.place;
  return open ? whyNot(approval, user, leave) : "";
}

async function decide(body) {
  polling.stop();
  try {
    const { value } = await call("POST", `${path}/decision`, { body });
    backoff.reset();
    show(value);
    document.querySelector("[data-control=verdict]")?.focus();
  } catch (problem) {
    if (problem.code in STALE) await reload(say(STALE[problem.code]));
    else if (problem.status === 401) fail(problem);
    else form.refused(problem.message);
  }
}

/** The request is not what it was: show what it is, and say so. */
async function reload(sentence) {
  try {
    show(await read(), sentence);
  } catch (problem) {
    form.refused(problem.message);
  }
}

async function ask() {
  try {
    const approval = await read();
    if (form === null || JSON.stringify(approval) !== shown) show(approval);
    return isMoving(approval) ? backoff.next() : null;
  } catch (problem) {
    if (problem.status === 401 || problem.status === 404) {
      refuse(problem);
      return null;
    }
    return backoff.next();
  }
}

function refuse(problem) {
  byId("foot").hidden = true;
  if (problem.status !== 404) {
    fail(problem);
    return;
  }
  const who = visible(user.email || user.name);
  const inbox = element("a", { class: "button primary", href: "/inbox" }, say("approval.to-inbox"));
  const other = element("button", { class: "button", type: "button", click: leave }, say("approval.switch-user"));
  notice(say("approval.unknown.title"), say("approval.unknown.text", { who }), inbox, other);
}

async function leave() {
  try {
    await signOut();
  } catch (problem) {
    fail(problem);
  }
}
