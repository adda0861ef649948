/** Times as people read them; the server's clock counts, not the phone's. */

import { element } from "./elements.js";
import { say } from "./messages.js";

const SECOND = 1000;
const SOON_SECONDS = 120;
let ahead = 0;
let ticking = null;

/** Learn from an answer's `Date` how far this machine's clock is off. */
export function learnClock(date) {
  const server = Date.parse(date ?? "");
  if (Number.isNaN(server)) return;
  const difference = server - Date.now();
  ahead = Math.abs(difference) < 2 * SECOND ? 0 : difference;
}

export function secondsUntil(moment) {
  return Math.max(0, Math.ceil((Date.parse(moment) - Date.now() - ahead) / SECOND));
}

/** "today 14:05" without the word today; with the date when it was another day. */
export function moment(text) {
  const when = new Date(text);
  if (Number.isNaN(when.getTime())) return "";
  const sameDay = when.toDateString() === new Date().toDateString();
  const style = sameDay ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(document.documentElement.lang, style).format(when);
}

export function timeElement(text) {
  return element("time", { datetime: text, title: new Date(text).toString() }, moment(text));
}

/** A time left that ticks; screen readers find it but are not told each second. */
export function countdown(until) {
  const shown = element("span", { class: "countdown", role: "timer", "aria-live": "off", "data-until": until });
  tick(shown);
  ticking ??= setInterval(() => document.querySelectorAll("[data-until]").forEach(tick), SECOND);
  return shown;
}

function tick(shown) {
  const seconds = secondsUntil(shown.dataset.until);
  shown.textContent = seconds === 0 ? say("time.up") : say("time.left", { time: duration(seconds) });
  shown.classList.toggle("soon", seconds <= SOON_SECONDS);
}

function duration(seconds) {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (hours > 0) return `${hours} h ${minutes} min`;
  if (minutes >= 10) return `${minutes} min`;
  if (minutes > 0) return `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
  return `${seconds} s`;
}
