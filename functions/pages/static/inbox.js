/** The inbox: requests that wait for a decision, and those that were decided. */

import { call } from "./api.js";
import { pill } from "./card.js";
import { accountOf, regionOf } from "./change.js";
import { announce, byId, element, visible } from "./elements.js";
import { content, enter, fail } from "./frame.js";
import { watchFreeze } from "./freeze.js";
import { say } from "./messages.js";
import { isShadow } from "./mode.js";
import { Polling } from "./polling.js";
import { hourly } from "./price.js";
import { TONES, nameOf } from "./request.js";
import { countdown, moment } from "./time.js";

const LISTS = {
  pending: ["pending"],
  decided: ["approved", "rejected", "expired", "cancelled", "denied", "failed"],
};
const PAGE = 20;
const EVERY_MILLISECONDS = 15_000;
const polling = new Polling(ask);
let chosen = location.hash === "#decided" ? "decided" : "pending";
let rows = [];
let cursors = {};
let drawn = "";

enter("signed-out.inbox", async () => {
  content();
  watchFreeze();
  for (const tab of tabs()) {
    tab.addEventListener("click", () => choose(tab.dataset.list));
    tab.addEventListener("keydown", (event) => moveTab(event));
  }
  byId("more").addEventListener("click", () => more().catch(fail));
  await choose(chosen);
});

function tabs() {
  return [...document.querySelectorAll("[role=tab]")];
}

function moveTab(event) {
  if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  const other = tabs().find((tab) => tab !== event.currentTarget);
  other.focus();
  choose(other.dataset.list);
}

async function choose(list) {
  chosen = list;
  window.history.replaceState(null, "", list === "decided" ? "#decided" : location.pathname);
  for (const tab of tabs()) {
    const is = tab.dataset.list === list;
    tab.setAttribute("aria-selected", String(is));
    tab.tabIndex = is ? 0 : -1;
    if (is) byId("list-panel").setAttribute("aria-labelledby", tab.id);
  }
  try {
    await refresh();
    polling.after(EVERY_MILLISECONDS);
  } catch (problem) {
    polling.stop();
    fail(problem);
  }
}

/** The newest of the chosen list; a list that was left meanwhile is not drawn. */
async function refresh() {
  const list = chosen;
  const pages = await Promise.all(LISTS[list].map((status) => page(status, null)));
  if (list !== chosen) return;
  cursors = Object.fromEntries(pages.map((one) => [one.status, one.after]));
  rows = pages.flatMap((one) => one.approvals);
  draw();
}

async function more() {
  const open = Object.entries(cursors).filter(([, after]) => after !== null);
  const pages = await Promise.all(open.map(([status, after]) => page(status, after)));
  for (const one of pages) cursors[one.status] = one.after;
  rows = [...rows, ...pages.flatMap((one) => one.approvals)];
  polling.stop();
  draw();
}

async function page(status, after) {
  const query = new URLSearchParams({ status, limit: PAGE, ...(after ? { after } : {}) });
  const { value } = await call("GET", `/approvals?${query}`);
  return { status, ...value };
}

async function ask() {
  try {
    const before = rows.length;
    await refresh();
    if (chosen === "pending" && rows.length > before) announce(`${say("inbox.pending")}: ${rows.length}`);
  } catch (problem) {
    if (problem.status === 401) {
      fail(problem);
      return null;
    }
  }
  return EVERY_MILLISECONDS;
}

function draw() {
  rows.sort((one, other) => other.created_at.localeCompare(one.created_at));
  byId("more").hidden = Object.values(cursors).every((after) => after === null);
  byId("empty").textContent = say(`inbox.empty.${chosen}`);
  byId("empty").hidden = rows.length > 0;
  const same = JSON.stringify([chosen, rows]);
  if (same === drawn) return;
  drawn = same;
  const held = document.activeElement?.closest("#list li")?.dataset.id;
  byId("list").replaceChildren(...rows.map(row));
  if (held) byId("list").querySelector(`[data-id="${CSS.escape(held)}"] a`)?.focus();
}

function row(approval) {
  const waits = approval.status === "pending";
  const title = approval.practice ? say("inbox.practice") : visible(approval.summary);
  return element(
    "li",
    { "data-id": approval.id },
    element(
      "a",
      { href: `/a/${encodeURIComponent(approval.id)}`, class: "request-row" },
      element(
        "span",
        { class: "row-state" },
        waits ? countdown(approval.expires_at) : pill(say(`status.${approval.status}`), TONES[approval.status] ?? "bad"),
        approval.mine ? pill(say("inbox.mine")) : null,
        approval.practice ? pill(say("inbox.practice")) : null,
        isShadow(approval) ? pill(say("inbox.shadow")) : null,
      ),
      element("span", { class: "row-title", dir: "auto" }, title),
      rowPlace(approval),
      element(
        "span",
        { class: "small muted" },
        say("inbox.by", { name: visible(nameOf(approval.requester)), when: moment(approval.created_at) }),
      ),
    ),
  );
}

/** Where, and what it costs. */
function rowPlace(approval) {
  const where = approval.in_aws === false ? [] : [accountOf(approval), regionOf(approval)];
  const place = where.filter(Boolean).join(", ");
  const parts = [place, hourly(approval.price)].filter(Boolean);
  if (parts.length === 0) return null;
  return element("span", { class: "row-place small" }, parts.map((part) => element("span", { dir: "auto" }, part)));
}
