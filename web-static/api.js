// The Admin API: one credential, kept in this tab's session storage and sent in a header, never in a URL or cookie.

const storage = "tollgate-admin-key";
let key = sessionStorage.getItem(storage);
let caller = null;
let calls = new Set();

/** A refusal, or no answer at all (status 0), in words for people. */
export class ApiError extends Error {
  constructor(status, problem, what) {
    super(status === 0 ? `${what}: the gateway did not answer` : `${what}: ${problem?.detail ?? `status ${status}`}`);
    this.status = status;
    this.code = problem?.code ?? "";
    this.requestID = problem?.request_id ?? "";
    this.fields = problem?.errors ?? [];
  }
}

const shape = (path) => path.replace(/\{[^}]*\}/g, "{}");

/** Whether the signed-in role may make a call: `can("POST", "/tenants/{}/keys")`. Unknown calls may not be made. */
export function can(method, path) {
  return calls.has(`${method} /admin/v1${path}`);
}

/** Who is signed in: actor, name, role; null before. */
export const who = () => caller;
export const hasKey = () => key !== null;

/** Proves the key and keeps it for this tab. */
export async function signIn(text) {
  // A header takes no other letters: a key that was shortened with "…" never leaves the browser.
  if (!/^[\x21-\x7e]+$/.test(text)) throw new ApiError(401, { detail: "the text holds what no key does" }, "The key");
  key = text;
  try {
    caller = await get("/whoami");
  } catch (error) {
    key = null;
    throw error;
  }
  sessionStorage.setItem(storage, text);
  calls = new Set(caller.calls.map((call) => `${call.method} ${shape(call.path)}`));
}

/** Takes up the key of this tab after a reload; false if there is none or it is no longer good. */
export async function resume() {
  if (key === null) return false;
  const kept = key;
  try {
    await signIn(kept);
    return true;
  } catch (error) {
    if (error.status === 401) signOut();
    else key = kept;
    if (error.status === 401) return false;
    throw error;
  }
}

export function signOut() {
  key = null;
  caller = null;
  calls = new Set();
  sessionStorage.removeItem(storage);
}

async function request(method, path, { body, headers, signal, what } = {}) {
  const name = what ?? `${method} ${path.split("?")[0]}`;
  let response;
  try {
    response = await fetch(`admin/v1${path}`, {
      method,
      signal,
      body,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      headers: { authorization: `Bearer ${key}`, ...headers },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, null, name);
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => null);
  throw new ApiError(response.status, problem, name);
}

/** The answer's JSON. */
export async function get(path, options) {
  return (await request("GET", path, options)).json();
}

/** The answer's JSON and its tag, for a later change with If-Match. */
export async function getTagged(path) {
  const response = await request("GET", path);
  return { value: await response.json(), tag: response.headers.get("etag") };
}

/** Lists that went on beyond what was read; whoever looks empties it first. */
export const cut = new Set();

/** Every page of a list, up to a bound that is said if it is met. */
export async function all(path, { signal, most = 20_000 } = {}) {
  const rows = [];
  let after = "";
  do {
    const page = await get(`${path}${path.includes("?") ? "&" : "?"}limit=1000${after}`, { signal });
    rows.push(...page.data);
    if (!page.has_more) return rows;
    after = `&after=${encodeURIComponent(page.next)}`;
  } while (rows.length < most);
  rows.incomplete = true;
  cut.add(path);
  return rows;
}

/**
 * A change. A POST carries a key of its own: with the same `once`, the same body sent twice makes it once, and a mended
 * body is another change.
 */
export async function send(method, path, body, { tag, once, what } = {}) {
  const headers = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method === "POST") headers["idempotency-key"] = `${once ?? onceKey()}-${digest(body)}`;
  if (tag) headers["if-match"] = tag;
  const response = await request(method, path, {
    headers,
    what,
    body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
  });
  return response.status === 204 ? null : response.json();
}

/** A short name of a body. */
function digest(body) {
  let sum = 0;
  for (const letter of JSON.stringify(body ?? null)) sum = (Math.imul(sum, 31) + letter.codePointAt(0)) | 0;
  return (sum >>> 0).toString(36);
}

/** A random name for one change. */
export function onceKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Saves a file that needs the credential: straight to the disk where the browser can, else by way of its memory.
 * `signal` stops it; a file begun is left out.
 */
export async function download(path, fallbackName, signal) {
  const what = "The download";
  if (globalThis.showSaveFilePicker === undefined) {
    const response = await request("GET", path, { what, signal });
    const named = /filename="?([^";]+)"?/.exec(response.headers.get("content-disposition") ?? "");
    return save(await response.blob(), named?.[1] ?? fallbackName);
  }
  // Asked for first: the browser opens it only just after a click.
  const file = await globalThis.showSaveFilePicker({ suggestedName: fallbackName });
  const response = await request("GET", path, { what, signal });
  return response.body.pipeTo(await file.createWritable(), { signal });
}

/** Hands a file to the browser. */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Path parts and queries. */
export const part = encodeURIComponent;
export function query(values) {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return pairs.length ? `?${pairs.map(([name, value]) => `${name}=${part(value)}`).join("&")}` : "";
}
