/** Beside the composer: the conversation's files, those on their way, and the notebook to take along. */

import { size } from "./amounts.js";
import { acceptDrops } from "./drops.js";
import { announce, byId, element, foreign, icon, renew, visible } from "./elements.js";
import { say } from "./messages.js";
import { MOST_BYTES, MOST_FILES } from "./packing.js";
import { UploadRow } from "./upload_row.js";

export class Files {
  #place = byId("files");
  #control = byId("attach");
  #input = byId("attach-files");
  #parts = { problem: "div", list: "div", uploads: "ul", limits: "p", download: "div" };
  #marks = {};
  #rows = new Map();
  #isOffered = false;
  #notebook;
  #uploads;
  #actions;

  /**
   * `actions`: `title()` of the conversation, `leave()` before the page is left to sign in, `anew()` for a new conversation.
   */
  constructor(notebook, uploads, actions) {
    this.#notebook = notebook;
    this.#uploads = uploads;
    this.#actions = { ...actions, uploads };
    for (const [name, tag] of Object.entries(this.#parts)) {
      this.#parts[name] = element(tag, { class: `files-${name}`, id: `files-${name}` });
    }
    this.#parts.limits.classList.add("small", "muted");
    this.#place.append(...Object.values(this.#parts));
    this.#input.addEventListener("change", () => {
      uploads.add([...this.#input.files]);
      this.#input.value = "";
    });
    acceptDrops(byId("main"), {
      isOffered: () => this.#isOffered,
      may: () => !this.#input.disabled,
      add: (files) => uploads.add(files),
    });
  }

  /** Can files be added here? */
  offer(is) {
    this.#isOffered = is;
    this.draw();
  }

  draw() {
    const { files, cells, problem } = this.#notebook;
    const isFull = this.#uploads.count() >= MOST_FILES;
    this.#control.hidden = !this.#isOffered;
    this.#input.disabled = isFull || this.#uploads.isHeld();
    this.#put("problem", problem, () => this.#notRead(problem));
    this.#put("list", files.length > 0 && [files, this.#isOffered], () => this.#list(files));
    this.#put("limits", this.#isOffered && [isFull], () => [limits(isFull)]);
    this.#parts.limits.hidden ||= files.length > 0 && !isFull;
    this.#put("download", cells.length > 0, () => this.#download());
    this.#putUploads();
    this.#place.hidden = Object.values(this.#parts).every((part) => part.hidden);
  }

  /** A part is drawn again only when what it shows changed. */
  #put(name, shown, draw) {
    const part = this.#parts[name];
    const mark = JSON.stringify(shown || null);
    part.hidden = !shown;
    if (mark === this.#marks[name]) return;
    this.#marks[name] = mark;
    renew(part, ...(shown ? draw() : []));
  }

  #putUploads() {
    const all = this.#uploads.all;
    for (const upload of [...this.#rows.keys()]) {
      if (all.includes(upload)) continue;
      this.#rows.get(upload).place.remove();
      this.#rows.delete(upload);
    }
    for (const upload of all) {
      if (this.#rows.has(upload)) this.#rows.get(upload).draw();
      else this.#begin(upload);
    }
    this.#parts.uploads.hidden = all.length === 0;
  }

  #begin(upload) {
    const row = new UploadRow(upload, this.#actions);
    this.#rows.set(upload, row);
    this.#parts.uploads.append(row.place);
  }

  #notRead(problem) {
    const again = element("button", { class: "button", type: "button", click: () => this.#notebook.read() });
    again.append(say("chat.try-again"));
    return [element("p", { class: "small" }, `${say("files.not-read")} ${visible(problem.message)}`), again];
  }

  #list(files) {
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const told = { count: files.length, size: size(bytes), name: visible(files[0].name) };
    const summary = element("summary", {}, say(files.length === 1 ? "files.one" : "files.several", told));
    const rows = files.map((one) => this.#row(one));
    const most = this.#isOffered ? element("p", { class: "small muted" }, limits(false)) : null;
    return [element("details", { "data-control": "file-list" }, summary, element("ul", {}, rows), most)];
  }

  #row(file) {
    const name = visible(file.name);
    const row = element("li", { class: "file" });
    const bin = element("button", { class: "icon-button", type: "button", "aria-label": say("files.remove", { name }) });
    const shown = [foreign("span", { class: "file-name" }, file.name), element("span", { class: "small muted" }, size(file.bytes)), bin];
    const back = () => {
      row.replaceChildren(...shown);
      bin.focus();
    };
    bin.append(icon("bin"));
    bin.addEventListener("click", () => this.#ask(row, file.name, back));
    row.append(...shown);
    return row;
  }

  #ask(row, name, back) {
    const sentence = element("p", { class: "small" }, say("files.remove.sure", { name: visible(name) }));
    const no = element("button", { class: "button", type: "button", click: back }, say("files.remove.no"));
    const yes = element("button", { class: "button danger", type: "button" }, say("files.remove.yes"));
    yes.addEventListener("click", async () => {
      yes.disabled = true;
      try {
        await this.#notebook.remove(name);
        announce(say("files.removed", { name: visible(name) }));
        (this.#place.querySelector("summary") ?? this.#input).focus();
      } catch (problem) {
        if (!problem.code) throw problem;
        sentence.textContent = visible(problem.message);
        sentence.setAttribute("role", "alert");
        yes.disabled = false;
      }
    });
    row.replaceChildren(sentence, element("div", { class: "actions" }, yes, no));
    no.focus();
  }

  #download() {
    const failure = element("p", { class: "small failure-line", role: "alert" });
    const save = async () => {
      failure.textContent = "";
      try {
        await this.#notebook.download(this.#actions.title());
      } catch (problem) {
        if (!problem.code) throw problem;
        failure.textContent = visible(problem.message);
      }
    };
    return [element("button", { class: "button", type: "button", click: save }, icon("download"), say("notebook.download")), failure];
  }
}

function limits(isFull) {
  if (isFull) return say("files.full", { count: MOST_FILES });
  return say("files.limits", { size: size(MOST_BYTES), count: MOST_FILES });
}
