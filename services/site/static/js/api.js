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

async function ask(path, options) {
  try {
    const response = await fetch(path, {
      ...options,
      credentials: "same-origin",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const data = await response.json().catch(() => ({}));
    return { ok: response.ok, status: response.status, data };
  } catch {
    return { ok: false, status: 0, data: { error: "offline" } };
  }
}

export function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A key nobody else has: the same request sent twice is done once. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
