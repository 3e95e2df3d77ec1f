// Keys: the credentials of tenants, with what each may and when it ends.

import { all, part, query } from "../api.js";
import { chip, empty, h, section } from "../dom.js";
import * as fields from "../fields.js";
import { action, button, changeKey, changeQuotas, newKey, revokeKey, rotateKey } from "../forms.js";
import { money, pico } from "../money.js";
import * as names from "../names.js";
import { table } from "../table.js";
import { month, time } from "../time.js";

const tenantsMost = 50;

function state(key) {
  if (key.revoked_at) return "revoked";
  return key.expires_at && new Date(key.expires_at) <= Date.now() ? "expired" : "active";
}

/** The columns of a table of keys; `tenant(row)` names the owner in one, `owner` in none; `spent` is the month's. */
export function keyColumns(context, { tenant, spent, owner = tenant }) {
  const { can } = context;
  const named = (row) => `${row.name}, tg_${row.public_id}, of ${owner(row)}`;
  const changes = (row) =>
    state(row) === "revoked"
      ? null
      : h(
          "span",
          { class: "row-actions" },
          can("PATCH", "/keys/{}")
            ? button("Change", `Change the key ${named(row)}`, () => changeKey(context, row, owner(row)))
            : null,
          can("PUT", "/keys/{}/quotas")
            ? button("Quotas", `Quotas of the key ${named(row)}`, () =>
                changeQuotas(context, `/keys/${part(row.id)}`, named(row)),
              )
            : null,
          can("POST", "/keys/{}/rotate")
            ? button("Rotate", `Rotate the key ${named(row)}`, () => rotateKey(context, row, owner(row)))
            : null,
          can("DELETE", "/keys/{}")
            ? button("Revoke", `Revoke the key ${named(row)}`, () => revokeKey(context, row, owner(row)), true)
            : null,
        );
  return [
    {
      name: "name",
      title: "Key",
      sort: (row) => row.name.toLowerCase(),
      cell: (row) => [row.name, " ", h("code", { class: "note" }, `tg_${row.public_id}_…`)],
    },
    tenant
      ? {
          name: "tenant",
          title: "Tenant",
          sort: tenant,
          cell: (row) => h("a", { href: `#/tenants/${row.tenant_id}` }, tenant(row)),
        }
      : null,
    {
      name: "state",
      title: "State",
      sort: state,
      cell: (row) => chip(state(row), state(row) === "active" ? "good" : "plain"),
    },
    { name: "models", title: "May use", cell: (row) => (row.models ? row.models.join(", ") : "all of the tenant's") },
    {
      name: "expires",
      title: "Ends",
      sort: (row) => row.expires_at ?? "~",
      cell: (row) => (row.expires_at ? time(row.expires_at) : "never"),
    },
    { name: "created", title: "Since", sort: (row) => row.created_at, cell: (row) => time(row.created_at) },
    spent
      ? {
          name: "spent",
          title: "This month",
          number: true,
          sort: (row) => pico(spent(row)),
          cell: (row) => money(spent(row)),
        }
      : null,
    can("POST", "/keys/{}/rotate") ? { name: "changes", title: "", cell: changes } : null,
  ].filter(Boolean);
}

export async function load({ search, signal }) {
  const tenants = await names.tenants({ signal });
  const chosen = search.get("tenant") ?? "";
  const asked = chosen
    ? tenants.filter((tenant) => tenant.id === chosen)
    : tenants.length <= tenantsMost
      ? tenants
      : [];
  const lists = await Promise.all(asked.map((tenant) => all(`/tenants/${part(tenant.id)}/keys`, { signal })));
  const costs = asked.length
    ? await all(
        `/costs${query({ bucket: "month", start: month(), end: month(1), group_by: "key", tenant_id: chosen, time_zone: "UTC" })}`,
        { signal },
      )
    : [];
  const spent = new Map(costs.flatMap((bucket) => bucket.results).map((row) => [row.key, row.cost]));
  return { tenants, chosen, keys: lists.flat(), spent, tooMany: !chosen && tenants.length > tenantsMost };
}

export function view({ tenants, chosen, keys, spent, tooMany }, context) {
  const { ui, go, redraw } = context;
  const byID = new Map(tenants.map((tenant) => [tenant.id, tenant.name]));
  const columns = keyColumns(context, {
    tenant: (row) => byID.get(row.tenant_id) ?? row.tenant_id,
    spent: (row) => spent.get(row.id) ?? "0",
  });
  const shown = ui.revoked ? keys : keys.filter((key) => state(key) !== "revoked");
  return [
    h(
      "div",
      { class: "filters" },
      fields.tenant(
        tenants,
        chosen,
        byID,
        (tenant) => go({ tenant }),
        tooMany ? "Choose a tenant" : "All tenants",
      ),
      h(
        "label",
        { class: "check" },
        h("input", {
          type: "checkbox",
          checked: ui.revoked,
          onchange: (event) => {
            ui.revoked = event.target.checked;
            redraw();
          },
        }),
        " Revoked ones too",
      ),
    ),
    section(
      "Keys",
      null,
      shown.length
        ? table("Keys", columns, shown, ui, redraw, { key: (row) => row.id })
        : tooMany
          ? empty("There are many tenants.", h("p", {}, "Choose the one whose keys you want to see."))
          : empty(
              "No keys yet.",
              h(
                "p",
                {},
                "A key is issued to a tenant: choose one on the page ",
                h("a", { href: "#/tenants" }, "Tenants"),
                ".",
              ),
            ),
    ),
  ];
}

export function actions({ tenants, chosen }, context) {
  const tenant = tenants.find((candidate) => candidate.id === chosen) ?? (tenants.length === 1 ? tenants[0] : null);
  return tenant && context.can("POST", "/tenants/{}/keys")
    ? action("New key", () => newKey(context, tenant), "primary")
    : null;
}
