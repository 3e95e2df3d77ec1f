// The changes of budgets that several pages offer, as dialogs: new, changed, raised for a while, deleted.

import { all, getTagged, onceKey, part, send } from "./api.js";
import { ask, confirm } from "./dialog.js";
import { h, notice } from "./dom.js";
import { button, changed, keyName } from "./forms.js";
import { gauge, money } from "./money.js";
import * as names from "./names.js";
import { rfc3339, time } from "./time.js";

const windows = [["month"], ["week"], ["day"], ["total", "total (never resets)"]];
const modes = [
  ["hard", "hard: refuses"],
  ["soft", "soft: alerts only"],
  ["shadow", "shadow: only counts"],
];
const optional = (text) => (text === "" ? null : text);
const fractions = (list) => list.map(Number);

/** A new budget, for one tenant or any; for one tenant also for one of its `keys`. */
export async function newBudget(context, tenants, tenantID = "", keys = []) {
  const once = onceKey();
  const made = await ask({
    title: "New budget",
    action: "Create budget",
    body: h("p", {}, "Calls that would pass a hard budget are refused before they reach a backend."),
    fields: [
      {
        name: "tenant_id",
        label: "Tenant",
        kind: "select",
        value: tenantID,
        options: tenants.map((tenant) => [tenant.id, tenant.name]),
      },
      tenantID && keys.length
        ? {
            name: "key_id",
            label: "Only for key",
            kind: "select",
            value: "",
            options: [["", "the whole tenant"], ...keys.map((key) => [key.id, keyName(key)])],
          }
        : null,
      { name: "limit", label: "Limit, US dollars", kind: "money", required: true },
      { name: "window", label: "Window", kind: "select", options: windows },
      { name: "mode", label: "Mode", kind: "select", options: modes },
      { name: "model", label: "Only for model", hint: "Empty: every model." },
      { name: "pool", label: "Only in pool", hint: "Empty: every pool." },
      { name: "alerts_at", label: "Alert at", kind: "list", value: "0.5, 0.8, 1", hint: "Shares of the limit." },
    ].filter(Boolean),
    submit: (values) =>
      send(
        "POST",
        "/budgets",
        {
          ...values,
          key_id: values.key_id || null,
          model: optional(values.model),
          pool: optional(values.pool),
          alerts_at: fractions(values.alerts_at),
        },
        { once },
      ),
  });
  if (made) await changed(context, "The budget binds from now on.");
}

/** Another limit, tried out on the past first if wanted. */
export async function changeBudget(context, budget) {
  const { value, tag } = await getTagged(`/budgets/${part(budget.id)}`);
  const preview = {
    title: "Preview on the last 30 days",
    run: async ({ limit }) => dryRun(await send("POST", `/budgets/${part(budget.id)}/dry-run`, { limit, days: 30 })),
  };
  const done = await ask({
    title: "Change budget",
    action: "Change limit",
    body: budget.state ? gauge(budget.state) : null,
    fields: [
      { name: "limit", label: "Limit, US dollars", kind: "money", value: value.limit, required: true },
      {
        name: "alerts_at",
        label: "Alert at",
        kind: "list",
        value: value.alerts_at.join(", "),
        hint: "Shares of the limit.",
      },
    ],
    extra: context.can("POST", "/budgets/{}/dry-run") ? preview : null,
    submit: ({ limit, alerts_at }) =>
      send("PATCH", `/budgets/${part(budget.id)}`, { limit, alerts_at: fractions(alerts_at) }, { tag }),
  });
  if (done) await changed(context, "The new limit binds from now on.");
}

function dryRun(result) {
  if (result.refused === 0) {
    return notice("good", `Nothing would have been refused: all ${result.requests.toLocaleString("en")} calls fit.`);
  }
  return notice(
    "warn",
    h(
      "p",
      {},
      h("strong", {}, `${result.refused.toLocaleString("en")} of ${result.requests.toLocaleString("en")} calls`),
      " would have been refused, worth ",
      money(result.refused_cost),
      ", the first at ",
      time(result.first_refused_at),
      ".",
    ),
    result.by_model.length
      ? h(
          "p",
          {},
          "By model: ",
          result.by_model
            .filter((row) => row.refused)
            .slice(0, 4)
            .map((row) => `${row.model} ${row.refused}`)
            .join(", "),
        )
      : null,
  );
}

/** A higher limit until an instant; the budget's own is back by itself. */
export async function raiseBudget(context, budget) {
  const once = onceKey();
  const done = await ask({
    title: "Raise for a while",
    action: "Raise",
    body: [
      budget.state ? gauge(budget.state) : null,
      h("p", {}, "The budget's own limit is back by itself at the time below."),
    ],
    fields: [
      { name: "limit", label: "Limit until then, US dollars", kind: "money", required: true },
      {
        name: "until",
        label: "Until (UTC)",
        kind: "datetime-local",
        value: rfc3339(86_400).slice(0, 16),
        required: true,
      },
    ],
    submit: (values) => send("POST", `/budgets/${part(budget.id)}/raises`, values, { once }),
  });
  if (done) await changed(context, "The raise runs.");
}

export async function endRaise(context, budget, raise) {
  const done = await confirm(
    "End the raise now?",
    h("p", {}, "The limit is the budget's own again."),
    "End raise",
    () => send("DELETE", `/budgets/${part(budget.id)}/raises/${part(raise.id)}`).then(() => true),
  );
  if (done) await changed(context, "The raise ended.");
}

export async function deleteBudget(context, budget, name) {
  const { tag } = await getTagged(`/budgets/${part(budget.id)}`);
  const done = await confirm(
    `Delete the budget of ${name}?`,
    h(
      "p",
      {},
      `${name} (${names.scope(budget)}) is no longer held to `,
      money(budget.limit),
      budget.window === "total" ? " in total" : ` a ${budget.window}`,
      `, ${budget.mode}. The ledger keeps what was spent.`,
    ),
    "Delete budget",
    () => send("DELETE", `/budgets/${part(budget.id)}`, undefined, { tag }).then(() => true),
  );
  if (done) await changed(context, "The budget is deleted.");
}

/** The buttons of one budget, as far as the role goes. */
export function budgetActions(context, budget, tenant) {
  const scope = names.scope(budget);
  const name = scope === "whole tenant" ? tenant : `${tenant}, ${scope}`;
  return h(
    "span",
    { class: "row-actions" },
    context.can("PATCH", "/budgets/{}")
      ? button("Change", `Change the budget of ${name}`, () => changeBudget(context, budget))
      : null,
    context.can("POST", "/budgets/{}/raises")
      ? button("Raise", `Raise the budget of ${name}`, () => raiseBudget(context, budget))
      : null,
    context.can("DELETE", "/budgets/{}")
      ? button("Delete", `Delete the budget of ${name}`, () => deleteBudget(context, budget, tenant), true)
      : null,
  );
}

/** Raises that run now, each with its end. */
export function raises(context, budget) {
  const running = budget.state?.raises ?? [];
  return running.map((raise) =>
    h(
      "p",
      { class: "note" },
      "Raised to ",
      money(raise.limit),
      " until ",
      time(raise.until),
      " ",
      context.can("DELETE", "/budgets/{}/raises/{}")
        ? button("End", "End the raise", () => endRaise(context, budget, raise))
        : null,
    ),
  );
}
