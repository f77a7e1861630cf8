// `node browser.mjs API FRONT USER PASSWORD MILLISECONDS`: the same in Chromium. The access cookie is deleted before each step, as
// at the end of its `Max-Age`, and each step waits for the end of the leeway before it. Prints, per step, the users that
// the pages show, and whether the browser has a new access token.
import { chromium } from "@playwright/test";

const [api, front, username, password, leeway] = process.argv.slice(2);
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
const context = await browser.newContext();
const page = await context.newPage();
const shown = (tab) => tab.locator("p").innerText();

async function access() {
  return (await context.cookies(front)).find((one) => one.name === "__Host-access_token")?.value;
}

await page.goto(`${api}/api/open`);
const body = JSON.stringify({ username, password });
await page.evaluate((body) => fetch("/api/auth/token/", { method: "POST", headers: { "content-type": "application/json" }, body }), body);

async function step(action) {
  await page.waitForTimeout(Number(leeway));
  const before = await access();
  await context.clearCookies({ name: "__Host-access_token" });
  const users = await action();
  const after = await access();
  return { users, renewed: after !== undefined && after !== before };
}

const link = page.getByRole("link");
const steps = {
  "a page": async () => [await page.goto(front).then(() => shown(page))],
  "a link inside the page": async () => {
    await Promise.all([page.waitForURL("**/other"), link.click()]);
    return [await shown(page)];
  },
  "six tabs": async () => {
    const tabs = await Promise.all([..."123456"].map(() => context.newPage()));
    await Promise.all(tabs.map((tab) => tab.goto(front)));
    return Promise.all(tabs.map(shown));
  },
  "a page again": async () => [await page.goto(front).then(() => shown(page))],
};
const result = {};
for (const [name, action] of Object.entries(steps)) result[name] = await step(action);
console.log(JSON.stringify(result));
await browser.close();
