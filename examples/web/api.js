// Sends requests. The tokens are in HttpOnly cookies, which no script can see, so there is nothing to store or attach here.

export const LOGIN = "/api/auth/token/";
export const VERIFY = "/api/auth/token/verify/";
export const FRESH = "/api/auth/token/fresh/";
export const LOGOUT = "/api/auth/token/blacklist/";
export const SESSIONS = "/api/auth/sessions/";
export const PASSWORD = "/api/auth/password/";

const TIMEOUT_MS = 15_000;

/** How far the server's clock is ahead of this one, in milliseconds. */
export let skew = 0;

/** Sends one request. Never throws: status 0 means that there was no response. */
export async function request(method, path, body) {
  const started = performance.now();
  const reply = { method, path, status: 0, ok: false, data: null };
  try {
    const response = await fetch(path, {
      method,
      cache: "no-store",
      headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const data = await response.json().catch(() => null);
    const ok = response.ok && (method !== "GET" || data !== null);
    Object.assign(reply, { status: response.status, ok, data, code: data?.code, detail: data?.detail });
    reply.retryAfter = Number(response.headers.get("Retry-After")) || 0;
    skew = (Date.parse(response.headers.get("Date")) || Date.now()) - Date.now();
  } catch {
    // status stays 0
  }
  return { ...reply, ms: Math.round(performance.now() - started) };
}
