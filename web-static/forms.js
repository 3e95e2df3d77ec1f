// The changes of tenants and keys that several pages offer, as dialogs, and the buttons they begin with.

import { all, getTagged, onceKey, part, send } from "./api.js";
import { ask, confirm, reveal, tell } from "./dialog.js";
import { h, notice, toast } from "./dom.js";
import * as names from "./names.js";

/** After a change: what was read before is old. */
export function changed(context, words) {
  names.forget();
  toast(words);
  return context.reload();
}

/** A key by its name and by what its text begins with: names are not unique. */
export const keyName = (key) => `${key.name} (tg_${key.public_id}_…)`;

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

export async function changeTenant(context, tenant) {
  const { value, tag } = await getTagged(`/tenants/${part(tenant.id)}`);
  const done = await ask({
    title: `Change ${value.name}`,
    fields: [
      { name: "name", label: "Name", value: value.name, required: true },
      { name: "time_zone", label: "Time zone", value: value.time_zone, required: true },
      {
        name: "price_multiplier",
        label: "Price multiplier",
        kind: "money",
        value: value.price_multiplier,
        hint: "Calls cost the list price times this.",
        required: true,
      },
      {
        name: "on_insufficient",
        label: "When money is short",
        kind: "select",
        value: value.on_insufficient,
        options: [
          ["refuse", "refuse the call"],
          ["trim", "trim its output"],
        ],
      },
      {
        name: "tags",
        label: "Tags",
        kind: "list",
        value: tagText(value.tags),
        hint: "For reports, such as team=search.",
      },
    ],
    submit: ({ tags, ...values }) =>
      send("PATCH", `/tenants/${part(tenant.id)}`, { ...values, tags: tagsOf(tags) }, { tag }),
  });
  if (done) await changed(context, "The tenant is changed.");
}

export const tagText = (tags) =>
  Object.entries(tags)
    .map(([tag, value]) => `${tag}=${value}`)
    .join(", ");

export async function changeEntitlements(context, tenant) {
  const { value, tag } = await getTagged(`/tenants/${part(tenant.id)}/entitlements`);
  const pools = new Map(value.pools.map((entry) => [entry.pool, entry.models]));
  for (const pool of await all("/pools")) if (!pools.has(pool.name)) pools.set(pool.name, []);
  const done = await ask({
    title: `What ${tenant.name} may use`,
    body: h("p", {}, "Models of each pool, separated by commas. * is every model; empty is none."),
    fields: [...pools].map(([name, models]) => ({ name, label: name, kind: "list", value: models.join(", ") })),
    submit: (values) =>
      send(
        "PUT",
        `/tenants/${part(tenant.id)}/entitlements`,
        {
          pools: Object.entries(values)
            .filter(([, models]) => models.length)
            .map(([pool, models]) => ({ pool, models })),
        },
        { tag },
      ),
  });
  if (done) await changed(context, "Saved.");
}

export async function suspend(context, tenant) {
  const word = tenant.suspended ? "resume" : "suspend";
  const run = () => send("POST", `/tenants/${part(tenant.id)}/${word}`);
  const done = tenant.suspended
    ? await run()
    : await confirm(
        `Suspend ${tenant.name}?`,
        h("p", {}, "All its calls are refused until it is resumed."),
        "Suspend",
        run,
      );
  if (done) await changed(context, tenant.suspended ? "Its calls are served again." : "Its calls are refused.");
}

export async function archive(tenant) {
  const { tag } = await getTagged(`/tenants/${part(tenant.id)}`);
  const done = await confirm(
    `Archive ${tenant.name}?`,
    h("p", {}, "Its keys are revoked and its name is free again. The ledger keeps its history."),
    "Archive tenant",
    () => send("DELETE", `/tenants/${part(tenant.id)}`, undefined, { tag }).then(() => true),
  );
  if (!done) return;
  names.forget();
  location.hash = "#/tenants";
}

export async function credit(context, tenant) {
  const once = onceKey();
  const done = await ask({
    title: `Credit for ${tenant.name}`,
    action: "Add credit",
    body: h("p", {}, "A record for the bill. It moves no cap."),
    fields: [
      { name: "amount", label: "Amount, US dollars", kind: "money", required: true },
      { name: "kind", label: "Kind", kind: "select", options: [["prepaid"], ["goodwill"]] },
      { name: "note", label: "Note" },
    ],
    submit: ({ amount, kind, note }) =>
      send("POST", `/tenants/${part(tenant.id)}/credits`, { amount, kind, note: note || null }, { once }),
  });
  if (done) await changed(context, "The credit is recorded.");
}
