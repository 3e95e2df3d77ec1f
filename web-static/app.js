// Starts the dashboard: signs in, finds the page of the address, keeps its figures fresh, and says when it cannot.

import { ApiError, can, cut, hasKey, resume, signIn, signOut, who } from "./api.js";
import * as appearance from "./appearance.js";
import { draw, ready, recolour } from "./charts.js";
import { leaveDialogs } from "./dialog.js";
import { h, notice, show } from "./dom.js";
import { copyExactly, isExact, turnExact } from "./money.js";

/** The pages in the order of the menu: which calls each cannot do without, and milliseconds between two looks. */
const pages = [
  { name: "overview", title: "Overview", needs: ["/costs", "/tenants"], every: 5000 },
  { name: "spend", title: "Spend", needs: ["/costs"], every: 15_000 },
  { name: "tenants", title: "Tenants", needs: ["/tenants"], every: 5000 },
  { name: "keys", title: "Keys", needs: ["/tenants/{}/keys"], every: 15_000 },
  { name: "budgets", title: "Budgets", needs: ["/budgets"], every: 5000 },
  { name: "pools", title: "Pools and backends", needs: ["/status", "/pools"], every: 2000 },
  { name: "models", title: "Models and prices", needs: ["/prices"], every: 15_000 },
  { name: "periods", title: "Periods and exports", needs: ["/periods"], every: 10_000 },
  { name: "requests", title: "Requests", needs: ["/requests"], every: 5000 },
  { name: "audit", title: "Audit", needs: ["/audit-log"], every: 15_000 },
  { name: "holds", title: "Holds", needs: ["/holds"], every: 10_000 },
  { name: "webhooks", title: "Webhooks", needs: ["/webhooks"], every: 15_000 },
  { name: "admin-keys", title: "Admin keys", needs: ["/admin-keys"], every: 15_000 },
];
const slowest = 60_000;
const element = (id) => document.getElementById(id);
let view = null;
let failures = 0;

/** What is shown now: a page with its data, its timer and what the person chose on it. */
class View {
  constructor(page, path, search) {
    this.page = page;
    this.path = path;
    this.search = search;
    this.ui = {};
    this.data = null;
    this.parts = null;
    this.error = null;
    this.turn = 0;
    this.abort = new AbortController();
  }

  /** Fetches and shows; called again by itself as long as the page is there. */
  async reload() {
    clearTimeout(this.timer);
    this.turn += 1;
    const turn = this.turn;
    try {
      this.parts ??= await this.code();
      cut.clear();
      const data = await this.parts.load(this.context());
      if (turn !== this.turn || view !== this) return undefined;
      this.data = data;
      this.cut = cut.size > 0;
      this.error = null;
      this.draw();
      online(true);
    } catch (error) {
      if (turn !== this.turn || view !== this || error.name === "AbortError") return undefined;
      if (error.status === 401) return leave("The key is no longer good. Sign in again.");
      if (error instanceof ApiError === false) console.error(error);
      this.error = error;
      if (this.stale) this.data = null;
      online(error instanceof ApiError && error.status < 500 && ![0, 429].includes(error.status), error.status ?? -1);
      this.drawError();
    }
    this.stale = false;
    element("main").classList.remove("stale");
    const every = this.parts?.every?.(this.context()) ?? this.page.every;
    if (every) {
      const pause = Math.min(every * 2 ** Math.min(failures, 5), slowest);
      this.timer = setTimeout(() => this.reload(), document.hidden ? slowest : pause);
    }
    return undefined;
  }

  /** The page's own module; asked for under another name after a failure, which the browser would remember. */
  async code() {
    this.tries = (this.tries ?? -1) + 1;
    try {
      return await import(`./pages/${this.page.name}.js${this.tries ? `?${this.tries}` : ""}`);
    } catch (error) {
      console.error(error);
      throw new ApiError(0, null, "The code of this page");
    }
  }

  context() {
    return {
      path: this.path,
      search: this.search,
      ui: this.ui,
      signal: this.abort.signal,
      can,
      redraw: () => this.draw(),
      reload: () => this.reload(),
      go: (changes) => {
        for (const [name, value] of Object.entries(changes)) {
          if (value === "" || value === null) this.search.delete(name);
          else this.search.set(name, value);
        }
        const text = this.search.toString();
        history.pushState(null, "", `#/${this.path.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`);
        // What stands there is the answer to another question.
        this.stale = true;
        element("main").classList.add("stale");
        return this.reload();
      },
    };
  }

  /** Shows an error; data that cannot be drawn is left out then. */
  drawError() {
    try {
      this.draw();
    } catch (error) {
      console.error(error);
      this.data = null;
      this.draw();
    }
  }

  draw() {
    if (view !== this) return;
    const isGone = this.error?.status === 404;
    const failed = this.error
      ? notice(
          "bad",
          h(
            "p",
            {},
            this.error instanceof ApiError ? this.error.message : `This page cannot be shown: ${this.error.message}`,
          ),
          this.error.requestID ? h("p", { class: "small" }, `Request ${this.error.requestID}`) : null,
          isGone
            ? h("a", { href: `#/${this.page.name}` }, `To the page ${this.page.title}`)
            : h("button", { type: "button", class: "button", onclick: () => this.reload() }, "Try again"),
        )
      : this.cut
        ? notice("warn", "There is more than this page can hold: only the first 20,000 rows of a list are here.")
        : null;
    const parts = this.data === null ? [] : this.parts.view(this.data, this.context());
    const waits = this.data === null && !this.error ? h("p", { class: "loading", role: "status" }, "Loading…") : null;
    const title = this.parts?.heading?.(this.data, this.context()) ?? this.page.title;
    document.title = `${title} · Tollgate`;
    const actions = this.data === null ? null : this.parts.actions?.(this.data, this.context());
    show(
      element("main"),
      h("div", { class: "page-head" }, h("h1", { tabindex: "-1" }, title), h("div", { class: "tools" }, actions)),
      failed,
      waits,
      parts,
    );
    draw();
  }

  end() {
    clearTimeout(this.timer);
    this.abort.abort();
  }
}

function online(isOnline, status = 0) {
  failures = isOnline ? 0 : failures + 1;
  const line = element("connection");
  if (!line) return;
  line.className = isOnline ? "connection" : "connection lost";
  show(line, isOnline ? "Live" : status ? "Not answered, trying again" : "Connection lost, trying again");
}

function allowed() {
  return pages.filter((page) => page.needs.every((path) => can("GET", path)));
}

/** A part of the address; one that is written wrong stays as it is, and finds nothing. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Shows the page of the address; after a move the focus is on its heading. */
function route(isMove = true) {
  if (!who()) return;
  leaveDialogs();
  const [address, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const path = address.split("/").filter(Boolean).map(decoded);
  const list = allowed();
  const page = list.find((candidate) => candidate.name === (path[0] ?? "")) ?? list[0];
  view?.end();
  view = new View(page, path.length ? path : [page.name], new URLSearchParams(search));
  document.body.classList.remove("menu-open");
  frame();
  show(element("main"));
  element("main").classList.remove("stale");
  view.draw();
  view.reload();
  window.scrollTo(0, 0);
  if (isMove) element("main").querySelector("h1").focus({ preventScroll: true });
}

function frame() {
  const caller = who();
  const menu = h(
    "button",
    {
      type: "button",
      class: "button menu",
      "aria-controls": "nav",
      "aria-expanded": String(document.body.classList.contains("menu-open")),
      onclick: () => {
        document.body.classList.toggle("menu-open");
        frame();
      },
    },
    "Menu",
  );
  show(
    element("header"),
    h("a", { class: "brand", href: "#/" }, h("span", { class: "mark", "aria-hidden": "true" }), "Tollgate"),
    caller ? menu : null,
    h(
      "div",
      { class: "header-end" },
      caller
        ? h("span", { id: "connection", class: "connection", role: "status", "data-keep": "connection" }, "Live")
        : null,
      caller
        ? h("span", { class: "caller", title: caller.actor }, `${caller.name ?? caller.actor} · ${caller.role}`)
        : null,
      h(
        "button",
        { type: "button", class: "button quiet", onclick: turnTheme },
        h("span", { "aria-hidden": "true" }, "◐ "),
        h("span", { class: "word" }, appearance.word()),
      ),
      caller ? h("button", { type: "button", class: "button quiet", onclick: () => leave() }, "Sign out") : null,
    ),
  );
  show(
    element("nav"),
    caller
      ? h(
          "ul",
          {},
          allowed().map((page) =>
            h(
              "li",
              {},
              h("a", { href: `#/${page.name}`, "aria-current": view?.page === page ? "page" : null }, page.title),
            ),
          ),
          h(
            "li",
            {},
            h(
              "button",
              { type: "button", class: "button quiet", "aria-pressed": String(isExact()), onclick: showExactly },
              "Exact amounts",
            ),
          ),
        )
      : null,
  );
}

function turnTheme() {
  appearance.turn();
  frame();
  recolour();
  view?.draw();
}

/** For those who cannot hover: every amount to its last digit, in charts' tables too. */
function showExactly() {
  turnExact();
  frame();
  view?.draw();
}

/** Forgets the key and asks for one. */
function leave(reason) {
  leaveDialogs(true);
  view?.end();
  view = null;
  signOut();
  greet(reason);
}

function greet(reason) {
  document.title = "Sign in · Tollgate";
  document.body.classList.add("signed-out");
  frame();
  const problems = h("div", { "data-keep": "sign-in-problems" }, reason ? notice("warn", reason) : null);
  const field = h("input", {
    id: "key",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    required: true,
    "aria-describedby": "key-hint",
  });
  const form = h(
    "form",
    {
      class: "panel sign-in",
      onsubmit: async (event) => {
        event.preventDefault();
        show(problems);
        try {
          await signIn(field.value.trim());
          begin(true);
        } catch (error) {
          const text = error.status === 401 ? "The key is not good: unknown, expired or revoked." : error.message;
          show(problems, notice("bad", text));
          field.focus();
        }
      },
    },
    h("h1", {}, "Sign in"),
    h(
      "p",
      { class: "field" },
      h("label", { for: "key" }, "Admin key"),
      field,
      h("span", { class: "hint", id: "key-hint" }, "It stays in this tab and ends with it."),
    ),
    problems,
    h("button", { type: "submit", class: "button primary" }, "Sign in"),
    h(
      "details",
      {},
      h("summary", {}, "Where do I get one?"),
      h(
        "p",
        {},
        "The first one is printed once by ",
        h("code", {}, "tollgate init"),
        ". Someone with the role admin makes more:",
      ),
      h(
        "pre",
        { class: "commands", tabindex: "0", role: "region", "aria-label": "Command" },
        "tollgate admin-keys create --name NAME --role viewer",
      ),
    ),
  );
  element("main").replaceChildren(form);
  field.focus();
}

function begin(isMove) {
  document.body.classList.remove("signed-out");
  element("main").replaceChildren();
  route(isMove);
}

async function start() {
  document.addEventListener("copy", copyExactly);
  addEventListener("hashchange", () => route());
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // The address names the page; it must not become this one.
    element("main").focus();
    element("main").scrollIntoView();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    frame();
    recolour();
    view?.draw();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) view?.reload();
  });
  ready.then(() => view?.draw());
  if (!hasKey()) return greet();
  frame();
  try {
    if (await resume()) begin(false);
    else greet("The key is no longer good. Sign in again.");
  } catch (error) {
    show(
      element("main"),
      notice(
        "bad",
        h("p", {}, error.message),
        h("button", { type: "button", class: "button", onclick: () => location.reload() }, "Try again"),
      ),
    );
  }
}

start();
