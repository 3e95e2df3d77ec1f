// Periods and exports: months with their state and checksum; close one, and download it in every format.

import { all, download, get, onceKey, part, query, send } from "../api.js";
import { ask } from "../dialog.js";
import { chip, empty, h, notice, section } from "../dom.js";
import { button, changed } from "../forms.js";
import { money, pico, sum } from "../money.js";
import * as names from "../names.js";
import { table } from "../table.js";
import { time } from "../time.js";

/** Each with what it says to the server besides its format. */
const formats = [
  ["CSV", { format: "csv" }],
  ["CSV for Excel", { format: "csv", profile: "excel" }],
  ["CSV for Excel, decimal comma", { format: "csv", profile: "excel", decimal: "comma" }],
  ["Excel workbook", { format: "xlsx" }],
  ["FOCUS 1.2", { format: "focus-1.2" }],
  ["FOCUS 1.4, cost and usage", { format: "focus-1.4", file: "cost-and-usage" }],
  ["FOCUS 1.4, billing period", { format: "focus-1.4", file: "billing-period" }],
  ["FOCUS 1.4, invoice detail", { format: "focus-1.4", file: "invoice-detail" }],
  ["Ledger entries (JSON Lines)", { format: "jsonl" }],
  ["Statements to print (HTML)", { format: "statement" }],
];
const tones = { open: "plain", closing: "warn", closed: "good" };

/** What each tenant's calls of the month come to. */
async function byTenant(period) {
  const buckets = await all(
    `/costs${query({ bucket: "month", start: period.start, end: period.end, group_by: "tenant" })}`,
  );
  return buckets
    .flatMap((bucket) => bucket.results)
    .map((row) => ({ name: row.tenant_name ?? row.tenant, cost: pico(row.cost) ?? 0n, requests: row.requests }))
    .sort((a, b) => (b.cost > a.cost ? 1 : b.cost < a.cost ? -1 : 0));
}

export async function load({ signal }) {
  return { rows: await all("/periods", { signal }) };
}

const hasEnded = (period) => new Date(period.end) <= Date.now();
const checksum = (period) => period.manifest_sha256;

async function close(context, period) {
  const once = onceKey();
  const [now, rows] = await Promise.all([get(`/periods/${part(period.period)}`), byTenant(period)]);
  const rest = (pico(now.cost) ?? 0n) - sum(rows.map((row) => row.cost));
  // Two ways to one sum: only calls that ended between the two looks may make a difference.
  const isOff = rest !== 0n;
  const done = await ask({
    title: `Close ${period.period}?`,
    action: `Close ${period.period}`,
    danger: true,
    body: [
      h(
        "p",
        {},
        "A closed month never changes: what comes late is a correction in a later one. It cannot be opened again.",
      ),
      h(
        "p",
        {},
        h("strong", {}, money(now.cost)),
        ` in ${now.entries.toLocaleString("en")} ledger entries, by tenant:`,
      ),
      now.live_holds
        ? notice("warn", `${now.live_holds} calls of it still run: the month closes once they end.`)
        : null,
      isOff
        ? notice(
            "warn",
            h(
              "p",
              {},
              "The tenants' sums and the month's total differ by ",
              money(rest),
              ". If it stays so when this is opened again, do not close the month: run ",
              h("code", {}, "tollgate verify"),
              ".",
            ),
          )
        : null,
      now.uncertain_holds
        ? notice("warn", `${now.uncertain_holds} holds were left by a crash. A later charge will be a correction.`)
        : null,
      h(
        "div",
        { class: "dialog-table" },
        table(
          `Totals of ${period.period}`,
          [
            { name: "tenant", title: "Tenant", cell: (row) => row.name },
            { name: "requests", title: "Requests", number: true, cell: (row) => row.requests.toLocaleString("en") },
            { name: "cost", title: "Cost", number: true, cell: (row) => money(row.cost) },
          ],
          rows,
          {},
          () => {},
          { most: 1000 },
        ),
      ),
    ],
    fields: [
      {
        name: "grace",
        label: "Wait for late facts",
        kind: "select",
        value: "",
        options: [
          ["", "as configured"],
          ["0s", "not at all"],
          ["1h", "1 hour"],
          ["24h", "24 hours"],
        ],
      },
    ],
    submit: ({ grace }) => send("POST", `/periods/${part(period.period)}/close`, grace ? { grace } : {}, { once }),
  });
  if (done) await changed(context, "The month is closing.");
}

/** A name for the file, where the browser wants one before the answer is there. */
function fileName({ period }, { format, profile, file }) {
  const ending = { csv: "csv", xlsx: "xlsx", jsonl: "jsonl", statement: "html" }[format] ?? "csv";
  return `${[period, ending === format ? "" : format, profile, file].filter(Boolean).join("-")}.${ending}`;
}

async function fetchExport(period) {
  const tenants = await names.tenants();
  await ask({
    title: `Download ${period.period}`,
    action: "Download",
    body:
      period.status === "closed"
        ? h("p", {}, "The same choice gives the same bytes, for ever.")
        : notice("warn", "The month is not closed: its figures still grow."),
    fields: [
      {
        name: "format",
        label: "Format",
        kind: "select",
        options: formats.map(([title], index) => [String(index), title]),
      },
      {
        name: "tenant_id",
        label: "Tenant",
        kind: "select",
        options: [["", "All tenants"], ...tenants.map((tenant) => [tenant.id, tenant.name])],
      },
      { name: "tag", label: "Only with the tag", hint: "A name, or name:value. Empty: all." },
      { name: "group_by", label: "Group by key too", kind: "checkbox" },
      { name: "view", label: "What backends charge us (upstream view)", kind: "checkbox" },
    ],
    abortable: true,
    submit: ({ format, tenant_id, tag, group_by, view }, signal) => {
      const values = {
        ...formats[Number(format)][1],
        tenant_id,
        tag,
        group_by: group_by ? "key" : "",
        view: view ? "upstream" : "",
      };
      const name = fileName(period, formats[Number(format)][1]);
      return download(`/exports/${part(period.period)}${query(values)}`, name, signal);
    },
  });
}

async function manifest(period) {
  const value = await get(`/exports/${part(period.period)}/manifest`);
  const text = JSON.stringify(value, null, 2);
  await ask({
    title: `Manifest of ${period.period}`,
    action: "Download",
    body: h("pre", { class: "json", tabindex: "0", role: "region", "aria-label": "Manifest" }, text),
    abortable: true,
    submit: (_values, signal) =>
      download(`/exports/${part(period.period)}/manifest`, `${period.period}-manifest.json`, signal),
  });
}

export function view({ rows }, context) {
  const { ui, redraw, can } = context;
  if (!rows.length) return section("No months yet", null, empty("Months appear with the first call."));
  const columns = [
    { name: "month", title: "Month (UTC)", sort: (row) => row.period, cell: (row) => row.period },
    {
      name: "status",
      title: "State",
      sort: (row) => row.status,
      cell: (row) => [
        chip(row.status, tones[row.status] ?? "plain"),
        row.status === "closing"
          ? h(
              "div",
              { class: "note" },
              "due at ",
              time(row.due_at),
              row.live_holds ? `, waits for ${row.live_holds} calls` : "",
            )
          : null,
        row.status === "open"
          ? h("div", { class: "note" }, hasEnded(row) ? "can be closed" : ["can be closed from ", time(row.end)])
          : null,
      ],
    },
    { name: "cost", title: "Cost", number: true, sort: (row) => pico(row.cost), cell: (row) => money(row.cost) },
    {
      name: "entries",
      title: "Entries",
      number: true,
      sort: (row) => row.entries,
      cell: (row) => row.entries.toLocaleString("en"),
    },
    { name: "closed", title: "Closed", sort: (row) => row.closed_at ?? "", cell: (row) => time(row.closed_at) },
    {
      name: "checksum",
      title: "Checksum",
      cell: (row) =>
        checksum(row)
          ? h("code", { class: "checksum", title: checksum(row) }, `${checksum(row).slice(0, 12)}…`)
          : h("span", { class: "none" }, "when closed"),
    },
    {
      name: "changes",
      title: "",
      cell: (row) =>
        h(
          "span",
          { class: "row-actions" },
          can("GET", "/exports/{}") ? button("Download", `Download ${row.period}`, () => fetchExport(row)) : null,
          can("GET", "/exports/{}/manifest")
            ? button("Manifest", `Manifest of ${row.period}`, () => manifest(row))
            : null,
          can("POST", "/periods/{}/close") && row.status === "open" && hasEnded(row)
            ? button("Close", `Close ${row.period}`, () => close(context, row))
            : null,
        ),
    },
  ];
  return section("Months", null, table("Months", columns, rows, ui, redraw, { key: (row) => row.period }));
}
