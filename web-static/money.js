// Amounts of US dollars as whole picodollars (BigInt): what is shown is the ledger's figure, never a float.

import { chip, h } from "./dom.js";

const scale = 1_000_000_000_000n;

/** Picodollars of a decimal text such as "-0.000123"; null if it is none. */
export function pico(text) {
  const match = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(String(text ?? ""));
  if (!match) return null;
  const amount = BigInt(match[2]) * scale + BigInt((match[3] ?? "").padEnd(12, "0"));
  return match[1] ? -amount : amount;
}

/** The exact decimal text, without trailing zeros. */
export function exact(amount) {
  const size = amount < 0n ? -amount : amount;
  const fraction = (size % scale).toString().padStart(12, "0").replace(/0+$/, "");
  return `${amount < 0n ? "-" : ""}${size / scale}${fraction ? `.${fraction}` : ""}`;
}

/** Rounded for reading: cents from a dollar up, four decimals from a cent up, else two significant digits. */
export function rounded(amount) {
  const size = amount < 0n ? -amount : amount;
  let decimals = 2;
  if (size > 0n && size < scale) decimals = size >= scale / 100n ? 4 : 13 - String(size).length + 1;
  decimals = Math.min(decimals, 12);
  const step = 10n ** BigInt(12 - decimals);
  const units = (size + step / 2n) / step;
  const whole = units / 10n ** BigInt(decimals);
  const fraction = (units % 10n ** BigInt(decimals)).toString().padStart(decimals, "0");
  const grouped = whole.toString().replace(/\B(?=(\d{3})+$)/g, ",");
  return `${amount < 0n ? "−" : ""}$${grouped}.${fraction}`;
}

let exactly = false;

/** Whether every amount is shown to its last digit. */
export const isExact = () => exactly;
export function turnExact() {
  exactly = !exactly;
}

/** An amount as text, as the person wants it: rounded, or to its last digit. */
export function read(amount) {
  if (!exactly) return rounded(amount);
  const [whole, fraction = ""] = exact(amount < 0n ? -amount : amount).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${amount < 0n ? "−" : ""}$${grouped}.${fraction.padEnd(2, "0")}`;
}

/** An amount to read; the exact one on hover, and in the clipboard when it is copied. */
export function money(text) {
  const amount = typeof text === "bigint" ? text : pico(text);
  if (amount === null) return h("span", { class: "none" }, "–");
  return h("data", { class: "money", value: exact(amount), title: `$${exact(amount)} exactly` }, read(amount));
}

/** Copying an amount takes the exact one. */
export function copyExactly(event) {
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed) return;
  const [start, end] = [selection.anchorNode, selection.focusNode].map((node) =>
    (node instanceof Element ? node : node?.parentElement)?.closest("data.money"),
  );
  if (!start || start !== end) return;
  event.clipboardData.setData("text/plain", start.getAttribute("value"));
  event.preventDefault();
}

/** For the height of a bar only. */
export function approximate(amount) {
  return Number(amount) / 1e12;
}

/** part / whole in tenths of a percent, 0 to 1000. */
export function permille(part, whole) {
  if (whole <= 0n) return part > 0n ? 1000 : 0;
  const value = (part * 1000n) / whole;
  return Number(value < 0n ? 0n : value > 1000n ? 1000n : value);
}

/** The sum of amounts. */
export function sum(amounts) {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

/** The bar of a budget: posted, held and what remains, with the figures beside it. */
export function gauge(state, label = "Budget") {
  const [limit, posted, held] = [pico(state.limit), pico(state.posted), pico(state.held)];
  const a = permille(posted, limit);
  const b = Math.min(permille(posted + held, limit), 1000);
  const tone = a >= 1000 || b >= 1000 ? "bad" : a >= 800 ? "warn" : "good";
  const text = `${label}: ${read(posted)} posted and ${read(held)} held of ${read(limit)}`;
  const filled = Math.max(a, posted > 0n ? 6 : 0);
  return h(
    "div",
    { class: "gauge" },
    h(
      "svg",
      {
        class: `bar bar-${tone}`,
        viewBox: "0 0 1000 10",
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": text,
      },
      h("rect", { class: "bar-rest", width: 1000, height: 10 }),
      h("rect", { class: "bar-held", width: Math.max(b, filled), height: 10 }),
      h("rect", { class: "bar-posted", width: filled, height: 10 }),
    ),
    h(
      "div",
      { class: "gauge-figures" },
      h("span", {}, money(posted), " posted"),
      held > 0n ? h("span", {}, money(held), " held") : null,
      h("span", {}, money(state.remaining), " left of ", money(limit)),
    ),
  );
}

/** What a budget does to calls, beyond its bar: a hard one near its end refuses, a shadow one counts. */
export function effect({ mode, state }) {
  if (!state) return null;
  if (mode === "shadow") {
    const count = state.would_refuse ?? 0;
    return count ? chip(`would have refused ${count.toLocaleString("en")}`, "warn") : null;
  }
  const rest = pico(state.remaining) ?? 0n;
  if (mode !== "hard" || permille(rest, pico(state.limit) ?? 0n) > 200) return null;
  return rest <= 0n ? chip("refuses every call", "bad") : chip(`refuses calls above ${read(rest)}`, "bad");
}
