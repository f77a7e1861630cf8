// Drives the demo page in headless Chromium, as a person would: BASE_URL, DEMO_USER and DEMO_PASSWORD say where and who,
// CHROMIUM which browser (default /usr/bin/chromium), SCREENSHOTS a folder for pictures (default: none are taken).
// The last line is "N passed, N failed".

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { chromium } from "playwright-core";

const { BASE_URL, DEMO_USER, DEMO_PASSWORD, SCREENSHOTS, CHROMIUM = "/usr/bin/chromium" } = process.env;
const OURS = ["__Host-access_token", "__Host-refresh_token"];
const PATIENCE_MS = 15_000;
const ALTOGETHER_MS = 180_000;

const DESKTOP = { viewport: { width: 1280, height: 900 }, colorScheme: "light" };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme: "dark" };

let [passed, failed] = [0, 0];

/** Later steps build on earlier ones, so that the first failure ends a story. */
async function step(name, work) {
  try {
    await work();
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}\n${error.stack}`);
    throw error;
  }
  passed += 1;
  console.log(`ok     ${name}`);
}

/** A tab that remembers everything that a browser complains about. */
async function open(context) {
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    // "Failed to load resource" is how the console tells of a status; the answers themselves are checked.
    const status = message.text().startsWith("Failed to load resource: the server responded with a status of");
    if (["error", "warning"].includes(message.type()) && !status) complaints.push(`${message.type()}: ${message.text()}`);
  });
  await page.exposeBinding("complain", (_, text) => complaints.push(text));
  await page.addInitScript(() => addEventListener("securitypolicyviolation",
    (event) => globalThis.complain(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
  return { page, complaints };
}

const contentOf = (page, id) => page.locator(`#${id}`).textContent();
const ours = async (context) => (await context.cookies()).filter(({ name }) => /access_token|refresh_token/.test(name));

const answerTo = (page, method, path) => page.waitForResponse((response) =>
  response.request().method() === method && new URL(response.url()).pathname === path);

async function setCookies(response) {
  return (await response.headersArray()).filter(({ name }) => name.toLowerCase() === "set-cookie").map(({ value }) => value);
}

/** Presses a button and gives the answer to the request that it makes. */
async function press(page, button, method, path) {
  const [response] = await Promise.all([answerTo(page, method, path), page.getByRole("button", { name: button }).click()]);
  await response.finished();
  return response;
}

async function says(page, text) {
  await page.locator("#status").filter({ hasText: text }).waitFor();
}

async function signIn(page, password) {
  await page.getByLabel("Username").fill(DEMO_USER);
  await page.getByLabel("Password").fill(password);
  return press(page, "Sign in", "POST", "/api/auth/token/");
}

/** Both cookies came, each with all it needs. */
async function renewsBoth(response) {
  const lines = await setCookies(response);
  assert.deepEqual(lines.map((line) => line.split("=")[0]).sort(), OURS);
  for (const line of lines) assert.match(line, /^[^=]+=[^;]+; Path=\/; Secure; HttpOnly; SameSite=Lax(; Max-Age=\d+)?$/);
}

async function shot(page, name) {
  if (!SCREENSHOTS) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.waitForLoadState("networkidle");
  await page.screenshot({ animations: "disabled", path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

async function isSignedIn(page) {
  await page.getByRole("heading", { name: `Signed in as ${DEMO_USER}` }).waitFor();
  assert.equal(await page.locator("#login-form").isVisible(), false);
}

async function isSignedOut(page) {
  await page.locator("#login-form").waitFor();
  assert.equal(await page.locator("#me-card").isVisible(), false);
}

/** Nothing that a script can reach tells of a token. */
async function scriptSeesNothing(page) {
  const seen = await page.evaluate(async () => {
    const jar = "cookieStore" in globalThis ? (await cookieStore.getAll()).length : 0;
    return { document: document.cookie, jar, storage: localStorage.length + sessionStorage.length, html: document.documentElement.outerHTML };
  });
  assert.deepEqual({ ...seen, html: "" }, { document: "", jar: 0, storage: 0, html: "" });
  assert.doesNotMatch(seen.html, /eyJ[\w-]+\.[\w-]+\./);
}

async function arriving(page) {
  await step("the page loads; nobody is signed in", async () => {
    const [me] = await Promise.all([answerTo(page, "GET", "/api/me"), page.goto(BASE_URL)]);
    assert.equal(me.status(), 401);
    await isSignedOut(page);
    await says(page, "Please sign in.");
    await shot(page, "desktop-light-signed-out");
  });
  await step("a wrong password is refused in plain words", async () => {
    const answer = await signIn(page, `${DEMO_PASSWORD}?`);
    assert.equal(answer.status(), 401);
    assert.deepEqual(await setCookies(answer), []);
    await says(page, "That username and password do not match.");
    await isSignedOut(page);
    assert.equal(await page.getByLabel("Password").inputValue(), "");
  });
}

async function signingIn(context, page) {
  await step("the right password signs in; the body holds no token", async () => {
    const answer = await signIn(page, DEMO_PASSWORD);
    assert.equal(answer.status(), 200);
    await renewsBoth(answer);
    assert.doesNotMatch(await answer.text(), /eyJ/);
    await isSignedIn(page);
  });
  await step("the jar holds __Host- cookies: HttpOnly, Secure, SameSite=Lax", async () => {
    const cookies = await ours(context);
    assert.deepEqual(cookies.map(({ name }) => name).sort(), OURS);
    for (const { httpOnly, secure, sameSite, path, domain } of cookies) {
      assert.deepEqual({ httpOnly, secure, sameSite, path, domain },
        { httpOnly: true, secure: true, sameSite: "Lax", path: "/", domain: new URL(BASE_URL).hostname });
    }
  });
  await step("no script sees a token", () => scriptSeesNothing(page));
  await step("who am I: answered without new cookies", async () => {
    const me = await press(page, "Who am I?", "GET", "/api/me");
    assert.equal(me.status(), 200);
    assert.deepEqual(await setCookies(me), []);
    const { username, user_id, session_id, source } = await me.json();
    const shown = await Promise.all(["me-username", "me-user-id", "me-session-id", "me-source"].map((id) => contentOf(page, id)));
    assert.deepEqual(shown, [username, user_id, session_id, source]);
    assert.deepEqual([username, source], [DEMO_USER, "cookie"]);
    assert.match(await contentOf(page, "access-expiry"), /^expires in \d:\d\d$/);
  });
}

async function refreshing(context, page) {
  const before = await ours(context);
  const session = await contentOf(page, "me-session-id");
  await step("expire my access token: only the refresh cookie is left", async () => {
    const answer = await press(page, "Expire my access token", "POST", "/api/demo/expire");
    assert.equal(answer.status(), 204);
    await says(page, "The access cookie is gone.");
    assert.deepEqual((await ours(context)).map(({ name }) => name), [OURS[1]]);
  });
  await step("who am I: 200 in one request, with both cookies renewed", async () => {
    const me = await press(page, "Who am I?", "GET", "/api/me");
    assert.equal(me.status(), 200);
    assert.equal(me.request().redirectedFrom(), null);
    await renewsBoth(me);
    await says(page, "Refreshed inside this very request");
    assert.equal(await contentOf(page, "me-session-id"), session);
    for (const { name, value } of await ours(context)) assert.notEqual(value, before.find((old) => old.name === name).value, name);
  });
  await step("no script sees the new ones either", () => scriptSeesNothing(page));
}

async function twoTabs(context, page) {
  const { page: other, complaints } = await open(context);
  await step("a second tab is signed in at once", async () => {
    await other.goto(BASE_URL);
    await isSignedIn(other);
  });
  await step("two tabs refreshing at once stay signed in", async () => {
    await press(page, "Expire my access token", "POST", "/api/demo/expire");
    const answers = await Promise.all([page, other].map((tab) => press(tab, "Who am I?", "GET", "/api/me")));
    assert.deepEqual(answers.map((answer) => answer.status()), [200, 200]);
    await Promise.all([page, other].map(isSignedIn));
  });
  await step("two tabs whose refreshes surely overlap get the same refresh token", () => overlapping(context, [page, other]));
  await step("both tabs go on", async () => {
    for (const tab of [page, other]) assert.equal((await press(tab, "Who am I?", "GET", "/api/me")).status(), 200);
  });
  assert.deepEqual(complaints, []);
  await other.close();
}

/** /api/slow-error takes 300 ms to answer: both requests are sent before the first new cookie arrives. */
async function overlapping(context, tabs) {
  await press(tabs[0], "Expire my access token", "POST", "/api/demo/expire");
  const answers = await Promise.all(tabs.map(async (tab) => {
    const [answer] = await Promise.all([answerTo(tab, "GET", "/api/slow-error"), tab.evaluate(() => fetch("/api/slow-error"))]);
    return answer;
  }));
  assert.deepEqual(answers.map((answer) => answer.status()), [500, 500]);
  const tokens = [];
  for (const answer of answers) {
    await renewsBoth(answer);
    tokens.push((await setCookies(answer)).find((line) => line.startsWith(OURS[1])).split(";")[0]);
  }
  assert.equal(tokens[0], tokens[1]);
  assert.deepEqual((await ours(context)).map(({ name }) => name).sort(), OURS);
}

async function notes(page) {
  const text = `<img src=x onerror=alert(1)> ${Date.now()}`;
  await step("a note is stored, and shown as text", async () => {
    await page.getByLabel("New note").fill(text);
    const answer = await press(page, "Add", "POST", "/api/notes");
    assert.equal(answer.status(), 201);
    await page.locator("#notes li").filter({ hasText: text }).waitFor();
    assert.equal(await page.locator("#notes img").count(), 0);
    await shot(page, "desktop-light-signed-in");
  });
  await step("it is still there after a reload, and so is the login", async () => {
    await page.reload();
    await isSignedIn(page);
    await page.locator("#notes li").filter({ hasText: text }).waitFor();
  });
}

/** Other origins post forms to our routes. Another port is same-site: it even sends SameSite=Lax cookies along. */
async function foreignOrigins(context) {
  const server = createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<p>elsewhere"));
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  const own = new URL(BASE_URL).hostname;
  for (const [host, site] of [[own, "same-site"], [own === "localhost" ? "127.0.0.1" : "localhost", "cross-site"]]) {
    for (const path of ["/api/auth/token/blacklist/", "/api/auth/token/", "/api/demo/expire"]) {
      const page = await context.newPage();
      await page.goto(`http://${host}:${port}/`);
      await isRefusedFrom(page, site, path);
      await page.close();
    }
  }
  server.close();
}

async function isRefusedFrom(page, site, path) {
  const arrived = page.waitForURL((url) => url.pathname === path);
  const submit = page.evaluate((action) => {
    const form = Object.assign(document.createElement("form"), { method: "post", action });
    document.body.append(form);
    form.submit();
  }, new URL(path, BASE_URL).href);
  const [answer] = await Promise.all([answerTo(page, "POST", path), submit, arrived]);
  const sent = await answer.request().allHeaders();
  assert.equal(sent["sec-fetch-site"], site);
  const withCookies = site === "same-site";
  assert.equal(OURS.every((name) => sent.cookie?.includes(name)), withCookies, `cookies sent from ${site}`);
  // Without cookies, a route that needs a login finds nobody.
  assert.equal(answer.status(), path.startsWith("/api/auth/") || withCookies ? 403 : 401, `${path} from ${site}`);
  assert.deepEqual(await setCookies(answer), []);
}

async function leaving(context, page, where) {
  await step(`${where}: logout clears both cookies and shows the login form`, async () => {
    const answer = await press(page, "Log out", "POST", "/api/auth/token/blacklist/");
    assert.equal(answer.status(), 200);
    await isSignedOut(page);
    await says(page, "You are signed out.");
    assert.deepEqual(await ours(context), []);
  });
  await step(`${where}: a reload does not bring it back`, async () => {
    await page.reload();
    await isSignedOut(page);
    assert.deepEqual(await ours(context), []);
  });
}

async function desktop(browser) {
  const context = await browser.newContext(DESKTOP);
  context.setDefaultTimeout(PATIENCE_MS);
  const { page, complaints } = await open(context);
  await arriving(page);
  await signingIn(context, page);
  await refreshing(context, page);
  await twoTabs(context, page);
  await notes(page);
  await step("pages of other origins can neither log in nor out nor write", async () => {
    await foreignOrigins(context);
    assert.equal((await press(page, "Who am I?", "GET", "/api/me")).status(), 200);
  });
  await leaving(context, page, "desktop");
  await step("the browser had nothing to complain about: no error, no policy violation", () => assert.deepEqual(complaints, []));
  await context.close();
}

/** On a phone, in the dark, by keyboard, and without "stay signed in". */
async function phone(browser) {
  const context = await browser.newContext(PHONE);
  context.setDefaultTimeout(PATIENCE_MS);
  const { page, complaints } = await open(context);
  await step("phone: the page fits, signed out", async () => {
    await page.goto(BASE_URL);
    await isSignedOut(page);
    await fits(page);
    await shot(page, "phone-dark-signed-out");
  });
  await step("phone: signed in by keyboard, for this browser session only", async () => {
    await page.getByLabel("Stay signed in").uncheck();
    await page.getByLabel("Username").fill(DEMO_USER);
    await page.getByLabel("Password").fill(DEMO_PASSWORD);
    await page.keyboard.press("Enter");
    await isSignedIn(page);
    for (const { expires } of await ours(context)) assert.equal(expires, -1);
    await fits(page);
    await press(page, "Expire my access token", "POST", "/api/demo/expire");
    await renewsBoth(await press(page, "Who am I?", "GET", "/api/me"));
    for (const { expires } of await ours(context)) assert.equal(expires, -1);
    await shot(page, "phone-dark-signed-in");
  });
  await leaving(context, page, "phone");
  await step("phone: nothing to complain about", () => assert.deepEqual(complaints, []));
  await context.close();
}

async function fits(page) {
  const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= screen, `${content} px of content on ${screen} px`);
}

async function main() {
  for (const [name, value] of Object.entries({ BASE_URL, DEMO_USER, DEMO_PASSWORD })) assert.ok(value, `${name} is not set`);
  const browser = await chromium.launch({ executablePath: CHROMIUM });
  for (const story of [desktop, phone]) {
    await story(browser).catch((error) => {
      if (!failed) { failed += 1; console.log(`FAILED outside a step\n${error.stack}`); }
    });
  }
  await browser.close();
}

const watchdog = setTimeout(() => finish(`FAILED: not done after ${ALTOGETHER_MS / 1000} s`), ALTOGETHER_MS);

function finish(trouble) {
  clearTimeout(watchdog);
  if (trouble) { failed += 1; console.log(trouble); }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

await main().then(() => finish(), (error) => finish(`FAILED: ${error.stack}`));
