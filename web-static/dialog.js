// Forms in modal dialogs: labelled fields, the server's word at the field it is about, and a way out by Escape.

import { h, notice, show } from "./dom.js";

let serial = 0;

/** The dialogs that are open, each with a way to end it that keeps one whose call is under way. */
const open = new Set();

/** Ends the open dialogs; one that waits for its answer only by force, since what it made may be shown only once. */
export function leaveDialogs(force = false) {
  for (const leave of open) leave(force);
}

/**
 * Asks with a form; resolves with what `submit(values, signal)` returned, or null if it was left.
 *
 * `fields`: { name, label, kind?: text, number, select, checkbox, list, datetime-local, textarea; value, options, hint,
 * required }. `body` is shown above the fields; `extra(values)` is a second action's button, or absent. While the call
 * runs the dialog cannot be left, unless `abortable`: then leaving stops it.
 */
export function ask({ title, body, fields = [], action = "Save", danger = false, submit, extra, abortable = false }) {
  return new Promise((resolve) => {
    serial += 1;
    const id = `dialog-${serial}`;
    const problems = h("div", { class: "dialog-problems" });
    const inputs = new Map(fields.map((field) => [field.name, input(field, `${id}-${field.name}`)]));
    const read = () => Object.fromEntries(fields.map((field) => [field.name, value(field, inputs.get(field.name))]));
    const go = h("button", { type: "submit", class: danger ? "button danger" : "button primary" }, action);
    const abort = new AbortController();
    const cancel = h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel");
    let running = false;
    let preview = 0;
    let result = null;
    const form = h(
      "form",
      {
        method: "dialog",
        onsubmit: (event) => {
          event.preventDefault();
          if (!running) run();
        },
        // A preview, or a complaint, is of what was asked; not of what stands there now.
        oninput: () => {
          preview += 1;
          clear();
        },
      },
      h("h2", { id }, title),
      body ? h("div", { class: "dialog-body" }, body) : null,
      fields.map((field) => labelled(field, `${id}-${field.name}`, inputs.get(field.name))),
      problems,
      h(
        "div",
        { class: "dialog-actions" },
        cancel,
        extra ? h("button", { type: "button", class: "button", onclick: () => second() }, extra.title) : null,
        go,
      ),
    );
    const dialog = h("dialog", { "aria-labelledby": id }, form);
    const isHeld = () => running && !abortable;

    async function second() {
      preview += 1;
      const turn = preview;
      clear();
      show(problems, h("p", { role: "status" }, "Working…"));
      try {
        const shown = await extra.run(read());
        if (turn === preview) show(problems, shown);
      } catch (error) {
        if (turn === preview) complain(error);
      }
    }

    async function run() {
      preview += 1;
      hold(true);
      clear();
      try {
        result = (await submit(read(), abort.signal)) ?? true;
        hold(false);
        dialog.close();
      } catch (error) {
        hold(false);
        if (error.name !== "AbortError") complain(error);
      }
    }

    function hold(isRunning) {
      running = isRunning;
      go.disabled = isRunning;
      cancel.disabled = isHeld();
    }

    function clear() {
      show(problems);
      for (const [name, element] of inputs) {
        element.removeAttribute("aria-invalid");
        show(form.querySelector(`#${CSS.escape(`${id}-${name}`)}-error`));
      }
    }

    function complain(error) {
      const others = [];
      let first = null;
      for (const fault of error.fields ?? []) {
        const parts = fault.pointer.split("/").slice(1);
        const field = fields.find(({ name }) => name === parts[0]) ?? fields.find(({ name }) => name === parts.at(-1));
        if (!field) {
          others.push(`${parts.join(" ") || "The request"} ${fault.detail}`);
          continue;
        }
        inputs.get(field.name).setAttribute("aria-invalid", "true");
        const place = form.querySelector(`#${CSS.escape(`${id}-${field.name}`)}-error`);
        show(place, `${field.label.split(",")[0]} ${fault.detail}`);
        first ??= inputs.get(field.name);
      }
      if (!first || others.length) {
        show(
          problems,
          notice(
            "bad",
            (others.length ? others : [error.message]).map((line) => h("p", {}, line)),
            error.requestID ? h("p", { class: "small" }, `Request ${error.requestID}`) : null,
          ),
        );
      }
      first?.focus();
    }

    const leave = (force) => {
      if (isHeld() && !force) return;
      running = false;
      dialog.close();
    };
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && isHeld()) event.preventDefault();
    });
    dialog.addEventListener("cancel", (event) => {
      if (isHeld()) event.preventDefault();
    });
    dialog.addEventListener("close", () => {
      // A browser may close it all the same, when Escape is pressed twice.
      if (isHeld()) return dialog.showModal();
      abort.abort();
      open.delete(leave);
      dialog.remove();
      return resolve(result);
    });
    open.add(leave);
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
export function tell(title, body, { isSecret = false } = {}) {
  return new Promise((resolve) => {
    serial += 1;
    const id = `dialog-${serial}`;
    const dialog = h(
      "dialog",
      { "aria-labelledby": id, class: "wide" },
      h("h2", { id }, title),
      body,
      h(
        "div",
        { class: "dialog-actions" },
        h("button", { type: "button", class: "button primary", onclick: () => dialog.close() }, "Done"),
      ),
    );
    // A secret is shown this once: only signing out takes it away.
    const leave = (force) => (isSecret && !force ? undefined : dialog.close());
    open.add(leave);
    dialog.addEventListener("close", () => {
      open.delete(leave);
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
    box.focus();
    box.select();
    // Over plain HTTP a page has no clipboard.
    const copied = await navigator.clipboard?.writeText(secret).then(
      () => true,
      () => false,
    );
    show(said, copied ? "Copied" : "It is selected: press Ctrl+C, or ⌘C");
  };
  return tell(
    title,
    [
      h("p", {}, hint),
      h(
        "div",
        { class: "secret-line" },
        box,
        h("button", { type: "button", class: "button", onclick: copy }, "Copy"),
        said,
      ),
    ],
    { isSecret: true },
  );
}

function labelled(field, id, element) {
  const hint = field.hint ? h("span", { class: "hint", id: `${id}-hint` }, field.hint) : null;
  const error = h("span", { class: "field-error", id: `${id}-error`, role: "alert" });
  if (field.kind === "checkbox")
    return h("p", { class: "field check" }, element, h("label", { for: id }, field.label), hint, error);
  return h("p", { class: "field" }, h("label", { for: id }, field.label), element, hint, error);
}

function input(field, id) {
  const attributes = {
    id,
    name: field.name,
    required: field.required,
    "aria-describedby": field.hint ? `${id}-hint ${id}-error` : `${id}-error`,
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
