// Tenants: each with the budget nearest to its limit; one tenant with keys, quotas, budgets and entitlements.

import { all, get, part, query } from "../api.js";
import { budgetActions, newBudget, raises } from "../budget-forms.js";
import { chart, dollars } from "../charts.js";
import { chip, commands, empty, h, notice, section } from "../dom.js";
import { find } from "../fields.js";
import {
  action,
  archive,
  changeEntitlements,
  changeQuotas,
  changeTenant,
  credit,
  newKey,
  newTenant,
  quotaWords,
  suspend,
  tagText,
} from "../forms.js";
import { approximate, effect, gauge, money, pico, read, sum } from "../money.js";
import * as names from "../names.js";
import { table } from "../table.js";
import { away, day, month, time } from "../time.js";
import { keyColumns } from "./keys.js";

export async function load(context) {
  return context.path[1] ? loadOne(context.path[1], context) : loadAll(context);
}

async function loadAll({ signal }) {
  const [tenants, budgets, costs] = await Promise.all([
    names.tenants({ signal }),
    names.budgets({ signal }),
    names.spentThisMonth({ signal }),
  ]);
  const byTenant = Map.groupBy(budgets, (budget) => budget.tenant_id);
  const spent = new Map(costs.map((row) => [row.tenant, row.cost]));
  const rows = tenants.map((tenant) => ({
    ...tenant,
    spent: spent.get(tenant.id) ?? "0",
    tightest: names.tightest(byTenant.get(tenant.id) ?? []),
  }));
  return { rows };
}

const columns = [
  {
    name: "name",
    title: "Tenant",
    sort: (row) => row.name.toLowerCase(),
    cell: (row) => [
      h("a", { href: `#/tenants/${row.id}` }, row.name),
      row.suspended ? [" ", chip("suspended", "bad")] : null,
    ],
  },
  {
    name: "budget",
    title: "Budget nearest to its limit",
    sort: (row) => (row.tightest ? names.share(row.tightest) : -1),
    cell: (row) =>
      row.tightest?.state
        ? [
            gauge(row.tightest.state, row.name),
            h("span", { class: "note" }, `${row.tightest.window}, ${row.tightest.mode}, ${names.scope(row.tightest)} `),
            effect(row.tightest),
          ]
        : h("span", { class: "none" }, "no budget: not capped"),
  },
  {
    name: "resets",
    title: "Resets",
    sort: (row) => row.tightest?.state?.resets_at ?? "~",
    cell: (row) =>
      row.tightest?.state?.resets_at ? time(row.tightest.state.resets_at) : h("span", { class: "none" }, "never"),
  },
  { name: "spent", title: "This month", number: true, sort: (row) => pico(row.spent), cell: (row) => money(row.spent) },
];

function viewAll({ rows }, { ui, redraw, can }) {
  if (!rows.length) {
    return section(
      "No tenants yet",
      null,
      empty(
        "A tenant owns keys and pays.",
        can("POST", "/tenants") ? h("p", {}, "Create the first one above, or:") : null,
        can("POST", "/tenants")
          ? commands(
              "tollgate tenants create --name acme",
              "tollgate entitlements set --tenant acme --pool fast",
              "tollgate keys create --tenant acme --name first",
            )
          : h("p", {}, "Someone with the role admin makes them."),
      ),
    );
  }
  const wanted = (ui.filter ?? "").toLowerCase();
  const found = wanted ? rows.filter((row) => row.name.toLowerCase().includes(wanted) || row.id === wanted) : rows;
  return [
    h(
      "div",
      { class: "filters" },
      find(`Find among ${rows.length.toLocaleString("en")}`, ui, redraw),
    ),
    section(
      `${found.length.toLocaleString("en")} ${found.length === 1 ? "tenant" : "tenants"}`,
      null,
      found.length
        ? table("Tenants", columns, found, ui, redraw, {
            key: (row) => row.id,
            footer: { name: "All", spent: money(sum(found.map((row) => pico(row.spent) ?? 0n))) },
          })
        : empty("No tenant has that in its name."),
    ),
  ];
}

async function loadOne(id, { signal, can }) {
  // First, so that one that is not there is said in one way.
  const at = `/tenants/${part(id)}`;
  const tenant = await get(at, { signal, what: "The tenant" });
  const maybe = (path, read) => (can("GET", path.replace(/ten_[^/?]+/, "{}")) ? read() : null);
  // An archived one has none any more.
  const ceilings = (path, read) => (tenant.archived_at ? null : maybe(path, read));
  const [budgets, keys, quotas, entitlements, costs, days] = await Promise.all([
    all(`/budgets${query({ tenant_id: id, expand: "state" })}`, { signal }),
    maybe(`${at}/keys`, () => all(`${at}/keys`, { signal })),
    ceilings(`${at}/quotas`, () => get(`${at}/quotas`, { signal })),
    ceilings(`${at}/entitlements`, () => get(`${at}/entitlements`, { signal })),
    all(
      `/costs${query({ bucket: "month", start: month(), end: month(1), group_by: "model", tenant_id: id, time_zone: "UTC" })}`,
      { signal },
    ),
    all(`/costs${query({ bucket: "day", start: day(-29), end: day(1), tenant_id: id, time_zone: "UTC" })}`, { signal }),
  ]);
  return { tenant, budgets, keys, quotas, entitlements, models: costs.flatMap((bucket) => bucket.results), days };
}

function viewOne(data, context) {
  const { tenant, budgets, keys, quotas, entitlements, models, days } = data;
  const byID = new Map((keys ?? []).map((key) => [key.id, key]));
  const live = (keys ?? []).filter((key) => !key.revoked_at);
  const amounts = days.map((bucket) => sum(bucket.results.map((row) => pico(row.cost) ?? 0n)));
  const { ui, redraw } = context;
  // An archived tenant is history: nothing of it changes any more.
  const can = (method, path) => (method === "GET" || !tenant.archived_at) && context.can(method, path);
  const own = { ...context, can };
  ui.keys ??= {};
  return [
    h("p", {}, h("a", { href: "#/tenants" }, "← All tenants")),
    tenant.archived_at
      ? notice("warn", h("p", {}, "Archived at ", time(tenant.archived_at), ": its keys are revoked."))
      : tenant.suspended
        ? notice("bad", "Suspended: all its calls are refused.")
        : null,
    section(
      "Budgets",
      can("POST", "/budgets") ? action("New budget", () => newBudget(context, [tenant], tenant.id, live)) : null,
      budgets.length
        ? h(
            "ul",
            { class: "gauges wide" },
            budgets.map((budget) =>
              h(
                "li",
                { "data-key": budget.id },
                h(
                  "div",
                  { class: "gauge-title" },
                  h("strong", {}, `${budget.window}, ${budget.mode}`),
                  " ",
                  h("span", { class: "note" }, names.scope(budget, byID)),
                  effect(budget),
                  budgetActions(own, budget, tenant.name),
                ),
                budget.state ? gauge(budget.state, budget.window) : null,
                budget.state?.resets_at
                  ? h(
                      "p",
                      { class: "note" },
                      "Resets at ",
                      time(budget.state.resets_at),
                      `, ${away(budget.state.resets_at)}`,
                    )
                  : null,
                raises(own, budget),
              ),
            ),
          )
        : empty("No budget: this tenant is not capped."),
    ),
    keys
      ? section(
          "Keys",
          can("POST", "/tenants/{}/keys") ? action("New key", () => newKey(context, tenant)) : null,
          keys.length
            ? table("Keys", keyColumns(own, { owner: () => tenant.name }), keys, ui.keys, redraw, {
                key: (row) => row.id,
              })
            : empty(
                "No keys yet.",
                can("POST", "/tenants/{}/keys")
                  ? commands(`tollgate keys create --tenant ${tenant.id} --name first`)
                  : null,
              ),
        )
      : null,
    h(
      "div",
      { class: "columns" },
      h(
        "div",
        {},
        section(
          "Last 30 days",
          null,
          chart(`tenant-${tenant.id}`, {
            label: "Cost by day, last 30 days (UTC)",
            kind: "bar",
            first: "Day",
            axis: dollars,
            labels: days.map((bucket) => bucket.start.slice(0, 10)),
            series: [{ name: "Cost", values: amounts.map(approximate), texts: amounts.map(read) }],
          }),
        ),
        section(
          "Spent this month by model",
          h("a", { href: `#/spend?tenant=${tenant.id}&by=model` }, "By day"),
          models.length
            ? h(
                "ol",
                { class: "ranking" },
                models.map((row) => h("li", {}, h("span", {}, row.model), money(row.cost))),
              )
            : empty("Nothing yet."),
        ),
      ),
      h(
        "div",
        {},
        quotas
          ? section(
              "Quotas",
              can("PUT", "/tenants/{}/quotas")
                ? action("Change quotas", () => changeQuotas(context, `/tenants/${part(tenant.id)}`, tenant.name))
                : null,
              h(
                "dl",
                { class: "pairs" },
                Object.entries(quotaWords).map(([name, word]) => [
                  h("dt", {}, word),
                  h("dd", {}, quotas[name]?.toLocaleString("en") ?? h("span", { class: "none" }, "no ceiling")),
                ]),
              ),
            )
          : null,
        entitlements
          ? section(
              "May use",
              can("PUT", "/tenants/{}/entitlements")
                ? action("Change entitlements", () => changeEntitlements(context, tenant))
                : null,
              entitlements.pools.length
                ? h(
                    "dl",
                    { class: "pairs" },
                    entitlements.pools.map(({ pool, models }) => [
                      h("dt", {}, pool),
                      h("dd", {}, models.includes("*") ? "every model" : models.join(", ")),
                    ]),
                  )
                : empty("No pools: every call is refused as an unknown model."),
            )
          : null,
        section(
          "Facts",
          can("PATCH", "/tenants/{}") ? action("Change tenant", () => changeTenant(context, tenant)) : null,
          h(
            "dl",
            { class: "pairs" },
            [
              ["Id", h("code", {}, tenant.id)],
              ["Time zone", tenant.time_zone],
              ["Price multiplier", tenant.price_multiplier],
              ["When money is short", tenant.on_insufficient],
              [
                "Tags",
                tagText(tenant.tags) || "–",
              ],
              ["Credits", money(tenant.credits.total)],
              ["Since", time(tenant.created_at)],
            ].map(([word, value]) => [h("dt", {}, word), h("dd", {}, value)]),
          ),
        ),
      ),
    ),
  ];
}

export function actions(data, context) {
  const { can, path } = context;
  if (!path[1]) return can("POST", "/tenants") ? action("New tenant", () => newTenant(context), "primary") : null;
  const { tenant } = data;
  if (tenant.archived_at) return null;
  return [
    can("POST", "/tenants/{}/credits") ? action("Add credit", () => credit(context, tenant)) : null,
    can("POST", "/tenants/{}/suspend")
      ? action(tenant.suspended ? "Resume" : "Suspend", () => suspend(context, tenant))
      : null,
    can("DELETE", "/tenants/{}") ? action("Archive", () => archive(tenant), "danger") : null,
  ];
}

export const view = (data, context) => (context.path[1] ? viewOne(data, context) : viewAll(data, context));
export const heading = (data, context) => (context.path[1] ? (data?.tenant?.name ?? "Tenant") : "Tenants");
