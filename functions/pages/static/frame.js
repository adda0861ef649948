/** What every page has: who is signed in, the model's label, and the states before there is anything to show. */

import { byId, element, foreign, icon, visible } from "./elements.js";
import { fillIn, say } from "./messages.js";
import { health, showMode } from "./mode.js";
import { openSession, signInAddress, signOut } from "./session.js";

/** Show the page to whoever is signed in; otherwise say why not, and how to go on. */
export async function enter(signedOutSentence, show) {
  fillIn();
  showMode();
  try {
    const user = await openSession();
    if (user === null) {
      notice(say("signed-out.title"), say(signedOutSentence), signInLink());
      return;
    }
    showUser(user);
    await show(user);
  } catch (problem) {
    fail(problem);
  }
}

/** The page's own place for one sentence and what to do next. */
export function notice(title, sentence, ...actions) {
  const place = byId("notice");
  const heading = element("h1", { tabindex: "-1" }, title);
  place.replaceChildren(heading, foreign("p", {}, sentence), element("p", { class: "actions" }, ...actions));
  place.hidden = false;
  document.body.dataset.state = "notice";
  heading.focus();
}

/** Back from a notice to the page's content. */
export function content() {
  byId("notice").hidden = true;
  document.body.dataset.state = "content";
}

export function fail(problem) {
  if (!problem.code) throw problem;
  if (problem.code === "foreign_origin" && problem.extra.origin) {
    const origin = problem.extra.origin;
    const address = origin + location.pathname + location.search;
    const open = element("a", { class: "button primary", href: address }, say("foreign.open", { origin }));
    notice(say("foreign.title"), say("foreign.text", { origin }), open);
  } else if (problem.code === "sign_in_again") {
    notice(say("sign-in-again.title"), say("problem.sign_in_again"), signInLink(true));
  } else if (problem.status === 401) {
    notice(say("signed-out.title"), say("problem.signed_out"), signInLink());
  } else {
    notice(say("load-failed.title"), problem.message, reloadButton());
  }
}

export function signInLink(again = false) {
  return element("a", { class: "button primary", href: signInAddress(undefined, again) }, say("sign-in"));
}

function reloadButton() {
  return element("button", { class: "button primary", type: "button", click: () => location.reload() }, say("reload"));
}

function showUser(user) {
  const who = visible(user.name || user.email);
  const failure = element("p", { class: "small", role: "status" });
  const leave = async () => {
    try {
      await signOut();
    } catch (problem) {
      failure.textContent = problem.message;
    }
  };
  const menu = element(
    "details",
    { class: "account" },
    element(
      "summary",
      {},
      element("span", { class: "visually-hidden" }, say("signed-in-as", { who })),
      element("span", { class: "initial", "aria-hidden": "true" }, [...who][0]?.toUpperCase() ?? "?"),
      element("span", { class: "account-name", "aria-hidden": "true" }, who),
    ),
    element(
      "div",
      { class: "account-menu" },
      element("p", { class: "small muted" }, say("signed-in-as", { who: visible(user.email || user.name) })),
      element("button", { class: "button", type: "button", click: leave }, say("sign-out")),
      failure,
    ),
  );
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  byId("account").replaceChildren(menu);
}

/** Say which model answers; a scripted one is a demo, and that must not be overlooked. */
export async function showModel(place) {
  const told = await health();
  if (told === null) return;
  const { model } = told;
  const scripted = String(model).toLowerCase().includes("scripted");
  const text = scripted ? say("model.scripted") : say("model.name", { name: visible(model) });
  place.replaceChildren(...(scripted ? [icon("warn")] : []), element("span", {}, text));
  place.classList.toggle("scripted", scripted);
  place.hidden = false;
}

/** Copy an address; where the browser does not let us, show it. */
export async function copy(address, button) {
  try {
    await navigator.clipboard.writeText(address);
    button.lastChild.textContent = say("copied");
  } catch {
    button.lastChild.textContent = say("copy-failed", { address });
  }
}
