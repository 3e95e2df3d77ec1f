// Holds: money set aside for calls that run, or that a crash left open; the latter are charged or released here.

import { all, onceKey, part, send } from "../api.js";
import { ask } from "../dialog.js";
import { chip, empty, h, section } from "../dom.js";
import { button, changed } from "../forms.js";
import { money, pico, sum } from "../money.js";
import * as names from "../names.js";
import { table } from "../table.js";
import { time } from "../time.js";

export async function load({ signal }) {
  const [rows, byID] = await Promise.all([all("/holds", { signal }), names.tenantNames({ signal })]);
  return { rows: rows.map((row) => ({ ...row, tenant: byID.get(row.tenant_id) ?? row.tenant_id })) };
}

async function resolve(context, hold) {
  const once = onceKey();
  const done = await ask({
    title: `Resolve the hold of ${hold.tenant}`,
    action: "Resolve",
    body: [
      h("p", {}, money(hold.amount), ` for a call of ${hold.model} at `, time(hold.admitted_at, { seconds: true }), "."),
      h("p", {}, "A crash left open what it cost. Charge what the backend's bill says, or release it."),
    ],
    fields: [{ name: "charge", label: "Charge, US dollars", kind: "money", hint: "Empty: release all of it." }],
    submit: ({ charge }) =>
      send("POST", `/holds/${part(hold.id)}/resolve`, charge === "" ? { release: true } : { charge }, { once }),
  });
  if (done) await changed(context, "The hold is resolved.");
}

export function view({ rows }, context) {
  const { ui, redraw, can } = context;
  ui.sort ??= "state";
  ui.descending ??= true;
  const columns = [
    {
      name: "tenant",
      title: "Tenant",
      sort: (row) => row.tenant.toLowerCase(),
      cell: (row) => h("a", { href: `#/tenants/${row.tenant_id}` }, row.tenant),
    },
    {
      name: "state",
      title: "State",
      sort: (row) => row.state,
      cell: (row) => chip(row.state, row.state === "uncertain" ? "warn" : "plain"),
    },
    { name: "amount", title: "Held", number: true, sort: (row) => pico(row.amount), cell: (row) => money(row.amount) },
    { name: "model", title: "Model", sort: (row) => row.model, cell: (row) => row.model },
    { name: "pool", title: "Pool", sort: (row) => row.pool, cell: (row) => row.pool },
    {
      name: "at",
      title: "Admitted",
      sort: (row) => row.admitted_at,
      cell: (row) => time(row.admitted_at, { seconds: true }),
    },
    can("POST", "/holds/{}/resolve")
      ? {
          name: "changes",
          title: "",
          cell: (row) =>
            row.state === "uncertain"
              ? button("Resolve", `Resolve the hold of ${row.tenant}, ${row.request_id}`, () => resolve(context, row))
              : null,
        }
      : null,
  ].filter(Boolean);
  if (!rows.length) {
    return section(
      "Nothing is held",
      null,
      empty("No call runs, and no crash left one open.", h("p", {}, "A call's price is held until it is settled.")),
    );
  }
  return section(
    [money(sum(rows.map((row) => pico(row.amount) ?? 0n))), ` held for ${rows.length.toLocaleString("en")} calls`],
    null,
    table("Holds", columns, rows, ui, redraw, { key: (row) => row.id }),
  );
}
