// The changes that several pages offer, as dialogs: budgets, raises, keys and tenants.

import { all, getTagged, onceKey, part, send } from "./api.js";
import { ask, confirm, reveal, tell } from "./dialog.js";
import { h, notice, toast } from "./dom.js";
import { gauge, money } from "./money.js";
import * as names from "./names.js";
import { rfc3339, time } from "./time.js";

/** After a change: what was read before is old. */
export function changed(context, words) {
  names.forget();
  toast(words);
  return context.reload();
}

const windows = [["month"], ["week"], ["day"], ["total", "total (never resets)"]];
const modes = [
  ["hard", "hard: refuses"],
  ["soft", "soft: alerts only"],
  ["shadow", "shadow: only counts"],
];
const optional = (text) => (text === "" ? null : text);
const fractions = (list) => list.map(Number);

/** A key by its name and by what its text begins with: names are not unique. */
const keyName = (key) => `${key.name} (tg_${key.public_id}_…)`;

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

/** A small button in a row; a failure is said in a passing box. */
export function button(text, label, run, danger = false) {
  return h(
    "button",
    {
      type: "button",
      class: danger ? "link danger" : "link",
      "aria-label": label === text ? null : label,
      onclick: () => Promise.resolve(run()).catch(told),
    },
    text,
  );
}

/** Says a failure in a passing box; what the person left is none. */
function told(error) {
  if (error.name !== "AbortError") toast(error.message, "bad");
}

/** A button at the head of a page or section; `kind` is primary or danger. */
export function action(text, run, kind = "") {
  return h(
    "button",
    {
      type: "button",
      class: kind === "danger" ? "button outline-danger" : kind ? "button primary" : "button",
      onclick: () => Promise.resolve(run()).catch(told),
    },
    text,
  );
}

export async function newTenant(context) {
  const once = onceKey();
  const made = await ask({
    title: "New tenant",
    action: "Create tenant",
    fields: [
      { name: "name", label: "Name", required: true },
      {
        name: "time_zone",
        label: "Time zone",
        value: "UTC",
        hint: "Its days, weeks and months: an IANA zone such as Europe/Rome.",
      },
      {
        name: "pools",
        label: "May use pools",
        kind: "list",
        value: (await poolNames()).join(", "),
        hint: "All models of each. Empty: none yet.",
      },
      { name: "tags", label: "Tags", kind: "list", hint: "For reports, such as team=search." },
    ],
    submit: async ({ name, time_zone, pools, tags: pairs }) => {
      const tags = tagsOf(pairs);
      const tenant = await send("POST", "/tenants", { name, time_zone, tags }, { once });
      if (pools.length) {
        await send("PUT", `/tenants/${part(tenant.id)}/entitlements`, {
          pools: pools.map((pool) => ({ pool, models: ["*"] })),
        });
      }
      return tenant;
    },
  });
  if (made) {
    await changed(context, "The tenant is there. Issue it a key.");
    location.hash = `#/tenants/${made.id}`;
  }
}

/** Tags from texts such as "team=search". */
export function tagsOf(pairs) {
  return Object.fromEntries(
    pairs.map((pair) => [pair.split("=")[0].trim(), pair.split("=").slice(1).join("=").trim()]),
  );
}

async function poolNames() {
  return (await all("/pools")).map((pool) => pool.name);
}

const keyFields = (key = {}) => [
  { name: "name", label: "Name", value: key.name, required: true },
  {
    name: "expires_at",
    label: "Ends (UTC)",
    kind: "datetime-local",
    value: key.expires_at?.slice(0, 16),
    hint: "Empty: never.",
  },
  {
    name: "models",
    label: "Only these models",
    kind: "list",
    value: key.models?.join(", "),
    hint: "Empty: all the tenant may use.",
  },
  {
    name: "allowed_ips",
    label: "Only from these addresses",
    kind: "list",
    value: key.allowed_ips?.join(", "),
    hint: "Such as 10.0.0.0/8. Empty: any.",
  },
  {
    name: "whole",
    label: "May see the whole tenant's usage",
    kind: "checkbox",
    value: key.scope === "tenant_usage",
  },
];

const keyBody = ({ name, expires_at, models, allowed_ips, whole }) => ({
  name,
  expires_at,
  models: models.length ? models : null,
  allowed_ips,
  scope: whole ? "tenant_usage" : null,
});

export async function newKey(context, tenant) {
  const once = onceKey();
  const made = await ask({
    title: `New key for ${tenant.name}`,
    action: "Create key",
    fields: keyFields(),
    submit: (values) => send("POST", `/tenants/${part(tenant.id)}/keys`, keyBody(values), { once }),
  });
  if (!made) return;
  await changed(context, "The key works from now on.");
  await shown("The new key", made.key, "Rotate it to get another one.");
}

/** Shows a secret; a change that was made twice, because its answer was lost, has none any more. */
export async function shown(title, secret, way) {
  const lost = "The answer to the first try was lost, and with it the secret: it was made, and is shown only once.";
  if (secret) await reveal(title, secret, "It is shown this once. Tollgate keeps only what proves it.");
  else await tell(title, notice("warn", h("p", {}, lost), h("p", {}, way)));
}

export async function rotateKey(context, key, tenant) {
  const once = onceKey();
  const made = await ask({
    title: `Rotate ${keyName(key)} of ${tenant}`,
    action: "Rotate key",
    body: h("p", {}, "The key gets a new secret. The old one goes on working for the grace below."),
    fields: [
      { name: "grace_seconds", label: "Grace of the old secret, seconds", kind: "number", value: 3600, required: true },
    ],
    submit: (values) => send("POST", `/keys/${part(key.id)}/rotate`, values, { once }),
  });
  if (!made) return;
  await changed(context, "The new secret works from now on.");
  await shown("The new secret", made.key, "Rotate it once more to get another one.");
}

export async function revokeKey(context, key, tenant) {
  const { tag } = await getTagged(`/keys/${part(key.id)}`);
  const done = await confirm(
    `Revoke ${keyName(key)} of ${tenant}?`,
    h("p", {}, "Calls with it are refused from now on. It cannot be taken back."),
    "Revoke key",
    () => send("DELETE", `/keys/${part(key.id)}`, undefined, { tag }).then(() => true),
  );
  if (done) await changed(context, "The key is revoked.");
}

/** Name, end, models and addresses of a key. */
export async function changeKey(context, key, tenant) {
  const { value, tag } = await getTagged(`/keys/${part(key.id)}`);
  const done = await ask({
    title: `Change ${keyName(key)} of ${tenant}`,
    fields: keyFields(value),
    submit: (values) => send("PATCH", `/keys/${part(key.id)}`, keyBody(values), { tag }),
  });
  if (done) await changed(context, "The key is changed.");
}

export const quotaWords = {
  rpm: "Requests a minute",
  tpm: "Tokens a minute",
  rpd: "Requests a day",
  tpd: "Tokens a day",
  concurrency: "At once",
};

/** The ceilings of a tenant or a key: `at` is its path. */
export async function changeQuotas(context, at, name) {
  const { value, tag } = await getTagged(`${at}/quotas`);
  const done = await ask({
    title: `Quotas of ${name}`,
    body: h("p", {}, "Empty: no ceiling."),
    fields: Object.entries(quotaWords).map(([word, label]) => ({
      name: word,
      label,
      kind: "number",
      value: value[word],
    })),
    submit: (values) => send("PUT", `${at}/quotas`, values, { tag }),
  });
  if (done) await changed(context, "The quotas bind from now on.");
}
