// Tables that sort, page and turn into CSV.

import { h } from "./dom.js";
import { save } from "./api.js";

/**
 * A table. `columns`: { name, title, number?, cell(row) -> node, sort?(row) -> comparable, csv?(row) -> text }.
 * `ui` keeps what the person chose; `options.key(row)` names a row; `options.footer` is one more row of cells.
 */
export function table(label, columns, rows, ui, redraw, options = {}) {
  const sorted = order(rows, columns, ui);
  const most = ui.shown ?? options.most ?? 100;
  const page = sorted.slice(0, most);
  return h(
    "div",
    {},
    h(
      "div",
      { class: "table-wrap cards", tabindex: "0", role: "region", "aria-label": label },
      h(
        "table",
        { class: options.fixed ? "fixed" : null },
        h("caption", { class: "hidden" }, label),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            columns.map((column) => head(column, ui, redraw)),
          ),
        ),
        h(
          "tbody",
          { "data-order": `${ui.sort ?? ""} ${ui.descending ?? ""} ${ui.filter ?? ""}` },
          page.map((row, index) =>
            h(
              "tr",
              { "data-key": options.key?.(row) ?? `row-${index}` },
              columns.map((column, place) => cell(column, row, place)),
            ),
          ),
        ),
        options.footer
          ? h(
              "tfoot",
              {},
              h(
                "tr",
                {},
                columns.map((column, place) =>
                  h(
                    "td",
                    { class: column.number ? "number" : null, "data-label": place ? column.title || null : null },
                    options.footer[column.name] ?? "",
                  ),
                ),
              ),
            )
          : null,
      ),
    ),
    sorted.length > most
      ? h(
          "p",
          { class: "more" },
          `${most} of ${sorted.length.toLocaleString("en")} shown. `,
          h(
            "button",
            {
              type: "button",
              class: "link",
              onclick: () => {
                ui.shown = most + 200;
                redraw();
              },
            },
            "Show more",
          ),
        )
      : null,
  );
}

function head(column, ui, redraw) {
  const active = ui.sort === column.name;
  const attributes = { scope: "col", class: column.number ? "number" : null };
  if (!column.sort) return h("th", attributes, column.title || h("span", { class: "hidden" }, "Actions"));
  attributes["aria-sort"] = active ? (ui.descending ? "descending" : "ascending") : "none";
  const choose = () => {
    ui.descending = active ? !ui.descending : Boolean(column.number);
    ui.sort = column.name;
    redraw();
  };
  const arrow = active ? h("span", { "aria-hidden": "true" }, ui.descending ? "↓" : "↑") : null;
  return h(
    "th",
    attributes,
    h(
      "button",
      { type: "button", class: "sort", onclick: choose },
      column.number ? [arrow, " ", column.title] : [column.title, " ", arrow],
    ),
  );
}

function cell(column, row, place) {
  return place === 0
    ? h("th", { scope: "row", class: column.number ? "number" : null }, column.cell(row))
    : h(
        "td",
        { class: column.number ? "number" : column.title ? null : "actions", "data-label": column.title || null },
        column.cell(row),
      );
}

/** The rows as the person wants them ordered. */
export function order(rows, columns, ui) {
  const column = columns.find((candidate) => candidate.name === ui.sort && candidate.sort);
  if (!column) return rows;
  const turn = ui.descending ? -1 : 1;
  return [...rows].sort((left, right) => turn * compare(column.sort(left), column.sort(right)));
}

function compare(left, right) {
  if (left === right) return 0;
  if (left === null || left === undefined) return -1;
  if (right === null || right === undefined) return 1;
  return left < right ? -1 : 1;
}

/** Saves rows as CSV: RFC 4180, and nothing a spreadsheet would take for a formula. */
export function saveCSV(name, columns, rows) {
  const shown = columns.filter((column) => column.csv);
  const lines = [shown.map((column) => field(column.title, false))];
  for (const row of rows) lines.push(shown.map((column) => field(column.csv(row), column.number)));
  const text = lines.map((line) => `${line.join(",")}\r\n`).join("");
  save(new Blob([text], { type: "text/csv;charset=utf-8" }), name);
}

function field(value, number) {
  let text = String(value ?? "");
  if (!number && /^[=+\-@\t\r\0]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
