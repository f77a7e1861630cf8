import { ask } from "../../session.js";

export async function load({ request }) {
  const asked = ["/api/me", "/api/notes"].map((path) => ask(path, request.headers));
  const [me, notes] = await Promise.all(asked);
  return { username: me.ok && notes.ok ? (await me.json()).username : "anonymous" };
}
