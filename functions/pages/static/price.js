/** What a request costs: per hour, per month, to the end of its lease, and who says so. */

import { element, visible } from "./elements.js";
import { locale, say } from "./messages.js";
import { isShadow } from "./mode.js";
import { day } from "./time.js";

const PERIODS = ["hourly", "monthly", "lease"];
const SOURCES = ["list", "table"];
const FINEST = { hourly: 4, monthly: 2, lease: 2 };

/** An amount of money in the page's language, with the currency's code. */
export function money(amount, currency, digits = FINEST.hourly) {
  const number = Number(amount);
  if (!Number.isFinite(number)) return visible(`${currency} ${amount}`);
  const style = { minimumFractionDigits: 2, maximumFractionDigits: digits };
  return `${visible(currency)} ${new Intl.NumberFormat(locale, style).format(number)}`;
}

/** "USD 0.02 per hour", or nothing. */
export function hourly(price) {
  if (!price?.hourly) return null;
  return say("price.per-hour", { amount: money(price.hourly, price.currency) });
}

/** The price of these calls together per hour, or nothing where one has none or they are in two currencies. */
export function hourlySum(calls) {
  const prices = calls.map((one) => one.price);
  if (prices.length === 0 || prices.some((price) => !price?.hourly)) return null;
  const currencies = new Set(prices.map((price) => price.currency));
  if (currencies.size > 1) return null;
  return money(prices.reduce((sum, price) => sum + Number(price.hourly), 0), [...currencies][0]);
}

/** The three figures with their source and its date; a sentence where the price is not known. */
export function pricePanel(approval) {
  const asked = approval.price !== undefined && approval.status !== "preparing" && approval.in_aws !== false;
  if (!approval.price && !approval.lease && !asked) return null;
  const lease = isShadow(approval) ? "lease.hours.shadow" : "lease.hours";
  return element(
    "section",
    { class: "panel price" },
    element("h2", {}, say(isShadow(approval) ? "price.title.shadow" : "price.title")),
    approval.price ? figures(approval.price) : asked ? element("p", {}, say("price.none")) : null,
    approval.price ? element("p", { class: "small muted" }, sourceOf(approval.price)) : null,
    approval.lease?.hours ? element("p", { class: "small" }, say(lease, { hours: approval.lease.hours })) : null,
  );
}

function figures(price) {
  const rows = PERIODS.filter((period) => price[period]).map((period) =>
    element(
      "div",
      {},
      element("dt", {}, say(`price.${period}`)),
      element("dd", {}, money(price[period], price.currency, FINEST[period])),
    ),
  );
  return element("dl", { class: "figures" }, rows);
}

function sourceOf(price) {
  const source = SOURCES.includes(price.source) ? price.source : "unknown";
  return say(`price.${source}`, { when: day(price.as_of) });
}
