// Pools and backends: who takes calls, who is sick and until when, and what is in flight.

import { all, get, part, send } from "../api.js";
import { confirm } from "../dialog.js";
import { chip, commands, empty, h, section, toast } from "../dom.js";
import { button, changed } from "../forms.js";
import { coolingReasons } from "../names.js";
import { table } from "../table.js";
import { away, time } from "../time.js";

const tones = {
  ready: "good",
  full: "warn",
  limited: "warn",
  draining: "warn",
  recovering: "warn",
  cooling: "bad",
  unhealthy: "bad",
};

export async function load({ signal }) {
  const [pools, status] = await Promise.all([
    all("/pools?expand=backends", { signal }),
    get("/status", { signal, what: "The status" }),
  ]);
  const states = new Map(status.pools.flatMap((pool) => pool.backends).map((backend) => [backend.id, backend]));
  const waiting = new Map(status.pools.map((pool) => [pool.name, pool.waiting]));
  return {
    status,
    pools: pools.map((pool) => ({
      ...pool,
      waiting: waiting.get(pool.name) ?? 0,
      backends: pool.backends.map((backend) => ({ ...backend, now: states.get(backend.id) })),
    })),
  };
}

async function drain(context, backend) {
  const word = backend.draining ? "undrain" : "drain";
  const run = () => send("POST", `/backends/${part(backend.id)}/${word}`);
  const done = backend.draining
    ? await run()
    : await confirm(
        `Drain ${backend.name}?`,
        h("p", {}, "It takes no new calls; those in flight finish. Undrain brings it back."),
        "Drain",
        run,
        false,
      );
  if (done) await changed(context, backend.draining ? "It takes calls again." : "It takes no new calls.");
}

async function probe(context, backend) {
  const result = await send("POST", `/backends/${part(backend.id)}/probe`);
  const status = result.status ? `, status ${result.status}` : "";
  const error = result.error ? `, ${result.error}` : "";
  const word = result.passed ? "passed" : "failed";
  toast(`${backend.name}: ${word}${status} in ${result.latency_ms} ms${error}`, result.passed ? "good" : "bad");
  await context.reload();
}

function health({ now }) {
  if (!now) return h("span", { class: "none" }, "unknown");
  return [
    chip(now.state, tones[now.state] ?? "plain"),
    now.cooling
      ? h(
          "div",
          { class: "note" },
          coolingReasons[now.cooling.reason] ?? now.cooling.reason,
          ", until ",
          time(now.cooling.until, { seconds: true }),
          ` (${away(now.cooling.until)})`,
        )
      : null,
    now.last_error
      ? h(
          "div",
          { class: "note" },
          "last failure ",
          time(now.last_error.at, { seconds: true }),
          ": ",
          now.last_error.text,
        )
      : null,
  ];
}

/** How the person sorted this pool's table. */
function sorting(context, pool) {
  // A map, since a pool may be called like a member of every object.
  context.ui.pools ??= new Map();
  if (!context.ui.pools.has(pool.name)) context.ui.pools.set(pool.name, {});
  return context.ui.pools.get(pool.name);
}

function columns(context) {
  const { can } = context;
  return [
    {
      name: "name",
      title: "Backend",
      sort: (row) => row.name,
      cell: (row) => [row.name, h("div", { class: "note" }, `${row.kind}, ${row.base_url}`)],
    },
    { name: "health", title: "Health", sort: (row) => row.now?.state, cell: health },
    {
      name: "flight",
      title: "In flight",
      number: true,
      sort: (row) => row.now?.in_flight ?? 0,
      cell: (row) => `${row.now?.in_flight ?? 0}${row.max_concurrency ? ` / ${row.max_concurrency}` : ""}`,
    },
    {
      name: "latency",
      title: "Answer, mean",
      number: true,
      sort: (row) => row.now?.ewma_latency_ms ?? 0,
      cell: (row) => (row.now?.ewma_latency_ms ? `${Math.round(row.now.ewma_latency_ms)} ms` : "–"),
    },
    { name: "weight", title: "Weight", number: true, sort: (row) => row.weight, cell: (row) => row.weight },
    {
      name: "rpm",
      title: "Rate",
      number: true,
      sort: (row) => row.rpm ?? 0,
      cell: (row) => (row.rpm ? `${row.rpm} rpm` : "–"),
    },
    can("POST", "/backends/{}/drain")
      ? {
          name: "changes",
          title: "",
          cell: (row) =>
            h(
              "span",
              { class: "row-actions" },
              button("Probe", `Probe ${row.name}`, () => probe(context, row)),
              button(row.draining ? "Undrain" : "Drain", `${row.draining ? "Undrain" : "Drain"} ${row.name}`, () =>
                drain(context, row),
              ),
            ),
        }
      : null,
  ].filter(Boolean);
}

export function view({ pools, status }, context) {
  const { journal, holds } = status;
  const facts = h(
    "dl",
    { class: "figures" },
    [
      ["Ledger", journal.writable ? "writable" : "cannot be written", `${journal.pending} waiting for the writer`],
      ["Live holds", holds.live.toLocaleString("en"), `${holds.waiting} requests wait for one`],
      [
        "Uncertain holds",
        h("a", { href: "#/holds" }, holds.uncertain.toLocaleString("en")),
        "left by a crash, until resolved",
      ],
      ["Version", status.version, "of this gateway"],
    ].map(([word, value, note]) =>
      h("div", { class: "figure" }, h("dt", {}, word), h("dd", {}, value), h("dd", { class: "note" }, note)),
    ),
  );
  if (!pools.length) {
    return [
      facts,
      section(
        "No pools yet",
        null,
        empty(
          "A pool is a set of interchangeable backends.",
          h("p", {}, "Describe them in a file and apply it:"),
          commands("tollgate apply -f state.yaml"),
        ),
      ),
    ];
  }
  return [
    facts,
    pools.map((pool) =>
      section(
        pool.name,
        h(
          "span",
          { class: "note" },
          `${pool.policy.replace("_", " ")}, queue of ${pool.queue.max} for ${pool.queue.timeout}, ${pool.waiting} waiting`,
        ),
        pool.backends.length
          ? table(`Backends of ${pool.name}`, columns(context), pool.backends, sorting(context, pool), context.redraw, {
              key: (row) => row.id,
              fixed: true,
            })
          : empty(
              "No backends: calls to it are refused.",
              commands(`tollgate backends create --pool ${pool.name} --name NAME --set kind=openai --set base_url=URL`),
            ),
      ),
    ),
  ];
}
