// The demo page of cookiejwt. The tokens live in HttpOnly cookies: this script never sees one, it only asks.

const AUTH = "/api/auth/token/";
const VERIFY = `${AUTH}verify/`;
const LOGOUT = `${AUTH}blacklist/`;
const EXPIRE = "/api/demo/expire";
const LOG_LINES = 20;
const TIMEOUT_MS = 15_000;
const REFRESH_AHEAD_MS = 30_000; // the server may renew an access token this long before its end

const $ = (id) => document.getElementById(id);
const state = { me: null, expires: null, cleared: false, skew: 0 };

const MEANING = {
  [`POST ${AUTH}`]: "new session; both cookies are set, and HttpOnly: this page cannot read them",
  [`POST ${VERIFY}`]: "asked when the access token expires",
  [`POST ${LOGOUT}`]: "session revoked, both cookies cleared",
  [`POST ${EXPIRE}`]: "access cookie cleared: the next request must refresh",
  "GET /api/me": "answered from the access token alone",
  "GET /api/notes": "your notes, read from the database",
  "POST /api/notes": "note stored in the database",
};

const ENDED = {
  session_revoked: "Your session was ended somewhere else. Please sign in again.",
  session_expired: "Your session has expired. Please sign in again.",
};

const COOKIES_LOST = "The password was right, but this browser did not keep the cookies. Over plain http only some browsers "
  + "keep Secure cookies, and only on localhost; COOKIEJWT_SECURE=false makes the demo work in the others.";

// ---- Asking the server ----

/** One request, written to the log. It never throws: status 0 means that no answer came. */
async function request(method, path, body) {
  const started = performance.now();
  const renewing = path !== EXPIRE && state.me !== null && (state.cleared || timeLeft() <= 0);
  const reply = { method, path, status: 0, ok: false, data: null, refreshed: false };
  try {
    const response = await fetch(path, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    reply.data = await response.json().catch(() => null);
    reply.status = response.status;
    reply.ok = response.ok && (method !== "GET" || reply.data !== null);
    reply.retryAfter = Number(response.headers.get("Retry-After")) || 0;
    state.skew = (Date.parse(response.headers.get("Date")) || Date.now()) - Date.now();
  } catch {
    // status stays 0
  }
  reply.refreshed = reply.ok && renewing;
  log(reply, Math.round(performance.now() - started));
  return reply;
}

/** A request of the signed-in view: a 401 ends that view, any other failure is said in words. */
async function api(method, path, body) {
  const session = state.me?.session_id;
  const reply = await request(method, path, body);
  if (state.me?.session_id !== session) return { ...reply, ok: false }; // late answer to a login that is over
  if (reply.status === 401) leave(ENDED[reply.data?.code] ?? "Please sign in.", "bad");
  else if (!reply.ok) say(failure(reply), "bad");
  else if ((reply.refreshed || timeLeft() < REFRESH_AHEAD_MS) && ![VERIFY, EXPIRE].includes(path)) verify();
  return reply;
}

/** Asks how long the access token lives: the server has, or may have, sent a new one. */
async function verify() {
  Object.assign(state, { expires: null, cleared: false });
  const reply = await api("POST", VERIFY);
  if (reply.ok && !state.cleared) knowExpiry(reply.data?.expires_at);
}

function failure({ status, data, retryAfter }) {
  const kept = state.me ? " Your login is kept." : "";
  const wait = retryAfter === 1 ? "in one second" : retryAfter ? `in ${retryAfter} seconds` : "later";
  if (status === 0) return `The server cannot be reached.${kept} Try again in a moment.`;
  if (status === 503) return `The server is having trouble.${kept} Try again in a moment.`;
  if (status === 500) return `Something went wrong on the server.${kept} Trying again may help.`;
  if (status === 429) return `Too many attempts. Try again ${wait}.`;
  if (status === 400) return "Something is missing. Please fill in every field.";
  if (data?.code === "invalid_credentials") return "That username and password do not match.";
  if (data?.code === "csrf_failed") return "The server could not tell that this request came from its own page. Reload the page and try again.";
  return data?.detail ?? `The server gave an unexpected answer (${status}).`;
}

// ---- What the buttons and forms do ----

/** Finds out who is signed in and shows the view for it. */
async function load({ focus = true, refused = "Please sign in." } = {}) {
  say("Asking the server who you are…");
  const reply = await request("GET", "/api/me");
  if (reply.ok) {
    enter(reply.data);
    show("in", focus);
    say(`Signed in as ${state.me.username}.`, "good");
    if (state.expires === null) verify();
  } else if (reply.status === 401) {
    leave(ENDED[reply.data?.code] ?? refused, undefined, focus);
  } else {
    show("trouble", focus);
    say(failure(reply), "bad");
  }
}

async function login() {
  const [username, password] = [$("username").value, $("password").value];
  say("Signing in…");
  const reply = await request("POST", AUTH, { username, password, remember: $("remember").checked });
  $("password").value = "";
  if (!reply.ok) {
    say(failure(reply), "bad");
    $(username.trim() ? "password" : "username").focus();
    return;
  }
  $("login-form").reset();
  knowExpiry(reply.data?.access_expires_at);
  await load({ refused: COOKIES_LOST });
}

async function logout() {
  say("Signing out…");
  const reply = await request("POST", LOGOUT);
  const halfDone = reply.status === 503 && reply.data?.code === "unavailable"; // the cookies are cleared all the same
  if (reply.ok) leave("You are signed out.", "good");
  else if (halfDone) leave("You are signed out on this device, but the server could not end the session yet.", "bad");
  else say(failure(reply), "bad");
}

async function expire() {
  const reply = await api("POST", EXPIRE);
  if (!reply.ok) return;
  Object.assign(state, { cleared: true, expires: null });
  showExpiry();
  say("The access cookie is gone. Now press “Who am I?”: the answer will bring a new one.", "good");
}

async function whoAmI() {
  const reply = await api("GET", "/api/me");
  if (!reply.ok) return;
  enter(reply.data);
  say(`${reply.refreshed ? "Refreshed inside this very request: still signed in" : "Signed in"} as ${state.me.username}.`, "good");
}

async function loadNotes() {
  const reply = await api("GET", "/api/notes");
  if (!reply.ok) return;
  $("notes").replaceChildren(...reply.data.map(noteItem));
  $("notes-empty").hidden = reply.data.length > 0;
}

async function addNote() {
  const reply = await api("POST", "/api/notes", { text: $("note-text").value.trim() });
  if (!reply.ok) return;
  $("note-form").reset();
  say("Note added.", "good");
  await loadNotes();
}

// ---- Showing it ----

function say(text, kind = "plain") {
  $("status").dataset.kind = kind;
  $("status").textContent = text;
}

/** Shows the cards of one view; the focus goes along when what had it may be gone. */
function show(view, focus) {
  for (const card of document.querySelectorAll("[data-view]")) card.hidden = card.dataset.view !== view;
  if (focus) $({ in: "me-heading", out: "username", trouble: "retry" }[view]).focus();
}

function enter(me) {
  const newcomer = me.user_id !== state.me?.user_id;
  state.me = me;
  $("me-heading").textContent = `Signed in as ${me.username}`;
  $("me-username").textContent = me.username;
  $("me-user-id").textContent = me.user_id;
  $("me-session-id").textContent = me.session_id;
  $("me-source").textContent = me.source;
  showExpiry();
  if (newcomer) loadNotes();
}

function leave(message, kind, focus = true) {
  Object.assign(state, { me: null, expires: null, cleared: false });
  $("notes").replaceChildren();
  $("note-form").reset();
  show("out", focus);
  say(message, kind);
}

function knowExpiry(time) {
  Object.assign(state, { expires: Date.parse(time) || null, cleared: false });
  showExpiry();
}

/** Milliseconds on the server's clock; NaN while the end is not known. */
function timeLeft() {
  return state.expires === null ? NaN : state.expires - Date.now() - state.skew;
}

function showExpiry() {
  if (!state.me) return;
  const seconds = Math.ceil(timeLeft() / 1000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const unknown = state.cleared ? "none: the next request gets a new one" : "not known yet";
  const known = seconds > 0 ? `expires in ${clock}` : "expired: the next request refreshes it";
  $("access-expiry").textContent = Number.isNaN(seconds) ? unknown : known;
}

function log(reply, ms) {
  const line = element("div", "line");
  const parts = { time: new Date().toLocaleTimeString("en-GB"), method: reply.method, path: reply.path,
    status: reply.status || "no answer", ms: `${ms} ms` };
  for (const [name, text] of Object.entries(parts)) line.append(element("span", name, text), " ");
  const failed = reply.data?.detail ?? (reply.status ? "the server could not do it" : "the server was not reached");
  const meaning = reply.refreshed ? "access token refreshed inside this very request" : MEANING[`${reply.method} ${reply.path}`];
  const item = element("li", reply.refreshed ? "refreshed" : reply.ok ? "done" : "failed");
  item.append(line, element("p", "meaning", reply.ok ? meaning : failed));
  $("log").prepend(item);
  while ($("log").children.length > LOG_LINES) $("log").lastElementChild.remove();
}

function noteItem({ text, created_at }) {
  const item = element("li", "note");
  const time = element("time", "", new Date(created_at).toLocaleString());
  time.dateTime = created_at;
  item.append(element("p", "", text), time);
  return item;
}

function element(tag, className, text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

// ---- Start ----

/** Runs `work` on an event, and ignores further ones until it is done (a disabled button would lose the focus). */
function on(id, type, work) {
  $(id).addEventListener(type, async (event) => {
    event.preventDefault();
    if ("busy" in $(id).dataset) return;
    $(id).dataset.busy = "";
    await work();
    delete $(id).dataset.busy;
  });
}

on("login-form", "submit", login);
on("note-form", "submit", addNote);
on("expire", "click", expire);
on("who", "click", whoAmI);
on("logout", "click", logout);
on("retry", "click", load);
addEventListener("pageshow", (event) => { if (event.persisted) load({ focus: false }); });
setInterval(showExpiry, 1000);
load({ focus: false });
