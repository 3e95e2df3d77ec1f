// Budgets: every cap with what is posted, held and left; create, change with a preview, raise for a while.

import { budgetActions, newBudget, raises } from "../budget-forms.js";
import { chip, empty, h, section } from "../dom.js";
import { find } from "../fields.js";
import { action } from "../forms.js";
import { effect, gauge } from "../money.js";
import * as names from "../names.js";
import { table } from "../table.js";
import { time } from "../time.js";

export async function load({ signal }) {
  const [budgets, tenants, byID] = await Promise.all([
    names.budgets({ signal }),
    names.tenants({ signal }),
    names.tenantNames({ signal }),
  ]);
  const living = new Set(tenants.map((tenant) => tenant.id));
  return {
    tenants,
    rows: budgets
      .filter((budget) => living.has(budget.tenant_id))
      .map((budget) => ({ ...budget, tenant: byID.get(budget.tenant_id) ?? budget.tenant_id })),
  };
}

const tones = { soft: "warn", shadow: "plain" };

function columns(context) {
  return [
    {
      name: "tenant",
      title: "Tenant",
      sort: (row) => row.tenant.toLowerCase(),
      cell: (row) => [
        h("a", { href: `#/tenants/${row.tenant_id}` }, row.tenant),
        h("div", { class: "note" }, names.scope(row)),
      ],
    },
    {
      name: "use",
      title: "Posted, held, left",
      sort: names.share,
      cell: (row) => [row.state ? gauge(row.state, row.tenant) : "–", effect(row), raises(context, row)],
    },
    { name: "window", title: "Window", sort: (row) => row.window, cell: (row) => row.window },
    {
      name: "mode",
      title: "Mode",
      sort: (row) => row.mode,
      cell: (row) => (row.mode === "hard" ? "hard" : chip(row.mode, tones[row.mode])),
    },
    {
      name: "resets",
      title: "Resets at",
      sort: (row) => row.state?.resets_at ?? "~",
      cell: (row) => (row.state?.resets_at ? time(row.state.resets_at) : h("span", { class: "none" }, "never")),
    },
    context.can("PATCH", "/budgets/{}")
      ? { name: "changes", title: "", cell: (row) => budgetActions(context, row, row.tenant) }
      : null,
  ].filter(Boolean);
}

export function view({ rows }, context) {
  const { ui, redraw } = context;
  ui.sort ??= "use";
  ui.descending ??= true;
  const wanted = (ui.filter ?? "").toLowerCase();
  const found = wanted ? rows.filter((row) => row.tenant.toLowerCase().includes(wanted)) : rows;
  if (!rows.length) {
    return section(
      "No budgets yet",
      null,
      empty(
        "A budget caps what a tenant, a key or a model may cost.",
        h("p", {}, "A hard one refuses the call that would pass it, before the call is made."),
      ),
    );
  }
  return [
    h(
      "div",
      { class: "filters" },
      find("Find a tenant", ui, redraw),
    ),
    section(
      `${found.length.toLocaleString("en")} ${found.length === 1 ? "budget" : "budgets"}`,
      null,
      found.length
        ? table("Budgets", columns(context), found, ui, redraw, { key: (row) => row.id })
        : empty("No tenant with a budget has that in its name."),
    ),
  ];
}

export function actions({ tenants }, context) {
  return context.can("POST", "/budgets") && tenants.length
    ? action("New budget", () => newBudget(context, tenants), "primary")
    : null;
}
