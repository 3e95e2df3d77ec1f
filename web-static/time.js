// Times are UTC, as the ledger has them; the reader's own zone is shown on hover.

import { h } from "./dom.js";

const two = (number) => String(number).padStart(2, "0");

function text(date, seconds) {
  const day = `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}${seconds ? `:${two(date.getUTCSeconds())}` : ""}`;
  return `${day} ${time}`;
}

/** An instant to read. */
export function time(instant, { seconds = false } = {}) {
  if (!instant) return h("span", { class: "none" }, "–");
  const date = new Date(instant);
  const local = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
  return h("time", { datetime: instant, title: `${local} (your time)` }, `${text(date, seconds)} UTC`);
}

/** How far an instant is from now, in words. */
export function away(instant, now = Date.now()) {
  const seconds = Math.round((new Date(instant).getTime() - now) / 1000);
  const size = Math.abs(seconds);
  const [count, unit] =
    size < 60
      ? [size, "s"]
      : size < 3600
        ? [Math.round(size / 60), "min"]
        : size < 172800
          ? [Math.round(size / 3600), "h"]
          : [Math.round(size / 86400), "d"];
  return seconds < 0 ? `${count} ${unit} ago` : `in ${count} ${unit}`;
}

/** Now as the API writes it, to the second, moved by so many seconds. */
export function rfc3339(seconds = 0, from = Date.now()) {
  return new Date(from + seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The start of the UTC month an instant is in, moved by so many months. */
export function month(offset = 0, from = Date.now()) {
  const date = new Date(from);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1)).toISOString().replace(".000Z", "Z");
}

/** The start of the UTC day an instant is in, moved by so many days. */
export function day(offset = 0, from = Date.now()) {
  return new Date(Math.floor(from / 86_400_000) * 86_400_000 + offset * 86_400_000).toISOString().replace(".000Z", "Z");
}

/** What stands below a bar. */
export function bucketLabel(start, bucket) {
  if (bucket === "month") return start.slice(0, 7);
  return bucket === "hour" ? `${start.slice(5, 10)} ${start.slice(11, 16)}` : start.slice(0, 10);
}
