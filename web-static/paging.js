// The ways through a list that comes by pages, newest first.

import { h } from "./dom.js";

/** Back to the first page, when another one is shown. */
export function newest(search, go) {
  return search.get("after")
    ? h("button", { type: "button", class: "link", onclick: () => go({ after: "" }) }, "Newest")
    : null;
}

/** On to the next page, when there is one. */
export function older(page, go) {
  return page.has_more
    ? h(
        "p",
        { class: "more" },
        h("button", { type: "button", class: "button", onclick: () => go({ after: page.next }) }, "Older ones"),
      )
    : null;
}
