/** The chat page: one conversation, its live state, and the way to the others. */

import { call } from "./api.js";
import { isLive } from "./card.js";
import { Composer } from "./composer.js";
import { announce, byId } from "./elements.js";
import { content, enter, fail, notice, showModel } from "./frame.js";
import { watchFreeze } from "./freeze.js";
import { History } from "./history.js";
import { say } from "./messages.js";
import { Backoff, Polling } from "./polling.js";
import { Agents } from "./agents.js";
import { Attempts } from "./attempts.js";
import { momentAfter } from "./time.js";
import { Transcript } from "./transcript.js";
import { Welcome } from "./welcome.js";
import { Workbench } from "./workbench.js";

const TURNS = 30;
const CHAT_SECONDS = 40;

let conversation = null;
/** Has nothing been said in this conversation yet, so that its agent can be chosen? */
let isUntold = true;
let title = "";
let before = null;
let transcript, composer, history, welcome, workbench;
const agents = new Agents();
const attempts = new Attempts();
const backoff = new Backoff(1500, 6000);
const polling = new Polling(ask);

enter("signed-out.chat", async () => {
  const nameOf = (id) => agents.titleOf(id);
  const askAgain = (message) => send({ message });
  const runsPython = (id) => agents.runPython(id);
  workbench = new Workbench({
    runsPython,
    began: begin,
    changed: showNotebook,
    grow: (change) => transcript.grow(change),
    hold: (sentence) => composer.hold(sentence),
    title: () => title,
    leave: () => composer.keepDraft(),
    anew: () => go(null),
  });
  const { pictures } = workbench;
  const actions = { changed: askNow, tryAgain, given, askAgain, nameOf, runsPython, pictures };
  transcript = new Transcript(byId("turns"), byId("transcript"), actions);
  composer = new Composer((message) => send({ message }));
  history = new History({ open: (id) => go(id), deleted: (id) => id === conversation && go(null) });
  welcome = new Welcome(agents, { send: (message) => send({ message }), start: () => send({}), chosen: showAgent });
  byId("history-new").addEventListener("click", () => go(null));
  byId("earlier").addEventListener("click", loadEarlier);
  addEventListener("popstate", () => open(inAddress()));
  content();
  watchFreeze();
  history.refresh();
  await open(inAddress());
});
showModel(byId("model"));

function inAddress() {
  return new URLSearchParams(location.search).get("c");
}

function addressOf(id) {
  return id ? `/?c=${encodeURIComponent(id)}` : "/";
}

async function go(id) {
  window.history.pushState(null, "", addressOf(id));
  history.close();
  await open(id);
}

async function open(id) {
  polling.stop();
  conversation = id;
  isUntold = id === null;
  title = "";
  before = null;
  transcript.clear();
  workbench.open(id);
  composer.busy(false);
  history.mark(id);
  content();
  welcome.show(id === null);
  byId("earlier").hidden = true;
  showAgent();
  if (id !== null) await read(id);
  if (matchMedia("(pointer: fine)").matches) composer.focus();
}

async function read(id) {
  try {
    const named = agents.read().catch(() => null);
    const [{ value }] = await Promise.all([call("GET", `${pathOf(id)}?limit=${TURNS}`), named]);
    if (id !== conversation) return;
    isUntold = value.turns.length === 0;
    title = value.title ?? "";
    welcome.show(isUntold);
    transcript.show(value.turns, { quietly: true });
    showEarlier(value.before);
    settle();
    transcript.toEnd();
  } catch (problem) {
    if (problem.status === 404) notice(say("chat.title"), say("chat.gone"));
    else fail(problem);
  }
}

async function loadEarlier() {
  const { value } = await call("GET", `${pathOf(conversation)}?limit=${TURNS}&before=${before}`);
  transcript.keepPosition(() => transcript.show(value.turns, { quietly: true }));
  workbench.follow(transcript.turns());
  showEarlier(value.before);
}

function showEarlier(number) {
  before = number;
  byId("earlier").hidden = number === null;
}

/** Send a message; the same body under the same key is the same turn, however often it is sent. */
async function send(body, key = crypto.randomUUID()) {
  if (composer.isHeld()) return;
  const id = conversation;
  const agent = isUntold ? welcome.chosenAgent() : {};
  await run({ body: { ...body, ...(id ? { conversation_id: id } : {}), ...agent }, key }, id);
}

async function run(attempt, id, replaced = null) {
  workbench.hold(id === null);
  await take(attempt, id, replaced);
  workbench.hold(false);
}

async function take(attempt, id, replaced) {
  welcome.show(false);
  composer.busy(true);
  polling.stop();
  const place = transcript.showSending(attempt.body.message);
  replaced?.remove();
  let turn;
  let pause = null;
  try {
    const { value, retryAfter } = await call("POST", "/chat", { ...attempt, seconds: CHAT_SECONDS });
    turn = { ...value, message: attempt.body.message ?? "" };
    pause = retryAfter && retryAfter * 1000;
  } catch (problem) {
    if (id !== conversation) return;
    if (problem.extra.turn === undefined) {
      notSent(attempt, problem, place);
      return;
    }
    turn = failedTurn(attempt, problem);
  }
  if (id !== conversation) return;
  place.remove();
  adopt(turn);
  if (turn.status === "failed") attempts.keep(turn, attempt);
  transcript.show([turn]);
  settle(pause);
}

/** The message did not become a turn, or we cannot know: give it back, or offer to send it again. */
function notSent(attempt, problem, place) {
  composer.busy(false);
  if (problem.status === 401) {
    composer.giveBack(attempt.body.message ?? "");
    composer.keepDraft();
    fail(problem);
  } else if (isFinal(problem)) {
    const again = problem.status === 429 && problem.retryAfter;
    const when = again ? ` ${say("chat.again-at", { when: momentAfter(problem.retryAfter) })}` : "";
    place.remove();
    welcome.show(transcript.turns().length === 0);
    composer.giveBack(attempt.body.message ?? "");
    composer.note(problem.message + when);
    announce(problem.message + when);
  } else {
    transcript.showUnsent(place, attempt.body.message, problem.message, () => run(attempt, conversation, place));
  }
}

/** Sending the same again at once would be refused again. */
function isFinal(problem) {
  if (problem.status === 429) return problem.code === "budget_used";
  return problem.status >= 400 && problem.status < 500 && problem.status !== 409;
}

function failedTurn(attempt, problem) {
  const { conversation_id, turn, agent, code, detail, retryable } = problem.extra;
  return {
    conversation_id,
    turn,
    agent,
    message: attempt.body.message ?? "",
    status: "failed",
    reply: null,
    tool_calls: [],
    approval: null,
    error: { code, detail, retryable },
  };
}

/** A turn that failed runs again under its own key; where that is lost, its message is sent anew. */
function tryAgain(turn) {
  const attempt = attempts.of(turn);
  const place = document.querySelector(`[data-turn="${turn.turn}"]`);
  if (attempt === null) {
    if (turn.message) send({ message: turn.message });
    else go(null);
    return;
  }
  transcript.forget(turn);
  run(attempt, conversation, place);
}

/** A call of the client has its result: the same turn with it, or the next one, in which the agent goes on. */
function given(turn) {
  if (turn.conversation_id !== conversation) return;
  transcript.show([turn]);
  settle();
  askNow();
}

/** Who answers here, where there is a choice of agents. */
function showAgent() {
  const id = transcript.turns().at(-1)?.agent;
  byId("with").textContent = id && agents.areSeveral() ? say("chat.with", { name: agents.titleOf(id) }) : "";
  workbench.offer(agents.runPython(id ?? welcome.chosenAgent().agent ?? ""));
}

function adopt(turn) {
  isUntold = false;
  if (conversation === null) begin(turn.conversation_id);
  if (turn.turn !== 1) return;
  title = turn.message;
  history.refresh();
}

/** The new conversation has an id: from its first turn, or from a file that came before. */
function begin(id) {
  conversation = id;
  workbench.begin(id);
  window.history.replaceState(null, "", addressOf(id));
  history.mark(id);
}

/** Pictures as they are now known; where files came before the first word, it is for who can read them. */
function showNotebook() {
  transcript.refresh();
  if (isUntold && workbench.hasFiles()) welcome.choose((agent) => agent?.python);
}

/** Free the composer when nothing is being worked on, and ask again while something may still change. */
function settle(pause = null) {
  showAgent();
  workbench.follow(transcript.turns());
  const turns = transcript.turns().slice(-TURNS);
  composer.busy(turns.some((turn) => turn.status === "working"));
  if (!turns.some(isLive)) {
    polling.stop();
    return;
  }
  backoff.reset();
  polling.after(pause ?? backoff.next());
}

function askNow() {
  backoff.reset();
  polling.after(0);
}

async function ask() {
  const id = conversation;
  if (id === null) return null;
  try {
    const { value } = await call("GET", `${pathOf(id)}?limit=${TURNS}`);
    if (id !== conversation) return null;
    transcript.show(value.turns);
    showAgent();
    workbench.follow(transcript.turns());
  } catch (problem) {
    if (problem.status === 401) {
      composer.keepDraft();
      fail(problem);
    }
    if (problem.status === 401 || problem.status === 404) return null;
  }
  const turns = transcript.turns().slice(-TURNS);
  composer.busy(turns.some((turn) => turn.status === "working"));
  return turns.some(isLive) ? backoff.next() : null;
}

function pathOf(id) {
  return `/conversations/${encodeURIComponent(id)}`;
}
