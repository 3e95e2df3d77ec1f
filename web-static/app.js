// Starts the dashboard: signs in, finds the page of the address, keeps its figures fresh, and says when it cannot.

import { ApiError, can, hasKey, resume, signIn, signOut, who } from "./api.js";
import { draw, ready, recolour } from "./charts.js";
import { h, notice, show } from "./dom.js";
import { copyExactly } from "./money.js";

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
      this.parts ??= await import(`./pages/${this.page.name}.js`);
      const data = await this.parts.load(this.context());
      if (turn !== this.turn || view !== this) return undefined;
      this.data = data;
      this.error = null;
      online(true);
    } catch (error) {
      if (turn !== this.turn || view !== this || error.name === "AbortError") return undefined;
      if (error.status === 401) return leave("The key is no longer good. Sign in again.");
      if (error instanceof ApiError === false) console.error(error);
      this.error = error;
      online(error.status !== 0);
    }
    this.draw();
    if (this.page.every) {
      const pause = Math.min(this.page.every * 2 ** Math.min(failures, 5), slowest);
      this.timer = setTimeout(() => this.reload(), document.hidden ? slowest : pause);
    }
    return undefined;
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
        history.replaceState(null, "", `#${this.path.join("/")}${text ? `?${text}` : ""}`);
        this.draw();
        return this.reload();
      },
    };
  }

  draw() {
    if (view !== this) return;
    const failed = this.error
      ? notice(
          "bad",
          h("p", {}, this.error.message),
          this.error.requestID ? h("p", { class: "small" }, `Request ${this.error.requestID}`) : null,
          h("button", { type: "button", class: "button", onclick: () => this.reload() }, "Try again"),
        )
      : null;
    const parts = this.data === null ? [] : this.parts.view(this.data, this.context());
    const waits = this.data === null && !this.error ? h("p", { class: "loading", role: "status" }, "Loading…") : null;
    const title = this.parts?.heading?.(this.data, this.context()) ?? this.page.title;
    document.title = `${title} · Tollgate`;
    const actions = this.data === null ? null : this.parts.actions?.(this.data, this.context());
    show(
      element("main"),
      h("div", { class: "page-head" }, h("h1", {}, title), h("div", { class: "tools" }, actions)),
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

function online(isOnline) {
  failures = isOnline ? 0 : failures + 1;
  const line = element("connection");
  if (!line) return;
  line.className = isOnline ? "connection" : "connection lost";
  show(line, isOnline ? "Live" : "Connection lost, trying again");
}

function allowed() {
  return pages.filter((page) => page.needs.every((path) => can("GET", path)));
}

/** Shows the page of the address. */
function route() {
  if (!who()) return;
  const [address, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  if (address === "main") return element("main").focus();
  const path = address.split("/").filter(Boolean).map(decodeURIComponent);
  const list = allowed();
  const page = list.find((candidate) => candidate.name === (path[0] ?? "")) ?? list[0];
  view?.end();
  view = new View(page, path.length ? path : [page.name], new URLSearchParams(search));
  document.body.classList.remove("menu-open");
  frame();
  show(element("main"));
  view.draw();
  view.reload();
  window.scrollTo(0, 0);
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
        h("span", { class: "word" }, themeWord()),
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
        )
      : null,
  );
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

const themeWord = () => (isDark() ? "Light theme" : "Dark theme");

function turnTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("tollgate-theme", theme);
  } catch {
    // It holds for this page, then.
  }
  frame();
  recolour();
  view?.draw();
}

/** Forgets the key and asks for one. */
function leave(reason) {
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
          begin();
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

function begin() {
  document.body.classList.remove("signed-out");
  element("main").replaceChildren();
  route();
}

async function start() {
  document.addEventListener("copy", copyExactly);
  addEventListener("hashchange", route);
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
    if (await resume()) begin();
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
