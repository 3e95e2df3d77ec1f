// Charts, each with its table. Without Chart.js, or with a copy that is not the one whose hash the page names, the
// tables stand alone.

import { h } from "./dom.js";

const source = "https://cdn.jsdelivr.net/npm/chart.js@3.9.1/dist/chart.min.js";
const integrity = "sha384-9MhbyIRcBVQiiC7FSd7T38oJNj2Zh+EfxS7/vjhBi4OOT78NlHSnzM31EZRWR1LZ";
const drawn = new Map();
const waiting = new Map();

/** Settles once Chart.js is there, or will not be. */
export const ready = load();

async function load() {
  if (globalThis.Chart) return true;
  const settings = await fetch("dashboard/settings.json")
    .then((answer) => answer.json())
    .catch(() => ({}));
  if (!settings.cdn_fallback) return false;
  const policy = globalThis.trustedTypes?.createPolicy("tollgate-chart", { createScriptURL: () => source });
  await new Promise((resolve) => {
    const script = document.createElement("script");
    script.integrity = integrity;
    script.crossOrigin = "anonymous";
    script.referrerPolicy = "no-referrer";
    script.onload = resolve;
    script.onerror = resolve;
    script.src = policy ? policy.createScriptURL("") : source;
    document.head.append(script);
  });
  return Boolean(globalThis.Chart);
}

/** Colours told apart by the colour-blind, in an order of contrast; the names are the style sheet's. */
const seriesCount = 8;

/**
 * A chart and its table. `spec`: { label, kind: bar or line, stacked, labels, series: [{ name, values, texts,
 * dashed }], axis(number) -> text }. `values` are only for the height of bars; `texts` are the figures.
 */
export function chart(id, spec) {
  waiting.set(id, spec);
  const alone = globalThis.Chart === undefined;
  return h(
    "figure",
    { class: "chart", "data-key": `chart-${id}` },
    h(
      "div",
      { class: alone ? "canvas-box absent" : "canvas-box", "data-keep": id },
      h("canvas", { role: "img", "aria-label": spec.label }),
    ),
    h(
      "details",
      { open: alone },
      h("summary", {}, `Table: ${spec.label}`),
      h(
        "div",
        { class: "table-wrap", tabindex: "0", role: "region", "aria-label": spec.label },
        h(
          "table",
          {},
          h("caption", { class: "hidden" }, spec.label),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              h("th", { scope: "col" }, spec.first ?? "Time"),
              spec.series.map((series) => h("th", { scope: "col", class: "number" }, series.name)),
            ),
          ),
          h(
            "tbody",
            {},
            spec.labels.map((label, index) =>
              h(
                "tr",
                {},
                h("th", { scope: "row" }, label),
                spec.series.map((series) => h("td", { class: "number" }, series.texts[index] ?? "–")),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

/** Labels of an axis, all with as many decimals; the figures are in the table. */
export function dollars(value, ticks) {
  const decimals = Math.max(0, ...ticks.map((tick) => decimalsOf(tick.value)));
  const digits = decimals === 1 ? 2 : decimals;
  return `$${value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

function decimalsOf(value) {
  return Math.min(12, (/\.(\d+)/.exec(value.toLocaleString("en", { maximumSignificantDigits: 4 }))?.[1] ?? "").length);
}

/** Draws what `chart` laid out; to be called once the page is in the document. */
export function draw() {
  for (const [id, instance] of drawn) {
    if (!instance.canvas.isConnected) {
      instance.destroy();
      drawn.delete(id);
    }
  }
  if (!globalThis.Chart) {
    waiting.clear();
    return;
  }
  const colours = palette();
  for (const [id, spec] of waiting) {
    const box = document.querySelector(`[data-keep="${CSS.escape(id)}"]`);
    if (!box) continue;
    box.classList.remove("absent");
    const canvas = box.querySelector("canvas");
    canvas.setAttribute("aria-label", spec.label);
    const settings = configuration(spec, colours);
    const instance = drawn.get(id);
    if (instance && instance.canvas === canvas && instance.config.type === settings.type) {
      instance.data = settings.data;
      instance.options = settings.options;
      instance.update("none");
    } else {
      instance?.destroy();
      drawn.set(id, new globalThis.Chart(canvas, settings));
    }
  }
  waiting.clear();
}

/** Draws again in other colours. */
export function recolour() {
  for (const instance of drawn.values()) instance.destroy();
  drawn.clear();
}

/** The style sheet's colours, as the current theme has them. */
function palette() {
  const probe = document.getElementById("palette");
  const colour = (name) => {
    probe.className = name;
    return getComputedStyle(probe).color;
  };
  const series = Array.from({ length: seriesCount }, (_, index) => colour(`series-${index}`));
  return { series, grid: colour("series-grid"), text: colour("series-text"), surface: colour("series-surface") };
}

/** Every second stacked bar is hatched, so that neighbours differ without colour too. */
function fill(colour, index, surface) {
  if (index % 2 === 0) return colour;
  const tile = document.createElement("canvas");
  tile.width = 8;
  tile.height = 8;
  const context = tile.getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 8, 8);
  context.strokeStyle = surface;
  context.lineWidth = 1.5;
  context.beginPath();
  for (const offset of [-8, 0, 8]) {
    context.moveTo(offset, 8);
    context.lineTo(offset + 8, 0);
  }
  context.stroke();
  return context.createPattern(tile, "repeat") ?? colour;
}

function configuration(spec, colours) {
  const isLine = spec.kind === "line";
  const datasets = spec.series.map((series, index) => {
    const colour = colours.series[index % seriesCount];
    const dash = series.dashed ? [4, 4] : isLine ? [[], [6, 3], [2, 2], [8, 3, 2, 3]][index % 4] : [];
    return {
      label: series.name,
      data: series.values,
      borderColor: colour,
      borderDash: dash,
      borderWidth: isLine ? 2 : 0,
      backgroundColor: isLine ? colour : fill(colour, index, colours.surface),
      pointRadius: isLine && spec.labels.length < 40 ? 2 : 0,
      pointHitRadius: 8,
      tension: 0,
      spanGaps: false,
      maxBarThickness: 44,
      pointStyle: ["circle", "rect", "triangle", "rectRot"][index % 4],
    };
  });
  const ticks = { color: colours.text, font: { family: "system-ui, sans-serif", size: 11 } };
  return {
    type: spec.kind,
    data: { labels: spec.labels, datasets },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      scales: {
        x: {
          stacked: spec.stacked,
          grid: { display: false },
          ticks: { ...ticks, maxRotation: 0, autoSkipPadding: 16 },
        },
        y: {
          stacked: spec.stacked,
          beginAtZero: true,
          grid: { color: colours.grid, drawBorder: false },
          ticks: { ...ticks, maxTicksLimit: 5, callback: (number, _place, all) => spec.axis(number, all) },
        },
      },
      plugins: {
        legend: {
          display: spec.series.length > 1,
          position: "bottom",
          // A line's mark is a piece of the line, so that what is dashed is dashed here too.
          labels: { color: colours.text, boxWidth: isLine ? 22 : 10, boxHeight: isLine ? 0 : 10 },
        },
        tooltip: {
          callbacks: {
            label: (item) => ` ${item.dataset.label}: ${spec.series[item.datasetIndex].texts[item.dataIndex] ?? "–"}`,
          },
        },
      },
    },
  };
}
