// Audit: who changed what and when, newest first, with what it was and what it became.

import { get, query } from "../api.js";
import { chip, empty, h, section } from "../dom.js";
import { action } from "../forms.js";
import { newest, older } from "../paging.js";
import { table } from "../table.js";
import { time } from "../time.js";

export async function load({ search, signal }) {
  return get(
    `/audit-log${query({
      limit: 50,
      actor: search.get("actor"),
      action: search.get("action"),
      subject: search.get("subject"),
      after: search.get("after"),
    })}`,
    { signal, what: "The audit log" },
  );
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

const text = (value) => (value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value));

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
        h("span", { class: "note" }, name),
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

export function view(page, { search, go, ui, redraw }) {
  const field = (title, name) =>
    h(
      "form",
      {
        class: "filter",
        onsubmit: (event) => {
          event.preventDefault();
          go({ [name]: event.target.elements[name].value.trim(), after: "" });
        },
      },
      h(
        "label",
        { class: "filter" },
        h("span", {}, title),
        h("input", { name, type: "text", size: 14, value: search.get(name) ?? "" }),
      ),
    );
  const columns = [
    { name: "at", title: "When", cell: (row) => time(row.at, { seconds: true }) },
    { name: "actor", title: "Who", cell: (row) => h("code", {}, row.actor) },
    {
      name: "action",
      title: "What",
      cell: (row) => chip(row.action, /delete|revoke|archive|denied|suspend/.test(row.action) ? "bad" : "plain"),
    },
    {
      name: "subject",
      title: "Of",
      cell: (row) =>
        row.subject.startsWith("ten_")
          ? h("a", { href: `#/tenants/${row.subject}` }, h("code", {}, row.subject))
          : h("code", {}, row.subject),
    },
    { name: "changes", title: "Changes", cell: changes },
    {
      name: "hash",
      title: "Hash",
      cell: (row) => h("code", { class: "checksum", title: row.hash }, `${row.hash.slice(0, 10)}…`),
    },
  ];
  return [
    h("div", { class: "filters" }, field("Who", "actor"), field("What", "action"), field("Of", "subject")),
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
          empty(
            "No entry is like that.",
            action("Show all", () => go({ actor: "", action: "", subject: "", after: "" })),
          ),
        ),
  ];
}
