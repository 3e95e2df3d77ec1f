// Models and prices: which pools serve a model, what it costs now, what it cost before, and new prices.

import { all, onceKey, query, send } from "../api.js";
import { ask, tell } from "../dialog.js";
import { chip, commands, empty, h, notice, section } from "../dom.js";
import { action, button, changed } from "../forms.js";
import { table } from "../table.js";
import { rfc3339, time } from "../time.js";

export async function load({ signal, can }) {
  const [models, prices] = await Promise.all([
    can("GET", "/models") ? all("/models", { signal }) : [],
    all("/prices", { signal }),
  ]);
  const known = new Set(models.map((model) => model.name));
  const others = [...new Set(prices.map((price) => price.model))].filter((name) => !known.has(name));
  return { models: [...models, ...others.map((name) => ({ name, targets: [] }))], prices };
}

/** The price that holds now for tenants, of the standard tier and any length. */
function current(prices, model) {
  const now = Date.now();
  return prices
    .filter(
      (price) =>
        price.model === model &&
        price.kind === "tenant" &&
        !price.tenant_id &&
        !price.tier &&
        !price.above_tokens &&
        new Date(price.effective_from) <= now,
    )
    .sort((a, b) => (a.effective_from + a.published_at < b.effective_from + b.published_at ? 1 : -1))[0];
}

/** The rates of a price in words: per million tokens, and per unit. */
function rates(price) {
  if (!price) return chip("no price", "warn");
  const tokens = Object.entries(price.per_million ?? {});
  const units = Object.entries(price.per_unit ?? {});
  const decimals = Math.max(2, ...tokens.map(([, rate]) => (rate.split(".")[1] ?? "").length));
  const even = (rate) => `$${rate.split(".")[0]}.${(rate.split(".")[1] ?? "").padEnd(decimals, "0")}`;
  const line = (meter, rate) =>
    h(
      "li",
      {},
      h("span", { class: "note" }, meter.replaceAll("_", " ")),
      " ",
      h("span", { class: "figure-text" }, rate),
    );
  return [
    tokens.length
      ? h(
          "ul",
          { class: "rates" },
          tokens.map(([meter, rate]) => line(meter, even(rate))),
        )
      : null,
    units.length
      ? h(
          "ul",
          { class: "rates" },
          units.map(([meter, rate]) => line(`each ${meter}`, `$${rate}`)),
        )
      : null,
  ];
}

async function history(model) {
  const versions = (await all(`/prices/history${query({ model })}`)).reverse();
  await tell(
    `Prices of ${model}`,
    table(
      "Price versions",
      [
        { name: "from", title: "From", cell: (row) => time(row.effective_from) },
        {
          name: "kind",
          title: "For",
          cell: (row) => [
            row.kind,
            row.tier ? `, tier ${row.tier}` : "",
            row.above_tokens ? `, above ${row.above_tokens.toLocaleString("en")} tokens` : "",
          ],
        },
        { name: "rates", title: "Per million tokens", cell: rates },
        { name: "published", title: "Published", cell: (row) => time(row.published_at) },
        { name: "id", title: "Version", cell: (row) => h("code", {}, row.id) },
      ],
      versions,
      {},
      () => {},
      { key: (row) => row.id, most: 500 },
    ),
  );
}

async function publish(context, model = "") {
  const once = onceKey();
  const done = await ask({
    title: "New price",
    action: "Publish price",
    body: h("p", {}, "A published price never changes. Calls that were admitted before it keep theirs."),
    fields: [
      { name: "model", label: "Model", value: model, required: true },
      { name: "input", label: "Input, US dollars per million tokens", kind: "money", required: true },
      { name: "output", label: "Output, US dollars per million tokens", kind: "money", required: true },
      {
        name: "input_cache_read",
        label: "Cached input, US dollars per million tokens",
        kind: "money",
        hint: "Empty: as input.",
      },
      {
        name: "effective_from",
        label: "From (UTC)",
        kind: "datetime-local",
        value: rfc3339().slice(0, 16),
        required: true,
      },
      { name: "tier", label: "Service tier", hint: "Empty: standard." },
    ],
    submit: ({ model, input, output, input_cache_read, effective_from, tier }) =>
      send(
        "POST",
        "/prices",
        {
          model,
          effective_from,
          tier: tier || null,
          per_million: { input, output, ...(input_cache_read ? { input_cache_read } : {}) },
        },
        { once },
      ),
  });
  if (done) await changed(context, "The price is published.");
}

/** A price list of another project: first what would change, then the change. */
async function importPrices(context) {
  const run = async ({ file, format, known, yes }, dry) => {
    if (!file) throw new Error("Choose a file first.");
    const wanted = { format, dry_run: dry, known_models: known || "", yes: !dry && yes ? true : "" };
    return send("POST", `/prices/import${query(wanted)}`, await file.text(), { what: "The import" });
  };
  const done = await ask({
    title: "Import prices",
    action: "Import",
    body: h("p", {}, "Look at the differences first: nothing is changed by that."),
    fields: [
      { name: "file", label: "Price list (JSON)", kind: "file", accept: ".json,application/json", required: true },
      {
        name: "format",
        label: "Format",
        kind: "select",
        options: [
          ["litellm", "LiteLLM"],
          ["openrouter", "OpenRouter"],
          ["genai-prices", "genai-prices"],
        ],
      },
      { name: "known", label: "Only models that are here", kind: "checkbox", value: true },
      { name: "yes", label: "Take changes by more than half, too", kind: "checkbox" },
    ],
    extra: { title: "Show differences", run: async (values) => differences(await run(values, true)) },
    submit: (values) => run(values, false),
  });
  if (done) await changed(context, `${done.published} prices are published.`);
}

/** What an import would change, by model and meter. */
function differences({ changes, jumps, conflicts, omitted, unchanged }) {
  const left = omitted.reduce((sum, { models }) => sum + models.length, 0);
  const notes = [
    `${unchanged} unchanged`,
    left && `${left} left out`,
    jumps && `${jumps} change by more than half`,
  ]
    .filter(Boolean)
    .join(", ");
  const clash = conflicts.length
    ? notice("bad", `Other prices are published for the same instant: ${conflicts.slice(0, 5).join(", ")}`)
    : null;
  if (!changes.length) return [clash, notice("good", `Nothing would change: ${notes}.`)];
  const rate = (text) => (text === null ? "–" : `$${text}`);
  return [
    clash,
    h("p", { role: "status" }, `${changes.length} ${changes.length === 1 ? "difference" : "differences"}; ${notes}.`),
    h(
      "div",
      { class: "dialog-table" },
      table(
        "Differences",
        [
          {
            name: "model",
            title: "Model",
            cell: (row) => [
              row.model,
              row.tier ? ` (${row.tier})` : "",
              row.above_tokens ? ` above ${row.above_tokens}` : "",
            ],
          },
          { name: "meter", title: "Meter", cell: (row) => `${row.meter.replaceAll("_", " ")}, per ${row.per}` },
          { name: "old", title: "Old", number: true, cell: (row) => rate(row.old) },
          { name: "new", title: "New", number: true, cell: (row) => rate(row.new) },
          {
            name: "percent",
            title: "Change",
            number: true,
            cell: (row) =>
              row.percent === null ? "new" : [row.jump ? chip(`${row.percent} %`, "warn") : `${row.percent} %`],
          },
        ],
        changes,
        {},
        () => {},
        { most: 500 },
      ),
    ),
  ];
}

export function view({ models, prices }, context) {
  const { ui, redraw, can } = context;
  if (!models.length) {
    return section(
      "No models yet",
      null,
      empty(
        "A model is a name that clients ask for, and the pools that serve it.",
        commands("tollgate apply -f state.yaml"),
      ),
    );
  }
  const columns = [
    { name: "name", title: "Model", sort: (row) => row.name, cell: (row) => row.name },
    can("GET", "/models")
      ? {
          name: "targets",
          title: "Served by",
          cell: (row) =>
            row.targets.length
              ? h(
                  "ol",
                  { class: "inline" },
                  row.targets.map((target) =>
                    h(
                      "li",
                      {},
                      target.pool,
                      target.upstream_model ? h("span", { class: "note" }, ` as ${target.upstream_model}`) : null,
                    ),
                  ),
                )
              : h("span", { class: "none" }, "no pool"),
        }
      : null,
    { name: "rates", title: "Price now, per million tokens", cell: (row) => rates(current(prices, row.name)) },
    can("GET", "/models")
      ? {
          name: "output",
          title: "Output at most",
          number: true,
          sort: (row) => row.max_output_tokens ?? 0,
          cell: (row) => row.max_output_tokens?.toLocaleString("en") ?? "–",
        }
      : null,
    can("GET", "/models")
      ? {
          name: "context",
          title: "Context",
          number: true,
          sort: (row) => row.context_window ?? 0,
          cell: (row) => row.context_window?.toLocaleString("en") ?? "–",
        }
      : null,
    {
      name: "changes",
      title: "",
      cell: (row) =>
        h(
          "span",
          { class: "row-actions" },
          button("History", `Prices of ${row.name}`, () => history(row.name)),
          can("POST", "/prices")
            ? button("New price", `New price of ${row.name}`, () => publish(context, row.name))
            : null,
        ),
    },
  ].filter(Boolean);
  return section("Models", null, table("Models and prices", columns, models, ui, redraw, { key: (row) => row.name }));
}

export function actions(_data, context) {
  return [
    context.can("POST", "/prices/import") ? action("Import prices", () => importPrices(context)) : null,
    context.can("POST", "/prices") ? action("New price", () => publish(context), "primary") : null,
  ];
}
