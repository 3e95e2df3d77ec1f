// Requests: single calls as the ledger has them, newest first, with every attempt. What was said is not kept.

import { get, part, query } from "../api.js";
import { chip, empty, h, section } from "../dom.js";
import { money } from "../money.js";
import * as names from "../names.js";
import { newest, older } from "../paging.js";
import { table } from "../table.js";
import { day, time } from "../time.js";
import { action } from "../forms.js";

const outcomes = ["answered", "broken", "unanswered", "not_sent", "error_status", "client_gone"];
const provenances = { reported: "good", estimated: "warn", partial: "warn", none: "plain" };

export async function load({ path, search, signal }) {
  if (path[1])
    return {
      one: await get(`/requests/${part(path[1])}`, { signal, what: "The request" }),
      byID: await names.tenantNames({ signal }),
    };
  const [page, byID, tenants] = await Promise.all([
    get(
      `/requests${query({
        limit: 50,
        tenant_id: search.get("tenant"),
        status: search.get("status"),
        model: search.get("model"),
        start: search.get("since") ? day(-Number(search.get("since"))) : "",
        after: search.get("after"),
      })}`,
      { signal, what: "The requests" },
    ),
    names.tenantNames({ signal }),
    names.tenants({ signal }),
  ]);
  return { page, byID, tenants };
}

/** Input and output in short, for a row. */
function brief(row) {
  const [input, output] = ["input", "output"].map((side) =>
    Object.entries(row.tokens).reduce(
      (sum, [meter, count]) => sum + (meter === side || meter.startsWith(`${side}_`) ? count : 0),
      0,
    ),
  );
  return input + output > 0 ? `${input.toLocaleString("en")} in, ${output.toLocaleString("en")} out` : tokens(row);
}

const tokens = (row) =>
  Object.entries(row.tokens)
    .filter(([, count]) => count > 0)
    .map(([meter, count]) => `${count.toLocaleString("en")} ${meter.replaceAll("_", " ")}`)
    .join(", ") || "–";

function status(row) {
  const good = row.outcome === "answered" && row.status !== null && row.status < 400;
  return [
    chip(row.status ?? "–", good ? "good" : "bad"),
    row.outcome && row.outcome !== "answered"
      ? [" ", h("span", { class: "note" }, row.outcome.replace("_", " "))]
      : null,
  ];
}

function viewAll({ page, byID, tenants }, { search, go, ui, redraw }) {
  const filtered = ["tenant", "status", "model", "since", "after"].some((name) => search.get(name));
  const field = (title, name, size) =>
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
        h("input", {
          name,
          type: "text",
          size,
          value: search.get(name) ?? "",
          list: name === "status" ? "outcomes" : null,
        }),
      ),
    );
  const columns = [
    {
      name: "id",
      title: "Request",
      cell: (row) =>
        h("a", { href: `#/requests/${part(row.id)}`, title: row.id }, h("code", {}, `…${row.id.slice(-8)}`)),
    },
    { name: "at", title: "Admitted", cell: (row) => time(row.admitted_at, { seconds: true }) },
    {
      name: "tenant",
      title: "Tenant",
      cell: (row) => h("a", { href: `#/tenants/${row.tenant_id}` }, byID.get(row.tenant_id) ?? row.tenant_id),
    },
    { name: "model", title: "Model", cell: (row) => row.model },
    {
      name: "where",
      title: "Served by",
      cell: (row) => {
        const last = row.attempts[row.attempts.length - 1];
        return last
          ? [
              `${last.pool} / ${last.backend_name ?? "–"}`,
              row.attempts.length > 1 ? h("span", { class: "note" }, ` ${row.attempts.length} attempts`) : null,
            ]
          : "–";
      },
    },
    { name: "status", title: "Status", cell: status },
    { name: "tokens", title: "Used", number: true, cell: brief },
    {
      name: "provenance",
      title: "Counted",
      cell: (row) => (row.provenance ? chip(row.provenance, provenances[row.provenance]) : "–"),
    },
    { name: "cost", title: "Cost", number: true, cell: (row) => money(row.cost) },
  ];
  return [
    h(
      "div",
      { class: "filters" },
      h(
        "label",
        { class: "filter" },
        h("span", {}, "Tenant"),
        h(
          "select",
          { onchange: (event) => go({ tenant: event.target.value, after: "" }) },
          h("option", { value: "" }, "All tenants"),
          tenants
            .slice(0, 1000)
            .map((tenant) =>
              h("option", { value: tenant.id, selected: tenant.id === search.get("tenant") }, tenant.name),
            ),
        ),
      ),
      field("Status or outcome", "status", 12),
      field("Model", "model", 12),
      h(
        "datalist",
        { id: "outcomes" },
        outcomes.map((word) => h("option", { value: word })),
      ),
      h(
        "label",
        { class: "filter" },
        h("span", {}, "Since"),
        h(
          "select",
          { onchange: (event) => go({ since: event.target.value, after: "" }) },
          [
            ["", "ever"],
            ["0", "midnight UTC"],
            ["1", "yesterday"],
            ["7", "7 days ago"],
            ["30", "30 days ago"],
          ].map(([id, title]) => h("option", { value: id, selected: id === (search.get("since") ?? "") }, title)),
        ),
      ),
    ),
    page.data.length
      ? section(
          "Requests",
          newest(search, go),
          table("Requests", columns, page.data, ui, redraw, { key: (row) => row.id }),
          older(page, go),
        )
      : section(
          "Nothing here",
          null,
          filtered
            ? empty(
                "No request is like that.",
                action("Show all", () => go({ tenant: "", status: "", model: "", since: "", after: "" })),
              )
            : empty("No calls yet.", h("p", {}, "A call with a tenant's key shows here once it is settled.")),
        ),
  ];
}

function viewOne({ one, byID }) {
  const pairs = (list) =>
    h(
      "dl",
      { class: "pairs" },
      list.map(([word, value]) => [h("dt", {}, word), h("dd", {}, value ?? "–")]),
    );
  return [
    h("p", {}, h("a", { href: "#/requests" }, "← All requests")),
    section(
      "Call",
      null,
      pairs([
        ["Id", h("code", {}, one.id)],
        ["Tenant", h("a", { href: `#/tenants/${one.tenant_id}` }, byID.get(one.tenant_id) ?? one.tenant_id)],
        ["Key", h("code", {}, one.key_id)],
        ["Model", one.model],
        ["Admitted", time(one.admitted_at, { seconds: true })],
        ["Ended", time(one.ended_at, { seconds: true })],
        ["Status", status(one)],
        ["Stream", one.stream ? "yes" : "no"],
        ["Used", tokens(one)],
        ["Counted", one.provenance ? chip(one.provenance, provenances[one.provenance]) : null],
        ["Cost", money(one.cost)],
        ["Content", h("span", { class: "none" }, "never kept")],
      ]),
    ),
    section(
      "Attempts",
      null,
      h(
        "ol",
        { class: "attempts" },
        one.attempts.map((attempt) =>
          h(
            "li",
            {},
            h("h3", {}, `Attempt ${attempt.attempt}`),
            pairs([
              ["Pool / backend", `${attempt.pool} / ${attempt.backend_name ?? attempt.backend_id ?? "–"}`],
              ["Outcome", status(attempt)],
              ["Ended", time(attempt.ended_at, { seconds: true })],
              ["Emergency", attempt.emergency ? chip("emergency", "warn") : "no"],
              ["Used", tokens(attempt)],
              ["Counted", chip(attempt.provenance, provenances[attempt.provenance])],
              [
                "Cost",
                [
                  money(attempt.cost),
                  attempt.excess !== "0" ? [" with ", money(attempt.excess), " above the hold"] : null,
                ],
              ],
              ["List cost", [money(attempt.list_cost), ` times ${attempt.price_multiplier}`]],
              ["Charged by the backend", attempt.upstream_cost === null ? null : money(attempt.upstream_cost)],
              [
                "Price version",
                attempt.price_version ? h("code", {}, attempt.price_version) : chip("unpriced", "warn"),
              ],
              ["Ledger entries", attempt.entries.map((kind) => chip(kind))],
            ]),
          ),
        ),
      ),
    ),
  ];
}

export const view = (data, context) => (context.path[1] ? viewOne(data) : viewAll(data, context));
export const heading = (_data, context) => (context.path[1] ? "Request" : "Requests");
