// "What just happened": every request, and what it shows.

import { FRESH, LOGIN, LOGOUT, PASSWORD, SESSIONS, VERIFY } from "./api.js";
import { $, element } from "./dom.js";

const LINES = 20;

const MEANING = {
  [`POST ${LOGIN}`]: "new session; both cookies are set, and HttpOnly: this page cannot read them",
  [`POST ${VERIFY}`]: "asked when the access token expires",
  [`POST ${FRESH}`]: "the password was right: a new session takes the place of the old one",
  [`POST ${LOGOUT}`]: "session revoked, both cookies cleared",
  [`POST ${PASSWORD}`]: "every session revoked, and a new one for this browser",
  [`GET ${SESSIONS}`]: "your sessions, read from the database",
  [`DELETE ${SESSIONS}`]: "every other session revoked: its access token is refused at once",
  "POST /api/demo/expire": "access cookie cleared: the next request must refresh",
  "GET /api/me": "answered from the access token alone",
  "GET /api/fresh": "the login is young enough",
  "GET /api/notes": "your notes, read from the database",
  "POST /api/notes": "note stored in the database",
};

export function log(reply) {
  const { method, path, status, ok, refreshed, detail, ms } = reply;
  const parts = { time: new Date().toLocaleTimeString("en-GB"), method, path, status: status || "no answer", ms: `${ms} ms` };
  const line = element("div", "line");
  for (const [name, text] of Object.entries(parts)) line.append(element("span", name, text), " ");
  const failed = detail ?? (status ? "the server could not do it" : "the server was not reached");
  const meaning = MEANING[`${method} ${path}`] ?? "session revoked: its access token is refused at once";
  const said = refreshed ? "access token refreshed inside this very request" : ok ? meaning : failed;
  const item = element("li", refreshed ? "refreshed" : ok ? "done" : "failed");
  item.append(line, element("p", "meaning", said));
  $("log").prepend(item);
  while ($("log").children.length > LINES) $("log").lastElementChild.remove();
}
