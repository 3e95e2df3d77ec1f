// Requests: single calls as the ledger has them, newest first, with every attempt. What was said is not kept.

import { get, part, query } from "../api.js";
import { chip, empty, h, section } from "../dom.js";
import * as fields from "../fields.js";
import { money, pico, read } from "../money.js";
import * as names from "../names.js";
import { newest, older } from "../paging.js";
import { table } from "../table.js";
import { day, time } from "../time.js";
import { duration } from "../traffic.js";
import { action } from "../forms.js";

const outcomes = ["answered", "broken", "unanswered", "not_sent", "error_status", "client_gone"];
const provenances = { reported: "good", estimated: "warn", partial: "warn", none: "plain" };

export async function load({ path, search, signal, can }) {
  if (path[1]) {
    const one = await get(`/requests/${part(path[1])}`, { signal, what: "The request" });
    const [byID, key] = await Promise.all([
      names.tenantNames({ signal }),
      can("GET", "/keys/{}") ? get(`/keys/${part(one.key_id)}`, { signal }).catch(() => null) : null,
    ]);
    return { one, byID, key };
  }
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
  const [input, output] = ["input", "output"].map((side) => names.side(row.tokens, side));
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
    good ? h("span", { class: "number" }, row.status) : chip(row.status ?? "–", "bad"),
    row.outcome && row.outcome !== "answered"
      ? [" ", h("span", { class: "note" }, row.outcome.replace("_", " "))]
      : null,
  ];
}

/** The instants are whole seconds. */
const took = (seconds) => (seconds < 1 ? "less than 1 s" : duration(seconds));

/** How many places of a row's cost are shown. */
const decimals = (row) => read(pico(row.cost) ?? 0n).split(".")[1].length;

/** How the tokens are known: what the backend reported is the rule, and plain. */
function counted(provenance) {
  if (!provenance) return "–";
  return provenance === "reported" ? provenance : chip(provenance, provenances[provenance]);
}

function viewAll({ page, byID, tenants }, { search, go, ui, redraw }) {
  const filtered = ["tenant", "status", "model", "since", "after"].some((name) => search.get(name));
  const places = Math.max(0, ...page.data.map(decimals));
  const change = (name) => (value) => go({ [name]: value, after: "" });
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
    { name: "model", title: "Model", cell: (row) => h("span", { class: "figure-text" }, row.model) },
    {
      name: "where",
      title: "Served by",
      cell: (row) => {
        const last = row.attempts[row.attempts.length - 1];
        return last
          ? [
              h("span", { class: "figure-text" }, `${last.pool} / ${last.backend_name ?? "–"}`),
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
      cell: (row) => counted(row.provenance),
    },
    {
      name: "cost",
      title: "Cost",
      number: true,
      cell: (row) => [
        money(row.cost),
        // As many places behind the point in each row.
        h("span", { "aria-hidden": "true" }, "\u2007".repeat(places - decimals(row))),
      ],
    },
  ];
  return [
    h(
      "div",
      { class: "filters" },
      fields.tenant(tenants, search.get("tenant") ?? "", byID, change("tenant")),
      fields.text("Status or outcome", "status", search.get("status") ?? "", change("status"), { list: "outcomes" }),
      fields.text("Model", "model", search.get("model") ?? "", change("model")),
      h(
        "datalist",
        { id: "outcomes" },
        outcomes.map((word) => h("option", { value: word })),
      ),
      fields.select(
        "Since",
        search.get("since") ?? "",
        [
          ["", "ever"],
          ["0", "midnight UTC"],
          ["1", "yesterday"],
          ["7", "7 days ago"],
          ["30", "30 days ago"],
        ],
        change("since"),
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

function viewOne({ one, byID, key }) {
  const pairs = (list) =>
    h(
      "dl",
      { class: "pairs wide" },
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
        ["Key", [key ? `${key.name} ` : "", h("code", {}, key ? `tg_${key.public_id}_…` : one.key_id)]],
        ["Model", one.model],
        ["Admitted", time(one.admitted_at, { seconds: true })],
        ["Ended", time(one.ended_at, { seconds: true })],
        ["Took", one.ended_at ? took((new Date(one.ended_at) - new Date(one.admitted_at)) / 1000) : null],
        ["Status", status(one)],
        ["Stream", one.stream ? "yes" : "no"],
        ["Used", tokens(one)],
        ["Counted", counted(one.provenance)],
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
              ["Counted", counted(attempt.provenance)],
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
export const heading = (_data, context) => (context.path[1] ? `Request …${context.path[1].slice(-8)}` : "Requests");
