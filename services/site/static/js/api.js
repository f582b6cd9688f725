// Requests to our own server: one answer shape, a time limit, and "offline" as an answer, not a throw.

const TIMEOUT_MS = 20_000;

export function post(path, body, headers = {}) {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

export function get(path, headers = {}) {
  return ask(path, { headers, cache: "no-store" });
}

/**
 * Send a form. The answer is JSON in `data`, or in `part` the wanted part of the page that came.
 * Neither means that something is in the way of the server itself: see `status`, 0 when offline.
 */
export async function submit(path, pairs, { accept = "text/html", part = "[data-cart]" } = {}) {
  const { status, type, text } = await fetched(path, {
    method: "POST",
    headers: { Accept: accept },
    body: new URLSearchParams(pairs),
  });
  if (type.startsWith("application/json")) return { status, data: parsed(text), part: null };
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector(part);
  // Here scripts are on: what is for pages without them must not come along.
  for (const element of fresh?.querySelectorAll("noscript") ?? []) element.remove();
  return { status, data: null, part: fresh };
}

async function ask(path, options) {
  const { status, text } = await fetched(path, options);
  const isOk = status >= 200 && status < 300;
  return { ok: isOk, status, data: status ? parsed(text) : { error: "offline" } };
}

async function fetched(path, options) {
  try {
    const response = await fetch(path, {
      ...options,
      credentials: "same-origin",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const type = response.headers.get("Content-Type") ?? "";
    return { status: response.status, type, text: await response.text() };
  } catch {
    return { status: 0, type: "", text: "" };
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

export function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
