// Who the ids are: the tenants and budgets, read once in a while and shared by the pages.

import { all, cut, get, query } from "./api.js";
import { month } from "./time.js";

const kept = new Map();

async function fresh(path, seconds, options) {
  const entry = kept.get(path);
  if (entry && Date.now() - entry.at < seconds * 1000) {
    if (entry.rows.incomplete) cut.add(path);
    return entry.rows;
  }
  const rows = await all(path, options);
  kept.set(path, { at: Date.now(), rows });
  return rows;
}

/** Forgets what was read, after a change. */
export function forget() {
  kept.clear();
}

/** All tenants that are not archived. */
export async function tenants(options) {
  return (await fresh("/tenants", 30, options)).filter((tenant) => !tenant.archived_at);
}

/** Names by id. */
export async function tenantNames(options) {
  const rows = await fresh("/tenants", 30, options);
  return new Map(rows.map((tenant) => [tenant.id, tenant.name]));
}

/** Names of some tenants by id, archived ones too; one that is not there has none. */
export async function namesOf(ids, options) {
  const pairs = await Promise.all(
    [...new Set(ids)].map(async (id) => {
      const tenant = await get(`/tenants/${id}`, options).catch(() => null);
      return [id, tenant?.name];
    }),
  );
  return new Map(pairs);
}

/** Names of operators' keys by id; a revoked one has none. */
export async function operators(options) {
  return new Map((await fresh("/admin-keys", 30, options)).map((key) => [key.id, key.name]));
}

/** All budgets with their state; many are read less often. */
export async function budgets(options) {
  const before = kept.get("/budgets?expand=state")?.rows.length ?? 0;
  return fresh("/budgets?expand=state", before > 1000 ? 30 : 1, options);
}

/** What each tenant spent this month, as the API tells it; of many it is read less often. */
export async function spentThisMonth(options) {
  const path = `/costs${query({ bucket: "month", start: month(), end: month(1), group_by: "tenant" })}`;
  const results = (buckets) => buckets.flatMap((bucket) => bucket.results);
  const before = results(kept.get(path)?.rows ?? []).length;
  return results(await fresh(path, before > 1000 ? 60 : 1, options));
}

/** Why a backend pauses. */
export const coolingReasons = {
  rate_limited: "it asked for a pause (429)",
  unreachable: "cannot be reached",
  failures: "failed several times",
  credential_refused: "refuses our credential",
};

/** The tokens of one side of a call, input or output, over all its meters. */
export function side(tokens, name) {
  return Object.entries(tokens).reduce(
    (sum, [meter, count]) => sum + (meter === name || meter.startsWith(`${name}_`) ? count : 0),
    0,
  );
}

/** A budget's scope in words; `keys` has keys by their id, if they are known. */
export function scope(budget, keys) {
  const parts = [
    budget.key_id && `key ${keys?.get(budget.key_id)?.name ?? `…${budget.key_id.slice(-6)}`}`,
    budget.model && `model ${budget.model}`,
    budget.pool && `pool ${budget.pool}`,
  ];
  return parts.filter(Boolean).join(", ") || "whole tenant";
}

/** The budget that is nearest to its limit, hard ones first. */
export function tightest(budgets) {
  const rank = (budget) => [budget.mode === "hard" ? 1 : 0, share(budget)];
  return [...budgets].sort((left, right) => {
    const [a, b] = [rank(left), rank(right)];
    return b[0] - a[0] || b[1] - a[1];
  })[0];
}

/** How far a budget is used up, for ordering only. */
export function share(budget) {
  const state = budget.state;
  if (!state) return 0;
  const limit = Number(state.limit);
  const used = Number(state.posted) + Number(state.held);
  return limit > 0 ? used / limit : used > 0 ? Infinity : 0;
}
