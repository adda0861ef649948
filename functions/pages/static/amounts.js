/** Sizes as people read them. */

import { locale } from "./messages.js";

const UNITS = [
  [1_000_000, "megabyte"],
  [1_000, "kilobyte"],
  [1, "byte"],
];

/** "1.2 MB", in the page's language. */
export function size(bytes) {
  const [unit, name] = UNITS.find(([least]) => bytes >= least) ?? UNITS.at(-1);
  const unitDisplay = name === "byte" ? "long" : "short";
  const style = { style: "unit", unit: name, unitDisplay, maximumFractionDigits: bytes / unit < 10 ? 1 : 0 };
  return new Intl.NumberFormat(locale, style).format(bytes / unit);
}

export function percent(part) {
  return new Intl.NumberFormat(locale, { style: "percent" }).format(Math.floor(part * 100) / 100);
}
