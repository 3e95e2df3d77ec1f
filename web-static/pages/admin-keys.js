// Admin keys: who may come in here, as what, and when they last did.

import { all, getTagged, onceKey, part, send } from "../api.js";
import { ask, confirm } from "../dialog.js";
import { chip, empty, h, section } from "../dom.js";
import { action, button, changed, shown } from "../forms.js";
import { table } from "../table.js";
import { time } from "../time.js";

export async function load({ signal }) {
  return { rows: await all("/admin-keys", { signal }) };
}

async function create(context) {
  const once = onceKey();
  const made = await ask({
    title: "New admin key",
    action: "Create admin key",
    fields: [
      { name: "name", label: "Name", required: true, hint: "The person or the program that holds it." },
      {
        name: "role",
        label: "Role",
        kind: "select",
        value: "viewer",
        options: [
          ["viewer", "viewer: looks"],
          ["finance", "finance: months, exports, credits, prices"],
          ["admin", "admin: everything"],
        ],
      },
      { name: "expires_at", label: "Ends (UTC)", kind: "datetime-local", hint: "Empty: never." },
    ],
    submit: (values) => send("POST", "/admin-keys", values, { once }),
  });
  if (!made) return;
  await changed(context, "The admin key works from now on.");
  await shown("The new admin key", made.key, "Revoke it and make another one.");
}

async function revoke(context, key) {
  const { tag } = await getTagged(`/admin-keys/${part(key.id)}`);
  const done = await confirm(
    `Revoke ${key.name} (${key.role})?`,
    h("p", {}, "Whoever holds it is signed out at once. It cannot be taken back."),
    "Revoke admin key",
    () => send("DELETE", `/admin-keys/${part(key.id)}`, undefined, { tag }).then(() => true),
  );
  if (done) await changed(context, "The admin key is revoked.");
}

function state(row) {
  if (row.revoked_at) return "revoked";
  return row.expires_at && new Date(row.expires_at) <= Date.now() ? "expired" : "active";
}

export function view({ rows }, context) {
  const { ui, redraw, can } = context;
  if (!rows.length) {
    return section(
      "No admin keys yet",
      null,
      empty("Each person has a key of their own.", h("p", {}, "Make one above: the audit log names it.")),
    );
  }
  const columns = [
    { name: "name", title: "Name", sort: (row) => row.name.toLowerCase(), cell: (row) => row.name },
    { name: "role", title: "Role", sort: (row) => row.role, cell: (row) => row.role },
    {
      name: "state",
      title: "State",
      sort: state,
      cell: (row) => chip(state(row), state(row) === "active" ? "good" : "plain"),
    },
    {
      name: "expires",
      title: "Ends",
      sort: (row) => row.expires_at ?? "~",
      cell: (row) => (row.expires_at ? time(row.expires_at) : "never"),
    },
    {
      name: "used",
      title: "Last used",
      sort: (row) => row.last_used_at ?? "",
      cell: (row) => (row.last_used_at ? time(row.last_used_at) : "never"),
    },
    { name: "created", title: "Since", sort: (row) => row.created_at, cell: (row) => time(row.created_at) },
    {
      name: "changes",
      title: "",
      cell: (row) =>
        can("DELETE", "/admin-keys/{}") && !row.revoked_at
          ? button("Revoke", `Revoke the admin key ${row.name}, ${row.public_id}`, () => revoke(context, row), true)
          : null,
    },
  ];
  return section("Admin keys", null, table("Admin keys", columns, rows, ui, redraw, { key: (row) => row.id }));
}

export function actions(_data, context) {
  return context.can("POST", "/admin-keys") ? action("New admin key", () => create(context), "primary") : null;
}
