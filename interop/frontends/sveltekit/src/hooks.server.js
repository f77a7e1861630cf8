import { renew } from "../session.js";

export async function handle({ event, resolve }) {
  const lines = await renew(event.request.headers);
  const response = await resolve(event);
  for (const line of lines) response.headers.append("set-cookie", line);
  if (lines.length) response.headers.set("cache-control", "no-store");
  return response;
}
