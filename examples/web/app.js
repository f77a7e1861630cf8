// The demo page of cookiejwt: what its buttons and forms do, and what it shows.

import { FRESH, LOGIN, LOGOUT, PASSWORD, SESSIONS, VERIFY, request, skew } from "./api.js";
import { $, element, on, say, wait } from "./dom.js";
import { log } from "./log.js";
import { ENDED, ago, clock, device, failure } from "./words.js";

const EXPIRE = "/api/demo/expire";
const REFRESH_AHEAD_MS = 30_000; // the server may renew an access token this long before its end

/** `visit` counts the logins that have ended, so that a late response can be recognised. */
const state = { me: null, expires: null, cleared: false, visit: 0 };

const COOKIES_LOST = "The password was right, but this browser did not keep the cookies. Over plain http only some browsers "
  + "keep Secure cookies, and only on localhost; COOKIEJWT_SECURE=false makes the demo work in the others.";

// ---- Requests ----

async function ask(method, path, body) {
  const renewing = path !== EXPIRE && state.me !== null && (state.cleared || timeLeft() <= 0);
  const reply = await request(method, path, body);
  reply.refreshed = reply.ok && renewing;
  log(reply);
  return reply;
}

/** A request of a signed-in user. Asks for the password where it is required, and explains errors. */
async function api(method, path, body) {
  const { visit } = state;
  const reply = await ask(method, path, body);
  if (visit !== state.visit) return { ...reply, ok: false };
  if (reply.code === "fresh_login_required") return await isReallyYou() ? api(method, path, body) : reply;
  if (ENDED[reply.code]) leave(ENDED[reply.code], "bad");
  else if (!reply.ok) say(failure(reply, true), "bad");
  else if ((reply.refreshed || timeLeft() < REFRESH_AHEAD_MS) && ![VERIFY, EXPIRE].includes(path)) verify();
  return reply;
}

/** Asks when the access token expires: the server has, or may have, sent a new one. */
async function verify() {
  Object.assign(state, { expires: null, cleared: false });
  const reply = await api("POST", VERIFY);
  if (reply.ok && !state.cleared) knowExpiry(reply.data?.expires_at);
}

// ---- Login and logout ----

/** Finds out who is signed in and shows the view for it. */
async function load({ focus = true, refused } = {}) {
  say("Asking the server who you are…");
  const reply = await ask("GET", "/api/me");
  if (reply.ok) {
    enter(reply.data);
    show("in", focus);
    say(`Signed in as ${state.me.username}.`, "good");
    if (state.expires === null) verify();
  } else if (reply.status === 401) {
    leave(refused ?? ENDED[reply.code] ?? "Please sign in.", "plain", focus);
  } else {
    show("trouble", focus);
    say(failure(reply), "bad");
  }
}

async function login(form) {
  const [username, password] = [$("username").value, $("password").value];
  say("Signing in…");
  const reply = await ask("POST", LOGIN, { username, password, remember: $("remember").checked });
  $("password").value = "";
  if (reply.ok) {
    form.reset();
    knowExpiry(reply.data?.access_expires_at);
    return load({ refused: COOKIES_LOST });
  }
  say(failure(reply), "bad");
  $(username.trim() ? "password" : "username").focus();
  if (reply.status === 429) await throttled(form, reply);
}

async function logout() {
  say("Signing out…");
  const reply = await ask("POST", LOGOUT);
  const halfDone = reply.status === 503 && reply.code === "unavailable"; // the cookies are cleared nevertheless
  if (reply.ok) leave("You are signed out.", "good");
  else if (halfDone) leave("You are signed out on this device, but the server could not end the session yet.", "bad");
  else say(failure(reply, true), "bad");
}

async function throttled(form, { retryAfter }) {
  await wait(form, retryAfter);
  say("You can try again now.");
}

// ---- The access token ----

async function whoAmI() {
  const reply = await api("GET", "/api/me");
  if (!reply.ok) return;
  enter(reply.data);
  say(`${reply.refreshed ? "Refreshed within this request: still signed in" : "Signed in"} as ${state.me.username}.`, "good");
}

async function expire() {
  const reply = await api("POST", EXPIRE);
  if (!reply.ok) return;
  Object.assign(state, { cleared: true, expires: null });
  showExpiry();
  say("The access cookie is deleted. Now press “Who am I?”: the response brings a new one.", "good");
}

// ---- Sessions ----

async function loadSessions() {
  const reply = await api("GET", SESSIONS);
  if (!reply.ok) return;
  const sessions = reply.data.toSorted((one, other) => other.current - one.current || other.last_seen_at.localeCompare(one.last_seen_at));
  $("sessions").replaceChildren(...sessions.map(sessionItem));
  $("sessions-alone").hidden = $("revoke-others").hidden = true;
  $(sessions.length > 1 ? "revoke-others" : "sessions-alone").hidden = false;
}

function sessionItem({ id, user_agent, ip, created_at, last_seen_at, device_bound, current }) {
  const item = element("li", "session");
  const name = element("p", "device", device(user_agent));
  if (current) name.append(" ", element("span", "badge", "This device"));
  const when = element("p", "muted");
  if (last_seen_at === created_at) when.append("Signed in ", time(created_at));
  else when.append("Last seen ", time(last_seen_at), ", signed in ", time(created_at));
  const text = element("div", "");
  text.append(name, element("p", "muted", ip ?? "Unknown address"), when);
  if (device_bound) text.append(element("p", "muted", `Bound to ${current ? "this" : "that"} device`));
  item.append(text);
  if (!current) item.append(revokeButton(id, device(user_agent)));
  return item;
}

function revokeButton(id, name) {
  const button = Object.assign(element("button", "", "Sign out"), { type: "button", ariaLabel: `Sign out ${name}` });
  on(button, "click", async () => {
    const reply = await api("DELETE", `${SESSIONS}${id}/`);
    if (reply.ok) say(`${name} is signed out.`, "good");
    if (reply.ok || reply.status === 404) await sessionsChanged();
  });
  return button;
}

async function revokeOthers() {
  const reply = await api("DELETE", SESSIONS);
  if (!reply.ok) return;
  const { revoked } = reply.data;
  say(revoked === 1 ? "The other device is signed out." : `${revoked} other devices are signed out.`, "good");
  await sessionsChanged();
}

/** The pressed button may no longer exist: the focus stays near it. */
async function sessionsChanged() {
  await loadSessions();
  $("sessions-heading").focus();
}

// ---- The password ----

async function changePassword(form) {
  const [current_password, new_password] = [$("current-password").value, $("new-password").value];
  const reply = await api("POST", PASSWORD, { current_password, new_password });
  if (reply.ok) {
    form.reset();
    await renewed();
    say("Your password is changed, and every other device is signed out.", "good");
  } else if (state.me) {
    $("current-password").value = "";
    $("current-password").focus();
    if (reply.status === 429) await throttled(form, reply);
  }
}

async function openSafe() {
  $("fresh-result").hidden = true;
  const reply = await api("GET", "/api/fresh");
  if (reply.ok) say("The safe is open.", "good");
  $("fresh-result").hidden = !reply.ok;
}

/** Asks for the password in a dialog; true once the server has accepted it. */
function isReallyYou() {
  const dialog = $("confirm");
  $("confirm-form").reset();
  $("confirm-status").textContent = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((decide) => {
    dialog.addEventListener("close", () => decide(dialog.returnValue === "accepted"), { once: true });
  });
}

async function confirm(form) {
  const reply = await ask("POST", FRESH, { password: $("confirm-password").value });
  $("confirm-password").value = "";
  if (reply.ok) {
    knowExpiry(reply.data?.access_expires_at);
    $("confirm").close("accepted");
    return renewed();
  }
  if (ENDED[reply.code]) return leave(ENDED[reply.code], "bad");
  say(failure(reply, true), "bad");
  $("confirm-password").focus();
  if (reply.status === 429) await throttled(form, reply);
}

/** A new session has replaced the previous one of this browser. */
async function renewed() {
  const reply = await api("GET", "/api/me");
  if (!reply.ok) return;
  enter(reply.data);
  await Promise.all([verify(), loadSessions()]);
}

// ---- Notes ----

async function loadNotes() {
  const reply = await api("GET", "/api/notes");
  if (!reply.ok) return;
  $("notes").replaceChildren(...reply.data.map(noteItem));
  $("notes-empty").hidden = reply.data.length > 0;
}

async function addNote(form) {
  const reply = await api("POST", "/api/notes", { text: $("note-text").value.trim() });
  if (!reply.ok) return;
  form.reset();
  say("Note added.", "good");
  await loadNotes();
}

function noteItem({ text, created_at }) {
  const item = element("li", "");
  const when = element("p", "muted");
  when.append(time(created_at));
  item.append(element("p", "note", text), when);
  return item;
}

// ---- View ----

/** Shows the cards of one view; moves the focus if the focused element may no longer exist. */
function show(view, focus) {
  for (const card of document.querySelectorAll("[data-view]")) card.hidden = card.dataset.view !== view;
  if (focus) $({ in: "me-heading", out: "username", trouble: "retry" }[view]).focus();
}

function enter(me) {
  const newcomer = me.user_id !== state.me?.user_id;
  state.me = me;
  $("me-heading").textContent = `Signed in as ${me.username}`;
  $("me-user-id").textContent = me.user_id;
  $("me-session-id").textContent = me.session_id;
  $("me-source").textContent = me.source;
  for (const field of document.querySelectorAll(".username")) field.value = me.username;
  showExpiry();
  if (newcomer) Promise.all([loadNotes(), loadSessions()]);
}

function leave(message, kind, focus = true) {
  Object.assign(state, { me: null, expires: null, cleared: false, visit: state.visit + 1 });
  $("confirm").close();
  for (const id of ["notes", "sessions"]) $(id).replaceChildren();
  for (const form of document.forms) form.reset();
  $("fresh-result").hidden = true;
  show("out", focus);
  say(message, kind);
}

function knowExpiry(end) {
  Object.assign(state, { expires: Date.parse(end) || null, cleared: false });
  showExpiry();
}

/** Milliseconds on the server's clock; NaN while the end is not known. */
function timeLeft() {
  return state.expires === null ? NaN : state.expires - Date.now() - skew;
}

function showExpiry() {
  if (!state.me) return;
  const seconds = Math.ceil(timeLeft() / 1000);
  const unknown = state.cleared ? "none: the next request gets a new one" : "not known yet";
  const known = seconds > 0 ? `expires in ${clock(seconds)}` : "expired: the next request refreshes it";
  $("access-expiry").textContent = Number.isNaN(seconds) ? unknown : known;
}

function time(when) {
  const words = ago(when, Date.now() + skew);
  return Object.assign(element("time", "", words), { dateTime: when, title: new Date(when).toLocaleString() });
}

// ---- Start ----

on($("login-form"), "submit", login);
on($("note-form"), "submit", addNote);
on($("change-form"), "submit", changePassword);
on($("confirm-form"), "submit", confirm);
on($("confirm-cancel"), "click", () => $("confirm").close());
on($("who"), "click", whoAmI);
on($("expire"), "click", expire);
on($("logout"), "click", logout);
on($("revoke-others"), "click", revokeOthers);
on($("fresh"), "click", openSafe);
on($("retry"), "click", () => load());
addEventListener("pageshow", (event) => { if (event.persisted) load({ focus: false }); });
// A user who returns to this tab sees at once if the session was ended elsewhere.
document.addEventListener("visibilitychange", () => { if (!document.hidden && state.me) loadSessions(); });
setInterval(showExpiry, 1000);
// A prerendered page would show who was signed in when it was prerendered, and cannot always refresh.
if (document.prerendering) document.addEventListener("prerenderingchange", () => load({ focus: false }), { once: true });
else load({ focus: false });
