// Turns the codes and numbers of the server into plain words.

const BROWSERS = [["Edg", "Edge"], ["OPR/", "Opera"], ["SamsungBrowser", "Samsung Internet"], ["Firefox", "Firefox"], ["FxiOS", "Firefox"],
  ["Chrome", "Chrome"], ["CriOS", "Chrome"], ["Safari", "Safari"]];
const SYSTEMS = [["iPhone", "iPhone"], ["iPad", "iPad"], ["Android", "Android"], ["Windows", "Windows"], ["CrOS", "Chromebook"],
  ["Mac OS X", "Mac"], ["Linux", "Linux"]];
const SPANS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];

/** "Firefox on Windows" for a User-Agent; for an unknown one, its first word. */
export function device(userAgent) {
  if (!userAgent) return "Unknown device";
  const known = (list) => list.find(([mark]) => userAgent.includes(mark))?.[1];
  const [browser, system] = [known(BROWSERS), known(SYSTEMS)];
  if (browser && system) return `${browser} on ${system}`;
  const program = userAgent.split(/[ /(]/)[0] || userAgent;
  return browser ?? (program.length > 24 ? `${program.slice(0, 24)}…` : program);
}

/** "5 minutes ago". */
export function ago(time, now) {
  const seconds = (now - Date.parse(time)) / 1000;
  const [unit, length] = SPANS.find(([, length]) => seconds >= length) ?? [];
  if (!unit) return "just now";
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-Math.floor(seconds / length), unit);
}

/** "4:05" for 245 seconds. */
export function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** "one second", "30 seconds", "2 minutes". */
export function duration(seconds) {
  const [count, unit] = seconds > 90 ? [Math.ceil(seconds / 60), "minute"] : [seconds, "second"];
  return count === 1 ? `one ${unit}` : `${count} ${unit}s`;
}

/** Why a login is over, by the code of the 401; undefined when the 401 is about something else. */
export const ENDED = {
  not_authenticated: "Please sign in.",
  invalid_token: "Please sign in again.",
  refresh_required: "Please sign in again.",
  session_expired: "Your session has expired after a long time of inactivity. Please sign in again.",
  session_revoked: "Your session has ended. Please sign in again.",
};

/** Why the server refused a request, and what to do now. */
export function failure({ status, code, detail, retryAfter }, signedIn) {
  const kept = signedIn ? " You are still signed in." : "";
  if (status === 0) return `The server cannot be reached.${kept} Try again in a moment.`;
  if (status === 503) return `The server is having trouble.${kept} Try again in a moment.`;
  if (status === 500) return `Something went wrong on the server.${kept} Trying again may help.`;
  if (status === 429) return `Too many attempts. You can try again ${retryAfter ? `in ${duration(retryAfter)}` : "later"}.`;
  if (status === 404) return "It no longer exists.";
  if (status === 400) return "The server could not accept the values in the fields. Please check them.";
  if (code === "invalid_credentials") return signedIn ? "That is not your password." : "That username and password do not match.";
  if (code === "csrf_failed") return "The server could not verify that this request came from its own page. Its log explains what to change.";
  return detail ?? `The server gave an unexpected answer (${status}).`;
}
