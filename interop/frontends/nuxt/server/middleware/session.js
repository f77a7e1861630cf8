import { ask, renew } from "../../session.js";

export default defineEventHandler(async (event) => {
  const headers = new Headers(getRequestHeaders(event));
  event.context.ask = (path) => ask(path, headers); // for the pages
  const lines = await renew(headers);
  for (const line of lines) appendResponseHeader(event, "set-cookie", line);
  if (lines.length) setResponseHeader(event, "cache-control", "no-store");
});
