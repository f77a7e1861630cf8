// For a server that renders pages from an API with cookiejwt.
const API = process.env.API ?? "http://127.0.0.1:3000";

/** Asks the API in the name of the browser, whose request has these headers. */
export function ask(path, headers) {
  // Node's `fetch` sends `Sec-Fetch-Mode: cors` whatever the browser has sent. With the browser's `Sec-Fetch-Site`, the API
  // would take a link from another site for a script there, which it does not let refresh.
  const isLink = headers.get("sec-fetch-dest") === "document" && !headers.get("sec-purpose");
  const names = ["cookie", "sec-purpose", ...(isLink ? [] : ["sec-fetch-site"])];
  const forwarded = names.filter((name) => headers.get(name)).map((name) => [name, headers.get(name)]);
  return fetch(API + path, { headers: forwarded, cache: "no-store" });
}

/** Before a page is rendered: the `Set-Cookie` lines that its response has to have. */
export async function renew(headers) {
  const cookies = headers.get("cookie") ?? "";
  if (!cookies.includes("refresh_token=") || isFresh(cookies)) return [];
  return (await ask("/api/me", headers)).headers.getSetCookie();
}

/** Only to save a question per page. Whether the token is good is for the API to decide. */
function isFresh(cookies) {
  try {
    const [, payload] = /access_token=[^.;]*\.([^.;]*)/.exec(cookies);
    return JSON.parse(Buffer.from(payload, "base64url")).exp > Date.now() / 1000 + 30;
  } catch {
    return false;
  }
}
