// Audit: who changed what and when, newest first, with what it was and what it became.

import { get, query } from "../api.js";
import { chip, empty, h, section } from "../dom.js";
import * as fields from "../fields.js";
import { action } from "../forms.js";
import * as names from "../names.js";
import { newest, older } from "../paging.js";
import { table } from "../table.js";
import { time } from "../time.js";

export async function load({ search, signal, can }) {
  const page = await get(
    `/audit-log${query({
      limit: 50,
      actor: search.get("actor"),
      action: search.get("action"),
      subject: search.get("subject"),
      after: search.get("after"),
    })}`,
    { signal, what: "The audit log" },
  );
  // A tenant's rows mostly say its name themselves.
  const nameless = page.data.filter((row) => row.subject.startsWith("ten_") && !named(row)).map((row) => row.subject);
  const [tenants, operators] = await Promise.all([
    can("GET", "/tenants") ? names.namesOf(nameless, { signal }) : new Map(),
    can("GET", "/admin-keys") ? names.operators({ signal }) : new Map(),
  ]);
  return { page, byID: new Map([...tenants, ...operators]) };
}

/** The members that differ, as "name: before -> after". */
function difference(row) {
  const [before, after] = [row.before ?? {}, row.after ?? {}];
  if (typeof before !== "object" || typeof after !== "object") return [];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map((name) => [name, before[name], after[name]]);
}

/** A value in words: lists and members one after the other, without the marks of JSON. */
function text(value) {
  if (value === undefined || value === null) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(text).join(", ") || "none";
  if (typeof value !== "object") return String(value);
  const pairs = Object.entries(value).filter(([, member]) => member !== null);
  return pairs.map(([name, member]) => `${name.replaceAll("_", " ")} ${text(member)}`).join(", ") || "none";
}

function changes(row) {
  const list = difference(row);
  if (!list.length) return h("span", { class: "none" }, "–");
  const whole = !row.before || !row.after;
  const lines = h(
    "ul",
    { class: "changes" },
    list.map(([name, before, after]) =>
      h(
        "li",
        {},
        h("span", { class: "note" }, name.replaceAll("_", " ")),
        " ",
        row.before ? h("del", {}, text(before)) : null,
        row.before && row.after ? " → " : null,
        row.after ? h("ins", {}, text(after)) : null,
      ),
    ),
  );
  return list.length > 3 || whole || lines.textContent.length > 90
    ? h("details", {}, h("summary", {}, `${list.length} ${list.length === 1 ? "field" : "fields"}`), lines)
    : lines;
}

/** The name that a row says of what it is of. */
function named(row) {
  return row.after?.name ?? row.before?.name;
}

/** Who it was: a name where it is known, and the id. */
function actor(row, byID) {
  const name = byID.get(row.actor);
  return name ? [`${name} `, h("code", { class: "note" }, row.actor)] : h("code", {}, row.actor);
}

/** What a row is of: its name where it says one, and the id. */
function subject(row, byID) {
  const name = byID.get(row.subject) ?? named(row);
  const words = [typeof name === "string" && name !== row.subject ? `${name} ` : "", h("code", { class: "note" }, row.subject)];
  return row.subject.startsWith("ten_") ? h("a", { href: `#/tenants/${row.subject}` }, words) : words;
}

export function view({ page, byID }, { search, go, ui, redraw }) {
  const field = (title, name) =>
    fields.text(title, name, search.get(name) ?? "", (value) => go({ [name]: value, after: "" }));
  const columns = [
    { name: "at", title: "When", cell: (row) => time(row.at, { seconds: true }) },
    { name: "actor", title: "Who", cell: (row) => actor(row, byID) },
    {
      name: "action",
      title: "What",
      cell: (row) => chip(row.action, /delete|revoke|archive|denied|suspend/.test(row.action) ? "bad" : "plain"),
    },
    {
      name: "subject",
      title: "Of",
      cell: (row) => subject(row, byID),
    },
    { name: "changes", title: "Changes", cell: changes },
    {
      name: "hash",
      title: "Hash",
      cell: (row) => h("code", { class: "checksum", title: row.hash }, `${row.hash.slice(0, 10)}…`),
    },
  ];
  return [
    h("div", { class: "filters" }, field("Who", "actor"), field("What", "action"), field("Of (id)", "subject")),
    h("p", { class: "note" }, "The filters take whole words, as they stand in the log: key.create, or an id."),
    page.data.length
      ? section(
          "Entries",
          newest(search, go),
          table("Audit log", columns, page.data, ui, redraw, { key: (row) => row.id }),
          older(page, go),
        )
      : section(
          "Nothing here",
          null,
          ["actor", "action", "subject", "after"].some((name) => search.get(name))
            ? empty(
                "No entry is like that.",
                action("Show all", () => go({ actor: "", action: "", subject: "", after: "" })),
              )
            : empty("No entries yet.", h("p", {}, "Each change that you may see is kept here.")),
        ),
  ];
}
