/** The caller's conversations: a column beside the chat, a drawer over it on the phone. */

import { call } from "./api.js";
import { announce, byId, element, icon, visible } from "./elements.js";
import { say } from "./messages.js";
import { moment } from "./time.js";

const PAGE = 30;

export class History {
  #list = byId("history-list");
  #more = byId("history-more");
  #empty = byId("history-empty");
  #toggle = byId("history-toggle");
  #current = null;
  #after = null;
  #actions;

  /** `actions`: `open(id)`, `deleted(id)`. */
  constructor(actions) {
    this.#actions = actions;
    this.#toggle.addEventListener("click", () => this.#drawer(!this.#isOpen()));
    byId("history-close").addEventListener("click", () => this.#drawer(false));
    byId("history-veil").addEventListener("click", () => this.#drawer(false));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#isOpen()) this.#drawer(false);
    });
    this.#more.addEventListener("click", () => this.#load(this.#after));
  }

  /** Read the list again from its newest entry. */
  async refresh() {
    await this.#load(null);
  }

  mark(conversationId) {
    this.#current = conversationId;
    for (const link of this.#list.querySelectorAll("a")) {
      if (link.dataset.id === conversationId) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /** Close the drawer; without effect where the list is a column. */
  close() {
    if (this.#isOpen()) this.#drawer(false);
  }

  async #load(after) {
    const query = new URLSearchParams({ limit: PAGE, ...(after ? { after } : {}) });
    try {
      const { value } = await call("GET", `/conversations?${query}`);
      const rows = value.conversations.map((one) => this.#row(one));
      if (after) this.#list.append(...rows);
      else this.#list.replaceChildren(...rows);
      this.#after = value.after;
      this.#more.hidden = value.after === null;
      this.#empty.textContent = say("history.empty");
    } catch (problem) {
      this.#empty.textContent = problem.message;
    }
    this.#empty.hidden = this.#list.children.length > 0;
    this.mark(this.#current);
  }

  #row(conversation) {
    const title = visible(conversation.title || say("history.untitled"));
    const id = conversation.conversation_id;
    const row = element("li");
    const open = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.#actions.open(id);
    };
    const link = element(
      "a",
      { href: `/?c=${encodeURIComponent(id)}`, "data-id": id, click: open },
      element("span", { class: "title", dir: "auto" }, title),
      element("span", { class: "small muted" }, moment(conversation.started_at)),
    );
    const bin = element(
      "button",
      { class: "icon-button", type: "button", "aria-label": say("history.delete", { title }) },
      icon("bin"),
    );
    bin.addEventListener("click", () => this.#askDelete(row, [link, bin], id));
    row.append(link, bin);
    return row;
  }

  #askDelete(row, normal, id) {
    const back = () => {
      row.classList.remove("asking");
      row.replaceChildren(...normal);
      normal[1].focus();
    };
    const remove = async () => {
      const next = row.nextElementSibling ?? row.previousElementSibling;
      try {
        await call("DELETE", `/conversations/${encodeURIComponent(id)}`);
      } catch (problem) {
        row.querySelector("p").textContent = problem.message;
        yes.remove();
        no.focus();
        announce(problem.message);
        return;
      }
      row.remove();
      this.#empty.hidden = this.#list.children.length > 0;
      (next?.querySelector("a") ?? byId("history-new")).focus();
      announce(say("history.deleted"));
      this.#actions.deleted(id);
    };
    const no = element("button", { class: "button", type: "button", click: back }, say("history.delete.no"));
    const yes = element("button", { class: "button danger", type: "button", click: remove }, say("history.delete.yes"));
    row.classList.add("asking");
    row.replaceChildren(element("p", { class: "small" }, say("history.delete.sure")), yes, no);
    no.focus();
  }

  #isOpen() {
    return document.body.classList.contains("drawer-open");
  }

  #drawer(open) {
    document.body.classList.toggle("drawer-open", open);
    this.#toggle.setAttribute("aria-expanded", String(open));
    for (const behind of document.querySelectorAll("[data-behind-drawer]")) behind.inert = open;
    (open ? byId("history-close") : this.#toggle).focus();
  }
}
