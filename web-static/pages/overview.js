// Overview: what the month costs against its budgets, how the traffic runs, and which backends are sick.

import { get } from "../api.js";
import { chart, dollars } from "../charts.js";
import { chip, commands, empty, h, section } from "../dom.js";
import { approximate, effect, gauge, money, pico, read, sum } from "../money.js";
import * as names from "../names.js";
import { away, month, time } from "../time.js";
import { ago, between, duration, isBroken, joined, quantile } from "../traffic.js";

const dayLength = 86_400_000;
const sick = new Set(["cooling", "recovering", "unhealthy"]);
let samples = [];

export async function load({ signal, can }) {
  const [start, end] = [month(), month(1)];
  const recent = new Date(new Date(start) - 8 * dayLength).toISOString().replace(".000Z", "Z");
  const [days, byTenant, budgets, tenants, status] = await Promise.all([
    get(`/costs?bucket=day&start=${recent}&end=${end}`, { signal, what: "The costs" }),
    names.spentThisMonth({ signal }),
    names.budgets({ signal }),
    names.tenants({ signal }),
    can("GET", "/status") ? get("/status", { signal, what: "The status" }) : null,
  ]);
  if (status) {
    // After a while on another page, or asleep, the gateway's own samples fill the gap.
    if (isBroken(samples, status.traffic)) samples = (await get("/status/history", { signal })).data;
    samples = joined(samples, status.traffic);
  }
  return { start, end, days: days.data, byTenant, budgets, tenants, status, live: samples };
}

/** The month's days, and what it would come to at the rate of the last seven whole days. */
function reckon({ start, end, days }) {
  const costs = new Map(
    days.map((day) => [day.start.slice(0, 10), sum(day.results.map((row) => pico(row.cost) ?? 0n))]),
  );
  const now = Date.now();
  const today = new Date(now).toISOString().slice(0, 10);
  const spent = sum([...costs].filter(([day]) => day >= start.slice(0, 10)).map(([, cost]) => cost));
  const whole = [...costs].filter(([day]) => day < today).slice(-7);
  const first = whole.findIndex(([, cost]) => cost > 0n);
  const used = first < 0 ? [] : whole.slice(first);
  const rest = BigInt(Math.max(0, Math.round((new Date(end) - now) / 1000)));
  // Without a whole day of traffic, today's rate is all there is.
  const seconds = used.length
    ? BigInt(used.length * 86_400)
    : BigInt(Math.max(1, Math.round((now % dayLength) / 1000)));
  const base = used.length ? sum(used.map(([, cost]) => cost)) : (costs.get(today) ?? 0n);
  const forecast = spent + (base * rest) / seconds;
  const labels = [];
  const [actual, line] = [[], []];
  let running = 0n;
  for (let at = new Date(start).getTime(); at < new Date(end).getTime(); at += dayLength) {
    const day = new Date(at).toISOString().slice(0, 10);
    labels.push(day);
    if (day <= today) {
      running += costs.get(day) ?? 0n;
      actual.push(running);
    }
    const left = BigInt(Math.max(0, Math.round((Math.min(at + dayLength, new Date(end).getTime()) - now) / 1000)));
    line.push(day < today ? null : spent + (base * left) / seconds);
  }
  return { spent, today: costs.get(today) ?? 0n, forecast, labels, actual, line };
}

function figure(label, value, note) {
  return h(
    "div",
    { class: "figure" },
    h("dt", {}, label),
    h("dd", {}, value),
    note ? h("dd", { class: "note" }, note) : null,
  );
}

function traffic(live) {
  const last = live[live.length - 1];
  const [minute, five] = [ago(live, 60), ago(live, 300)];
  const [now, recent] = [between(minute, last), between(five, last)];
  const span = recent ? away(five.at, new Date(last.at).getTime()).replace(" ago", "") : "";
  const share = (part) => (recent?.requests ? `${((100 * part) / recent.requests).toFixed(1)} %` : "–");
  const isMinute = now !== null && now.seconds >= 60;
  const pair = (name) => [0.5, 0.95].map((q) => duration(quantile(five[name], last[name], q))).join(" / ");
  return [
    isMinute
      ? figure("Requests per minute", now.perMinute.toFixed(now.perMinute < 10 ? 1 : 0), "last minute")
      : figure("Requests", now ? now.requests.toLocaleString("en") : "–", `last ${span || "moment"}`),
    figure("Error rate", share(recent?.failures), `${recent?.refused ?? 0} refused, last ${span || "moment"}`),
    figure("Overhead p50 / p95", pair("overhead_seconds"), `the gateway's own time, last ${span || "moment"}`),
    figure("First token p50 / p95", pair("time_to_first_token_seconds"), `streams, last ${span || "moment"}`),
  ];
}

function rateChart(live) {
  const steps = [];
  for (let index = 1; index < live.length; index += 1) {
    const before = steps.length ? steps[steps.length - 1].last : live[0];
    if (new Date(live[index].at) - new Date(before.at) < 29_000) continue;
    const step = between(before, live[index]);
    steps.push({ last: live[index], step });
  }
  if (!steps.length) return h("p", { class: "note" }, "The first figures come within half a minute.");
  const labels = steps.map(({ last }) => last.at.slice(11, 19));
  const rate = (count) => steps.map(({ step }) => (step ? (count(step) * 60) / step.seconds : null));
  const series = [
    ["Requests", (step) => step.requests],
    ["Refused", (step) => step.refused],
    ["Failed", (step) => step.failures],
  ].map(([name, count]) => ({ name, values: rate(count), texts: rate(count).map((value) => value?.toFixed(1)) }));
  return chart("rate", {
    label: "Requests per minute, last hour (UTC)",
    kind: "line",
    labels,
    series,
    axis: (value) => value.toLocaleString("en"),
  });
}

function firstRun(can) {
  if (!can("POST", "/tenants")) {
    return section("No tenants yet", null, empty("Someone with the role admin makes them."));
  }
  return section(
    "Issue the first key",
    null,
    empty(
      "There are no tenants yet.",
      h("p", {}, "A tenant owns keys and pays. Three commands make one, let it use a pool, and issue its key:"),
      commands(
        "tollgate tenants create --name acme",
        "tollgate entitlements set --tenant acme --pool fast",
        "tollgate keys create --tenant acme --name first",
      ),
      h(
        "p",
        {},
        "They talk to this Admin API (",
        h("code", {}, "TOLLGATE_ADMIN_URL"),
        ", ",
        h("code", {}, "TOLLGATE_ADMIN_KEY"),
        "). Pools, backends, models and prices come from ",
        h("code", {}, "tollgate apply -f state.yaml"),
        ".",
      ),
    ),
  );
}

function budgetList({ budgets, tenants }, can) {
  const byID = new Map(tenants.map((tenant) => [tenant.id, tenant.name]));
  const shown = budgets
    .filter((budget) => budget.state && byID.has(budget.tenant_id))
    .sort(byShare)
    .slice(0, 6);
  if (!shown.length) {
    return empty(
      "No budgets yet.",
      can("POST", "/budgets")
        ? h("p", {}, h("a", { href: "#/budgets" }, "Set a cap"), " and nothing is spent beyond it.")
        : null,
    );
  }
  return h(
    "ul",
    { class: "gauges" },
    shown.map((budget) =>
      h(
        "li",
        { "data-key": budget.id },
        h(
          "div",
          { class: "gauge-title" },
          h("a", { href: `#/tenants/${budget.tenant_id}` }, byID.get(budget.tenant_id)),
          " ",
          h("span", { class: "note" }, `${budget.window}, ${budget.mode}, ${names.scope(budget)}`),
          effect(budget),
        ),
        gauge(budget.state, byID.get(budget.tenant_id)),
      ),
    ),
  );
}

const byShare = (left, right) => {
  const [a, b] = [names.share(left), names.share(right)];
  return a === b ? (left.id < right.id ? -1 : 1) : b > a ? 1 : -1;
};

function sickList(status) {
  const list = status.pools
    .flatMap((pool) => pool.backends)
    .filter((backend) => sick.has(backend.state) || backend.draining);
  const count = status.pools.reduce((total, pool) => total + pool.backends.length, 0);
  if (!count) {
    const command = h("code", {}, "tollgate apply -f state.yaml");
    return empty("No backends yet.", h("p", {}, "Calls need one: ", command, "."));
  }
  if (!list.length) {
    return h(
      "p",
      {},
      chip("All well", "good"),
      ` ${count} ${count === 1 ? "backend takes" : "backends take"} calls.`,
    );
  }
  return h(
    "ul",
    { class: "plain" },
    list.map((backend) =>
      h(
        "li",
        { "data-key": backend.id },
        h("a", { href: "#/pools" }, `${backend.pool} / ${backend.name}`),
        " ",
        chip(backend.state, backend.state === "draining" ? "warn" : "bad"),
        " ",
        backend.cooling
          ? [
              names.coolingReasons[backend.cooling.reason] ?? backend.cooling.reason,
              " until ",
              time(backend.cooling.until, { seconds: true }),
            ]
          : backend.last_error
            ? backend.last_error.text
            : "",
      ),
    ),
  );
}

/** The tenants with a monthly hard cap over all their calls: what they spent of it, and their caps together. */
function caps({ budgets, tenants }) {
  const living = new Set(tenants.map((tenant) => tenant.id));
  const byTenant = new Map();
  for (const budget of budgets) {
    const isWhole = !budget.key_id && !budget.model && !budget.pool;
    if (!isWhole || budget.window !== "month" || budget.mode !== "hard" || !budget.state) continue;
    if (!living.has(budget.tenant_id)) continue;
    const cap = { limit: pico(budget.state.limit) ?? 0n, posted: pico(budget.state.posted) ?? 0n };
    const known = byTenant.get(budget.tenant_id);
    if (!known || cap.limit < known.limit) byTenant.set(budget.tenant_id, cap);
  }
  const all = [...byTenant.values()];
  return { posted: sum(all.map((cap) => cap.posted)), limit: sum(all.map((cap) => cap.limit)) };
}

export function view(data, { can }) {
  const sums = reckon(data);
  const { status, byTenant, live } = data;
  if (!data.tenants.length) return [firstRun(can)];
  const top = byTenant
    .map((row) => ({ ...row, pico: pico(row.cost) ?? 0n }))
    .sort((a, b) => (b.pico > a.pico ? 1 : b.pico < a.pico ? -1 : 0));
  const capped = caps(data);
  return [
    h(
      "dl",
      { class: "figures" },
      figure(
        "Spent this month",
        money(sums.spent),
        capped.limit > 0n
          ? [money(capped.posted), " of ", money(capped.limit), " in monthly caps"]
          : "UTC, month to date",
      ),
      figure("Forecast", ["≈ ", money(sums.forecast)], "by the month's end, at the last days' rate"),
      figure("Today", money(sums.today), "since midnight UTC"),
    ),
    status ? h("dl", { class: "figures" }, traffic(live)) : null,
    h(
      "div",
      { class: "columns" },
      h("div", {}, spendChart(sums), status ? section("Traffic", null, rateChart(live)) : null),
      h(
        "div",
        {},
        section("Budgets nearest to their limit", h("a", { href: "#/budgets" }, "All budgets"), budgetList(data, can)),
        status ? section("Backends", h("a", { href: "#/pools" }, "All backends"), sickList(status)) : null,
        section("Tenants by spend this month", null, ranking(top)),
      ),
    ),
  ];
}

function spendChart(sums) {
  return section(
    "Spend this month",
    h("a", { href: "#/spend" }, "All spend"),
    chart("month", {
      label: "Spend this month, added up by day",
      kind: "line",
      first: "Day",
      labels: sums.labels,
      series: [
        { name: "Spent", values: sums.actual.map(approximate), texts: sums.actual.map(read) },
        {
          name: "Forecast",
          dashed: true,
          values: sums.line.map((cost) => (cost === null ? null : approximate(cost))),
          texts: sums.line.map((cost) => (cost === null ? null : `≈ ${read(cost)}`)),
        },
      ],
      axis: dollars,
    }),
  );
}

function ranking(top) {
  if (!top.length) return empty("Nothing was spent this month yet.");
  return h(
    "ol",
    { class: "ranking" },
    top
      .slice(0, 6)
      .map((row) =>
        h(
          "li",
          { "data-key": row.tenant },
          h("a", { href: `#/tenants/${row.tenant}` }, row.tenant_name ?? row.tenant),
          money(row.cost),
        ),
      ),
  );
}
