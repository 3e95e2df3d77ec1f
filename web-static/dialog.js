// Forms in modal dialogs: labelled fields, the server's word at the field it is about, and a way out by Escape.

import { h, notice, show } from "./dom.js";

let serial = 0;

/**
 * Asks with a form; resolves with what `submit(values)` returned, or null if it was left.
 *
 * `fields`: { name, label, kind?: text, number, select, checkbox, list, datetime-local, textarea; value, options, hint,
 * required, autocomplete }. `body` is shown above the fields; `extra(values)` is a second action's button, or absent.
 */
export function ask({ title, body, fields = [], action = "Save", danger = false, submit, extra }) {
  return new Promise((resolve) => {
    serial += 1;
    const id = `dialog-${serial}`;
    const problems = h("div", { class: "dialog-problems" });
    const inputs = new Map(fields.map((field) => [field.name, input(field, `${id}-${field.name}`)]));
    const read = () => Object.fromEntries(fields.map((field) => [field.name, value(field, inputs.get(field.name))]));
    const go = h("button", { type: "submit", class: danger ? "button danger" : "button primary" }, action);
    const leave = () => dialog.close();
    const form = h(
      "form",
      {
        method: "dialog",
        onsubmit: (event) => {
          event.preventDefault();
          run();
        },
      },
      h("h2", { id }, title),
      body ? h("div", { class: "dialog-body" }, body) : null,
      fields.map((field) => labelled(field, `${id}-${field.name}`, inputs.get(field.name))),
      problems,
      h(
        "div",
        { class: "dialog-actions" },
        h("button", { type: "button", class: "button", onclick: leave }, "Cancel"),
        extra ? h("button", { type: "button", class: "button", onclick: () => second() }, extra.title) : null,
        go,
      ),
    );
    const dialog = h("dialog", { "aria-labelledby": id }, form);
    let result = null;

    async function second() {
      show(problems, h("p", { role: "status" }, "Working…"));
      try {
        show(problems, await extra.run(read()));
      } catch (error) {
        complain(error);
      }
    }

    async function run() {
      go.disabled = true;
      show(problems);
      for (const element of inputs.values()) element.removeAttribute("aria-invalid");
      try {
        result = (await submit(read())) ?? true;
        dialog.close();
      } catch (error) {
        complain(error);
      }
      go.disabled = false;
    }

    function complain(error) {
      const lines = error.fields?.length
        ? error.fields.map((fault) => `${fault.pointer.replace(/^\//, "") || "The request"} ${fault.detail}`)
        : [error.message];
      show(
        problems,
        notice(
          "bad",
          lines.map((line) => h("p", {}, line)),
          error.requestID ? h("p", { class: "small" }, `Request ${error.requestID}`) : null,
        ),
      );
      const wrong = error.fields?.map((fault) => inputs.get(fault.pointer.split("/")[1])).find(Boolean);
      if (wrong) {
        wrong.setAttribute("aria-invalid", "true");
        wrong.focus();
      }
    }

    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(result);
    });
    document.body.append(dialog);
    dialog.showModal();
    (inputs.values().next().value ?? go).focus();
  });
}

/** Asks before something that cannot be taken back. */
export function confirm(title, body, action, submit, danger = true) {
  return ask({ title, body, action, danger, submit });
}

/** Shows something and nothing else. */
export function tell(title, ...body) {
  return new Promise((resolve) => {
    serial += 1;
    const id = `dialog-${serial}`;
    const dialog = h(
      "dialog",
      { "aria-labelledby": id, class: "wide" },
      h("h2", { id }, title),
      ...body,
      h(
        "div",
        { class: "dialog-actions" },
        h("button", { type: "button", class: "button primary", onclick: () => dialog.close() }, "Done"),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Shows a secret this once, ready to be copied. */
export function reveal(title, secret, hint) {
  const box = h("input", {
    type: "text",
    class: "secret",
    readonly: true,
    value: secret,
    "aria-label": title,
    onclick: () => box.select(),
  });
  const said = h("span", { role: "status" });
  const copy = async () => {
    box.select();
    await navigator.clipboard?.writeText(secret).then(
      () => show(said, "Copied"),
      () => show(said, "Press Ctrl+C"),
    );
  };
  return tell(
    title,
    h("p", {}, hint),
    h(
      "div",
      { class: "secret-line" },
      box,
      h("button", { type: "button", class: "button", onclick: copy }, "Copy"),
      said,
    ),
  );
}

function labelled(field, id, element) {
  const hint = field.hint ? h("span", { class: "hint", id: `${id}-hint` }, field.hint) : null;
  if (field.kind === "checkbox")
    return h("p", { class: "field check" }, element, h("label", { for: id }, field.label), hint);
  return h("p", { class: "field" }, h("label", { for: id }, field.label), element, hint);
}

function input(field, id) {
  const attributes = {
    id,
    name: field.name,
    required: field.required,
    "aria-describedby": field.hint ? `${id}-hint` : null,
  };
  if (field.kind === "select") {
    return h(
      "select",
      attributes,
      field.options.map(([option, title]) =>
        h("option", { value: option, selected: option === field.value }, title ?? option),
      ),
    );
  }
  if (field.kind === "textarea") return h("textarea", { ...attributes, rows: 5 }, field.value ?? "");
  if (field.kind === "checkbox") return h("input", { ...attributes, type: "checkbox", checked: field.value });
  const type = { number: "number", file: "file", "datetime-local": "datetime-local" }[field.kind] ?? "text";
  return h("input", {
    ...attributes,
    type,
    value: field.kind === "file" ? null : (field.value ?? ""),
    autocomplete: "off",
    inputmode: field.kind === "money" ? "decimal" : null,
    accept: field.accept,
    spellcheck: "false",
  });
}

function value(field, element) {
  if (field.kind === "checkbox") return element.checked;
  if (field.kind === "file") return element.files[0] ?? null;
  const text = element.value.trim();
  if (field.kind === "list")
    return text
      .split(",")
      .map((item) => item.trim())
      .filter(Boolean);
  if (field.kind === "number") return text === "" ? null : Number(text);
  if (field.kind === "datetime-local") return text === "" ? null : `${text.length === 16 ? `${text}:00` : text}Z`;
  return text;
}
