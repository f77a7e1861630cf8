import { headers } from "next/headers";
import Link from "next/link";
import { ask } from "../session.js";

// With the cookies that the browser has sent: it has not received the new ones yet.
export default async function Page() {
  const sent = await headers();
  const [me, notes] = await Promise.all([ask("/api/me", sent), ask("/api/notes", sent)]);
  return (
    <main>
      <p>user: {me.ok && notes.ok ? (await me.json()).username : "anonymous"}</p>
      <Link href="/other">Other</Link>
    </main>
  );
}
