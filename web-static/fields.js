// Fields above a list: a word to find, a text, a choice; and the choice of a tenant among however many.

import { h } from "./dom.js";

/** As many options a list may offer; beyond them a name is typed. */
const optionsMost = 200;

function labelled(title, ...inside) {
  return h("label", { class: "filter" }, h("span", {}, title), ...inside);
}

/** Narrows a list that is all here, at each letter. */
export function find(title, ui, redraw) {
  return labelled(
    title,
    h("input", {
      type: "search",
      value: ui.filter ?? "",
      oninput: (event) => {
        ui.filter = event.target.value;
        redraw();
      },
    }),
  );
}

/** A text that the server looks for; `change` is called once it is there, by Enter or on leaving the field. */
export function text(title, name, value, change, attributes = {}) {
  return labelled(
    title,
    h("input", {
      name,
      type: "text",
      size: 14,
      value,
      onchange: (event) => change(event.target.value.trim()),
      ...attributes,
    }),
  );
}

/** One of a few. */
export function select(title, value, options, change) {
  return labelled(
    title,
    h(
      "select",
      { onchange: (event) => change(event.target.value) },
      options.map(([id, name]) => h("option", { value: id, selected: id === value }, name)),
    ),
  );
}

/** One tenant, or all. The chosen one is always among them, archived or not; of many the name is typed. */
export function tenant(tenants, chosen, byID, change, all = "All tenants") {
  const name = byID.get(chosen) ?? chosen;
  if (tenants.length <= optionsMost) {
    const list = tenants.map((each) => [each.id, each.name]);
    if (chosen && !tenants.some((each) => each.id === chosen)) list.unshift([chosen, name]);
    return select("Tenant", chosen, [["", all], ...list], change);
  }
  const known = new Map(tenants.map((each) => [each.name, each.id]));
  const ids = new Set(known.values());
  return labelled(
    "Tenant",
    h("input", {
      type: "text",
      list: "tenants",
      placeholder: all,
      value: chosen ? name : "",
      onchange: (event) => {
        const typed = event.target.value.trim();
        const id = typed === "" ? "" : (known.get(typed) ?? (ids.has(typed) ? typed : null));
        event.target.setCustomValidity(id === null ? "No tenant has this name." : "");
        if (id === null) event.target.reportValidity();
        else change(id);
      },
    }),
    h("datalist", { id: "tenants" }, tenants.slice(0, 5000).map((each) => h("option", { value: each.name }))),
  );
}
