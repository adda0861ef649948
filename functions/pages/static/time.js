/** Times as people read them; the server's clock counts, not the phone's. */

import { element } from "./elements.js";
import { locale, say } from "./messages.js";

const SECOND = 1000;
const SOON_SECONDS = 120;
let ahead = 0;
let ticking = null;
let zone;

/** Learn from an answer's `Date` how far this machine's clock is off. */
export function learnClock(date) {
  const server = Date.parse(date ?? "");
  if (Number.isNaN(server)) return;
  const difference = server - Date.now();
  ahead = Math.abs(difference) < 2 * SECOND ? 0 : difference;
}

/** From now on times are told in this zone; in the machine's own where it is not known. */
export function setTimeZone(name) {
  try {
    zone = name ? new Intl.DateTimeFormat(locale, { timeZone: name }).resolvedOptions().timeZone : undefined;
  } catch {
    zone = undefined;
  }
}

export function secondsUntil(moment) {
  return Math.max(0, Math.ceil((Date.parse(moment) - Date.now() - ahead) / SECOND));
}

/** The time of day; with the date when it is not today's. */
export function moment(text) {
  const when = new Date(text);
  if (!text || Number.isNaN(when.getTime())) return "";
  const date = (one) => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: zone }).format(one);
  const style = date(when) === date(new Date(Date.now() + ahead)) ? {} : { dateStyle: "medium" };
  return new Intl.DateTimeFormat(locale, { ...style, timeStyle: "short", timeZone: zone }).format(when);
}

/** The time of day that many seconds from now, on the server's clock. */
export function momentAfter(seconds) {
  return moment(new Date(Date.now() + ahead + seconds * SECOND).toISOString());
}

/** The same with its time zone named, for what must not be misread. */
export function momentWithZone(text) {
  const when = new Date(text);
  if (!text || Number.isNaN(when.getTime())) return "";
  const parts = new Intl.DateTimeFormat(locale, { timeZoneName: "short", timeZone: zone }).formatToParts(when);
  return `${moment(text)} ${parts.find((part) => part.type === "timeZoneName").value}`;
}

/** A date without a time: "2026-11-21" as people write it. */
export function day(text) {
  const when = new Date(`${text}T00:00:00Z`);
  if (Number.isNaN(when.getTime())) return String(text ?? "");
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(when);
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
  if (hours > 0) return say("time.hours", { hours, minutes });
  if (minutes >= 10) return say("time.minutes", { minutes });
  if (minutes > 0) {
    return say("time.minutes-seconds", { minutes, seconds: String(seconds % 60).padStart(2, "0") });
  }
  return say("time.seconds", { seconds });
}
