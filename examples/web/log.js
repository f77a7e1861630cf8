// The card "What just happened": every request, and what it means.

import { FRESH, LOGIN, LOGOUT, PASSWORD, SESSIONS, VERIFY } from "./api.js";
import { $, element } from "./dom.js";

const LINES = 20;

const MEANING = {
  [`POST ${LOGIN}`]: "new session; both cookies are set, and HttpOnly: this page cannot read them",
  [`POST ${VERIFY}`]: "checked when the access token expires",
  [`POST ${FRESH}`]: "password accepted: a new session replaces the old one",
  [`POST ${LOGOUT}`]: "session revoked, both cookies cleared",
  [`POST ${PASSWORD}`]: "every session revoked, and a new one created for this browser",
  [`GET ${SESSIONS}`]: "your sessions, read from the database",
  [`DELETE ${SESSIONS}`]: "every other session revoked: their access tokens are refused at once",
  "POST /api/demo/expire": "access cookie cleared: the next request must refresh",
  "GET /api/me": "answered from the access token, without a database query",
  "GET /api/fresh": "the login is recent enough",
  "GET /api/notes": "your notes, read from the database",
  "POST /api/notes": "note stored in the database",
};

export function log(reply) {
  const { method, path, status, ok, refreshed, detail, ms } = reply;
  const parts = { time: new Date().toLocaleTimeString("en-GB"), method, path, status: status || "no answer", ms: `${ms} ms` };
  const line = element("div", "line");
  for (const [name, text] of Object.entries(parts)) line.append(element("span", name, text), " ");
  const failed = detail ?? (status ? "the server could not complete the request" : "the server could not be reached");
  const meaning = MEANING[`${method} ${path}`] ?? "session revoked: its access token is refused at once";
  const said = refreshed ? "access token refreshed within this request" : ok ? meaning : failed;
  const item = element("li", refreshed ? "refreshed" : ok ? "done" : "failed");
  item.append(line, element("p", "meaning", said));
  $("log").prepend(item);
  while ($("log").children.length > LINES) $("log").lastElementChild.remove();
}
