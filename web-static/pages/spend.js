// Spend: cost by day, stacked or side by side, told apart by tenant, key, model, pool, backend, meter or tag.

import { all, query } from "../api.js";
import { chart, dollars } from "../charts.js";
import { action } from "../forms.js";
import { empty, h, section } from "../dom.js";
import * as fields from "../fields.js";
import { approximate, exact, money, pico, read, sum } from "../money.js";
import * as names from "../names.js";
import { order, saveCSV, table } from "../table.js";
import { bucketLabel, day, month } from "../time.js";

const ranges = [
  ["month", "This month"],
  ["last", "Last month"],
  ["7", "Last 7 days"],
  ["30", "Last 30 days"],
  ["90", "Last 90 days"],
  ["today", "Today"],
];
const groups = [
  ["tenant", "Tenant"],
  ["key", "Key"],
  ["model", "Model"],
  ["pool", "Pool"],
  ["backend", "Backend"],
  ["meter", "Meter"],
];
const seriesMost = 7;

function span(range) {
  if (range === "today") return { start: day(), end: day(1), bucket: "hour" };
  if (range === "last") return { start: month(-1), end: month(), bucket: "day" };
  if (/^\d+$/.test(range)) return { start: day(1 - Number(range)), end: day(1), bucket: "day" };
  return { start: month(), end: day(1), bucket: "day" };
}

function choices(search) {
  return {
    range: search.get("range") ?? "month",
    by: search.get("by") ?? "tenant",
    tenant: search.get("tenant") ?? "",
    view: search.get("view") ?? "bars",
  };
}

/** The rows of all spans summed by group. */
function summed(buckets, by) {
  const rows = new Map();
  for (const bucket of buckets) {
    for (const result of bucket.results) {
      const id = result[by] ?? "";
      const row = rows.get(id) ?? { id, name: label(result, by), cost: 0n, requests: 0, input: 0, output: 0 };
      row.cost += pico(result.cost) ?? 0n;
      row.requests += result.requests;
      row.input += names.side(result.tokens, "input");
      row.output += names.side(result.tokens, "output");
      rows.set(id, row);
    }
  }
  return [...rows.values()].sort((a, b) => (a.cost === b.cost ? (a.name < b.name ? -1 : 1) : b.cost > a.cost ? 1 : -1));
}

function label(result, by) {
  const name = { tenant: result.tenant_name, key: result.key_name, backend: result.backend_name }[by];
  return name ?? result[by] ?? "(none)";
}

export async function load({ search, signal }) {
  const chosen = choices(search);
  const { start, end, bucket } = span(chosen.range);
  // Days are UTC days, also of a tenant whose own are others.
  const base = { start, end, tenant_id: chosen.tenant, time_zone: "UTC" };
  const ask = (values) => all(`/costs${query({ ...base, ...values })}`, { signal });
  // The groups over the whole span first: with thousands of them, only the largest are asked for by day.
  const [whole, totals, tenants, byID] = await Promise.all([
    ask({ bucket: "month", group_by: chosen.by }),
    ask({ bucket }),
    names.tenants({ signal }),
    names.tenantNames({ signal }),
  ]);
  const rows = summed(whole, chosen.by);
  const top = rows.slice(0, seriesMost);
  const field = { tenant: "tenant_id", key: "key_id", model: "model", pool: "pool", backend: "backend_id" }[chosen.by];
  const parts =
    rows.length <= 100 || !field
      ? await ask({ bucket, group_by: chosen.by }).then((buckets) =>
          top.map((row) => costs(buckets, (result) => (result[chosen.by] ?? "") === row.id)),
        )
      : await Promise.all(
          top.map((row) => ask({ bucket, [field]: row.id }).then((buckets) => costs(buckets, () => true))),
        );
  const calls = totals.flatMap((each) => each.results).reduce((count, result) => count + result.requests, 0);
  return { chosen, start, end, bucket, rows, top, parts, tenants, byID, calls, ...spans(totals) };
}

/** Cost by the start of each span; one page may end within a span, so the same span can come twice. */
function costs(buckets, suits) {
  const byStart = new Map();
  for (const bucket of buckets) {
    const cost = sum(bucket.results.filter(suits).map((result) => pico(result.cost) ?? 0n));
    byStart.set(bucket.start, (byStart.get(bucket.start) ?? 0n) + cost);
  }
  return byStart;
}

function spans(totals) {
  const all = costs(totals, () => true);
  return { starts: [...all.keys()].sort(), all };
}

function series({ chosen, top, parts, starts, all, rows }) {
  const list = top.map((row, index) => ({
    name: row.name,
    amounts: starts.map((start) => parts[index].get(start) ?? 0n),
  }));
  if (rows.length > top.length) {
    list.push({
      name: "All others",
      amounts: starts.map((start, place) => (all.get(start) ?? 0n) - sum(list.map((entry) => entry.amounts[place]))),
    });
  }
  return list.map(({ name, amounts }) => ({
    name,
    values: amounts.map(approximate),
    amounts,
    texts: amounts.map(read),
  }));
}

const columns = (by) => [
  {
    name: "name",
    title: groups.find(([id]) => id === by)?.[1] ?? by,
    sort: (row) => row.name.toLowerCase(),
    csv: (row) => row.name,
    cell: (row) => (by === "tenant" && row.id ? h("a", { href: `#/tenants/${row.id}` }, row.name) : row.name),
  },
  {
    name: "cost",
    title: "Cost",
    number: true,
    sort: (row) => row.cost,
    csv: (row) => exact(row.cost),
    cell: (row) => money(row.cost),
  },
  { name: "id", title: "Id", csv: (row) => row.id, hidden: true },
  {
    name: "requests",
    title: "Requests",
    number: true,
    // A call has several meters: told apart by them it would count several times.
    sort: by === "meter" ? null : (row) => row.requests,
    csv: by === "meter" ? null : (row) => row.requests,
    cell: (row) => (by === "meter" ? "–" : row.requests.toLocaleString("en")),
  },
  {
    name: "input",
    title: "Input tokens",
    number: true,
    sort: (row) => row.input,
    csv: (row) => row.input,
    cell: (row) => row.input.toLocaleString("en"),
  },
  {
    name: "output",
    title: "Output tokens",
    number: true,
    sort: (row) => row.output,
    csv: (row) => row.output,
    cell: (row) => row.output.toLocaleString("en"),
  },
];

/** The span in days, both inclusive. */
function during({ start, end }) {
  const [first, last] = [start.slice(0, 10), new Date(new Date(end) - 1).toISOString().slice(0, 10)];
  return first === last ? `on ${first}` : `from ${first} to ${last}`;
}

/** What a file is of: the days, the grouping, and the tenant if there is one. */
function fileName(data) {
  const { chosen, byID } = data;
  const plain = (text) => text.replaceAll(/[^\p{L}\p{N}]+/gu, "-");
  const tenant = chosen.tenant ? `-${plain(byID.get(chosen.tenant) ?? chosen.tenant)}` : "";
  return `${plain(during(data).replace(/^(from|on) /, ""))}-by-${plain(chosen.by)}${tenant}`;
}

/** The bars as they are drawn: a row for each span and group. */
function saveDays(data) {
  const rows = series(data).flatMap(({ name, amounts }) =>
    data.starts.map((start, place) => ({ start, name, amount: amounts[place] })),
  );
  const list = [
    { title: data.bucket === "hour" ? "Hour (UTC)" : "Day (UTC)", csv: (row) => bucketLabel(row.start, data.bucket) },
    { title: columns(data.chosen.by)[0].title, csv: (row) => row.name },
    { title: "Cost", number: true, csv: (row) => exact(row.amount) },
  ];
  saveCSV(`spend-${fileName(data)}.csv`, list, rows);
}

/** By meter the ledger itself is read: once, not over and over. */
export const every = ({ search }) => (search.get("by") === "meter" ? 0 : 15_000);

export const actions = (data) => action("Download CSV", () => saveDays(data));

export function view(data, { ui, go, redraw }) {
  const { chosen, rows, bucket, starts } = data;
  const cost = sum(rows.map((row) => row.cost));
  const list = columns(chosen.by).filter((column) => !column.hidden);
  const known = groups.some(([id]) => id === chosen.by) ? groups : [...groups, [chosen.by, chosen.by]];
  return [
    h(
      "div",
      { class: "filters" },
      fields.select("Time", chosen.range, ranges, (range) => go({ range })),
      fields.select("Group by", chosen.by, known, (by) => go({ by })),
      fields.text("or by tag", "tag", chosen.by.startsWith("tag:") ? chosen.by.slice(4) : "", (tag) =>
        go({ by: tag ? `tag:${tag}` : "tenant" }),
      ),
      fields.tenant(data.tenants, chosen.tenant, data.byID, (tenant) => go({ tenant })),
      fields.select(
        "Shown as",
        chosen.view,
        [
          ["bars", "Stacked bars"],
          ["lines", "Lines to compare"],
        ],
        (view) => go({ view }),
      ),
    ),
    rows.length === 0
      ? section(
          "Nothing yet",
          null,
          empty(
            "No calls were made in this time.",
            h("p", {}, "Choose another time, or make a call with a tenant's key."),
          ),
        )
      : [
          section(
            [money(cost), ` ${during(data)}, UTC`],
            null,
            chart(`spend-${chosen.view}`, {
              label: `Cost by ${bucket}, by ${chosen.by}`,
              kind: chosen.view === "lines" ? "line" : "bar",
              stacked: chosen.view !== "lines",
              labels: starts.map((start) => bucketLabel(start, bucket)),
              series: series(data),
              first: bucket === "hour" ? "Hour" : "Day",
              axis: dollars,
            }),
          ),
          section(
            "Sums",
            action("Download sums", () =>
              saveCSV(`spend-${fileName(data)}-sums.csv`, columns(chosen.by), order(rows, columns(chosen.by), ui)),
            ),
            table("Cost by group", list, rows, ui, redraw, {
              key: (row) => `g-${row.id}`,
              footer: {
                name: "All",
                requests: data.calls.toLocaleString("en"),
                input: rows.reduce((total, row) => total + row.input, 0).toLocaleString("en"),
                output: rows.reduce((total, row) => total + row.output, 0).toLocaleString("en"),
                cost: money(cost),
              },
            }),
          ),
        ],
  ];
}
