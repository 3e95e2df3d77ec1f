// Webhooks: who hears of events, what became of the messages, and a test call.

import { all, get, getTagged, onceKey, part, send } from "../api.js";
import { ask, confirm } from "../dialog.js";
import { chip, empty, h, section, toast } from "../dom.js";
import { action, button, changed, shown } from "../forms.js";
import { table } from "../table.js";
import { time } from "../time.js";

const tones = { delivered: "good", pending: "warn", failed: "bad", given_up: "bad", dropped: "bad" };

export async function load({ path, signal }) {
  if (!path[1]) return { rows: await all("/webhooks", { signal }) };
  const at = `/webhooks/${part(path[1])}`;
  const one = await get(at, { signal, what: "The webhook" });
  return { one, deliveries: (await get(`${at}/deliveries?limit=100`, { signal, what: "Its messages" })).data };
}

async function create(context) {
  const once = onceKey();
  const made = await ask({
    title: "New webhook",
    action: "Create webhook",
    body: h("p", {}, "Messages are signed as Standard Webhooks say."),
    fields: [
      { name: "url", label: "URL", required: true, hint: "Such as https://example.org/hook." },
      {
        name: "events",
        label: "Events",
        kind: "list",
        hint: "Such as budget.threshold, backend.down. Empty: all.",
      },
    ],
    submit: ({ url, events }) => send("POST", "/webhooks", events.length ? { url, events } : { url }, { once }),
  });
  if (!made) return;
  await changed(context, "The webhook hears of events from now on.");
  await shown("The secret of the webhook", made.secret, "Delete it and make another one.");
}

async function test(context, webhook) {
  const result = await send("POST", `/webhooks/${part(webhook.id)}/test`);
  const said = [result.status && `status ${result.status}`, result.error].filter(Boolean).join(", ");
  toast(`${webhook.url}: ${result.state}${said ? `, ${said}` : ""}`, result.state === "delivered" ? "good" : "bad");
  await context.reload();
}

async function remove(context, webhook) {
  const { tag } = await getTagged(`/webhooks/${part(webhook.id)}`);
  const done = await confirm(
    "Delete the webhook?",
    h("p", {}, `${webhook.url} hears of nothing any more, and its messages are forgotten.`),
    "Delete webhook",
    () => send("DELETE", `/webhooks/${part(webhook.id)}`, undefined, { tag }).then(() => true),
  );
  if (done) await changed(context, "The webhook is deleted.");
}

const state = (row) =>
  row.enabled ? (row.failing_since ? chip("failing", "warn") : chip("on", "good")) : chip("off", "bad");

function viewAll({ rows }, context) {
  const { ui, redraw, can } = context;
  if (!rows.length) {
    return section(
      "No webhooks yet",
      null,
      empty("A webhook tells another system of budgets, backends and closed months.", h("p", {}, "Make one above.")),
    );
  }
  const columns = [
    {
      name: "url",
      title: "URL",
      sort: (row) => row.url,
      cell: (row) => h("a", { href: `#/webhooks/${row.id}` }, row.url),
    },
    {
      name: "state",
      title: "State",
      sort: (row) => row.enabled,
      cell: (row) => [state(row), row.disabled_reason ? h("div", { class: "note" }, row.disabled_reason) : null],
    },
    { name: "events", title: "Events", cell: (row) => row.events.join(", ") },
    { name: "created", title: "Since", sort: (row) => row.created_at, cell: (row) => time(row.created_at) },
    {
      name: "changes",
      title: "",
      cell: (row) =>
        h(
          "span",
          { class: "row-actions" },
          can("POST", "/webhooks/{}/test") ? button("Test", `Test ${row.url}`, () => test(context, row)) : null,
          can("DELETE", "/webhooks/{}")
            ? button("Delete", `Delete ${row.url}`, () => remove(context, row), true)
            : null,
        ),
    },
  ];
  return section("Webhooks", null, table("Webhooks", columns, rows, ui, redraw, { key: (row) => row.id }));
}

function viewOne({ one, deliveries }, context) {
  const { ui, redraw } = context;
  const columns = [
    { name: "at", title: "Made", cell: (row) => time(row.created_at, { seconds: true }) },
    { name: "event", title: "Event", cell: (row) => row.event },
    { name: "state", title: "State", cell: (row) => chip(row.state, tones[row.state] ?? "plain") },
    { name: "attempts", title: "Tries", number: true, cell: (row) => row.attempts },
    {
      name: "answer",
      title: "Answer",
      cell: (row) =>
        [row.status, row.error, row.latency_ms && `${row.latency_ms} ms`].filter(Boolean).join(", ") || "–",
    },
    { name: "next", title: "Next try", cell: (row) => time(row.next_attempt_at, { seconds: true }) },
  ];
  return [
    h("p", {}, h("a", { href: "#/webhooks" }, "← All webhooks")),
    section(
      [state(one), " ", one.events.join(", ")],
      null,
      h("p", { class: "note" }, "The newest hundred messages."),
      deliveries.length
        ? table("Messages", columns, deliveries, ui, redraw, { key: (row) => row.id })
        : empty("No messages yet.", h("p", {}, "Test it, and one is here.")),
    ),
  ];
}

export function actions({ one }, context) {
  if (!one) return context.can("POST", "/webhooks") ? action("New webhook", () => create(context), "primary") : null;
  return context.can("POST", "/webhooks/{}/test") ? action("Test", () => test(context, one)) : null;
}

export const view = (data, context) => (context.path[1] ? viewOne(data, context) : viewAll(data, context));
export const heading = (data, context) => (context.path[1] ? (data?.one?.url ?? "Webhook") : "Webhooks");
