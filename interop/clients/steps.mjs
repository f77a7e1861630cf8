// `node steps.mjs fetch|axios BASE`: the steps of `interop/clients.py`.
import axios from "axios";
import { wrapper } from "axios-cookiejar-support";
import makeFetchCookie from "fetch-cookie";
import { CookieJar } from "tough-cookie";

const [client, base] = process.argv.slice(2);
const jar = new CookieJar();
const login = { username: "demo", password: "correct horse battery", remember: true };
const byFetch = makeFetchCookie(fetch, jar);
const byAxios = wrapper(axios.create({ jar, validateStatus: () => true }));

async function send(method, path, body) {
  if (client === "axios") return (await byAxios.request({ method, url: base + path, data: body })).status;
  const headers = body ? { "Content-Type": "application/json" } : {};
  return (await byFetch(base + path, { method, headers, body: body && JSON.stringify(body) })).status;
}

const statuses = [];
for (const [method, path, body] of [
  ["POST", "/api/auth/token/", login], ["GET", "/api/me"], ["POST", "/api/auth/token/refresh/"],
  ["GET", "/api/me"], ["POST", "/api/auth/logout/"], ["GET", "/api/me"],
]) statuses.push(await send(method, path, body));
console.log(JSON.stringify(statuses));
