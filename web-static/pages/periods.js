// Periods and exports: months with their state and checksum; close one, and download it in every format.

import { all, download, get, part, query, send } from "../api.js";
import { ask } from "../dialog.js";
import { chip, empty, h, notice, section } from "../dom.js";
import { button, changed } from "../forms.js";
import { money, pico, sum } from "../money.js";
import { table } from "../table.js";
import { month, time } from "../time.js";

const formats = [["csv", "CSV"], ["csv&profile=excel", "CSV for Excel"], ["xlsx", "Excel workbook"], ["focus-1.2", "FOCUS 1.2"],
  ["focus-1.4", "FOCUS 1.4"], ["jsonl", "JSON Lines"], ["statement", "Statements (HTML)"]];
const tones = { open: "plain", closing: "warn", closed: "good" };

const name = (period) => period.period ?? period.id ?? period.name;

/** The first instant after a month. */
function end(label) {
  const [year, number] = label.split("-").map(Number);
  return month(0, Date.UTC(year, number, 1));
}

async function totals(label, signal) {
  const buckets = await all(`/costs${query({ bucket: "month", start: `${label}-01T00:00:00Z`, end: end(label), group_by: "tenant" })}`, { signal });
  const rows = new Map();
  for (const row of buckets.flatMap((bucket) => bucket.results)) {
    const before = rows.get(row.tenant) ?? { name: row.tenant_name ?? row.tenant, cost: 0n, requests: 0 };
    rows.set(row.tenant, { ...before, cost: before.cost + (pico(row.cost) ?? 0n), requests: before.requests + row.requests });
  }
  return [...rows.values()].sort((a, b) => (b.cost > a.cost ? 1 : b.cost < a.cost ? -1 : 0));
}

export async function load({ signal }) {
  const periods = await all("/periods", { signal });
  const labels = periods.map(name);
  const sums = await Promise.all(labels.slice(0, 24).map((label) => totals(label, signal)));
  return { rows: periods.map((period, index) => ({ ...period, label: labels[index], tenants: sums[index] ?? null,
    total: sums[index] ? sum(sums[index].map((row) => row.cost)) : null })) };
}

const checksum = (period) => period.manifest_sha256 ?? period.chain_head ?? period.checksum ?? null;

async function close(context, period) {
  const rows = await totals(period.label);
  const total = sum(rows.map((row) => row.cost));
  const done = await ask({
    title: `Close ${period.label}?`, action: `Close ${period.label}`, danger: true,
    body: [
      h("p", {}, "A closed month never changes: what comes late is a correction in a later one. It cannot be opened again."),
      h("p", {}, h("strong", {}, money(total)), ` in ${rows.reduce((count, row) => count + row.requests, 0).toLocaleString("en")} calls of ${rows.length} ${rows.length === 1 ? "tenant" : "tenants"}:`),
      table(`Totals of ${period.label}`, [
        { name: "tenant", title: "Tenant", cell: (row) => row.name },
        { name: "requests", title: "Requests", number: true, cell: (row) => row.requests.toLocaleString("en") },
        { name: "cost", title: "Cost", number: true, cell: (row) => money(row.cost) },
      ], rows, {}, () => {}, { most: 12 }),
    ],
    fields: [{ name: "grace", label: "Wait for late facts", kind: "select", value: "", options: [["", "as configured"], ["0s", "not at all"], ["1h", "1 hour"], ["24h", "24 hours"]] }],
    submit: ({ grace }) => send("POST", `/periods/${part(period.label)}/close`, grace ? { grace } : {}),
  });
  if (done) await changed(context, done.status === "closed" ? "The month is closed." : "The month is closing.");
}

async function fetchExport(period) {
  await ask({
    title: `Download ${period.label}`, action: "Download",
    body: period.status === "closed" ? h("p", {}, "The same choice gives the same bytes, for ever.")
      : notice("warn", "The month is not closed: its figures still grow."),
    fields: [
      { name: "format", label: "Format", kind: "select", options: formats },
      { name: "tenant_id", label: "Tenant", kind: "select", options: [["", "All tenants"], ...(period.tenantChoices ?? [])] },
      { name: "group_by", label: "Told apart by key too", kind: "checkbox" },
      { name: "view", label: "What the backends charge us (upstream view)", kind: "checkbox" },
    ],
    submit: ({ format, tenant_id, group_by, view }) => {
      const [kind, profile] = format.split("&profile=");
      const values = { format: kind, profile, tenant_id, group_by: group_by ? "key" : "", view: view ? "upstream" : "" };
      return download(`/exports/${part(period.label)}${query(values)}`, `${period.label}.${kind}`);
    },
  });
}

async function manifest(period) {
  const value = await get(`/exports/${part(period.label)}/manifest`);
  const text = JSON.stringify(value, null, 2);
  await ask({ title: `Manifest of ${period.label}`, action: "Download", body: h("pre", { class: "json", tabindex: "0", role: "region", "aria-label": "Manifest" }, text),
    submit: () => download(`/exports/${part(period.label)}/manifest`, `${period.label}-manifest.json`) });
}

async function withTenants(period, run) {
  const tenants = await all("/tenants");
  return run({ ...period, tenantChoices: tenants.slice(0, 1000).map((tenant) => [tenant.id, tenant.name]) });
}

export function view({ rows }, context) {
  const { ui, redraw, can } = context;
  if (!rows.length) return section("No months yet", null, empty("Months appear with the first call."));
  const columns = [
    { name: "label", title: "Month (UTC)", sort: (row) => row.label, cell: (row) => row.label },
    { name: "status", title: "State", sort: (row) => row.status, cell: (row) => [chip(row.status, tones[row.status] ?? "plain"),
      row.closes_at && row.status === "closing" ? h("div", { class: "note" }, "closes at ", time(row.closes_at)) : null] },
    { name: "total", title: "Cost", number: true, sort: (row) => row.total ?? 0n, cell: (row) => (row.total === null ? "–" : money(row.total)) },
    { name: "closed", title: "Closed", sort: (row) => row.closed_at ?? "", cell: (row) => time(row.closed_at) },
    { name: "checksum", title: "Checksum", cell: (row) => (checksum(row)
      ? h("code", { class: "checksum", title: checksum(row) }, `${checksum(row).slice(0, 12)}…`) : h("span", { class: "none" }, "when closed")) },
    { name: "changes", title: "", cell: (row) => h("span", { class: "row-actions" },
      can("GET", "/exports/{}") ? button("Download", `Download ${row.label}`, () => withTenants(row, fetchExport)) : null,
      can("GET", "/exports/{}/manifest") ? button("Manifest", `Manifest of ${row.label}`, () => manifest(row)) : null,
      can("POST", "/periods/{}/close") && row.status === "open" && end(row.label) <= new Date().toISOString()
        ? button("Close", `Close ${row.label}`, () => close(context, row)) : null) },
  ];
  return section("Months", null, table("Months", columns, rows, ui, redraw, { key: (row) => row.label }));
}
