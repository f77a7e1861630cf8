import { NextResponse } from "next/server";
import { renew } from "./session.js";

export async function proxy(request) {
  const response = NextResponse.next();
  for (const line of await renew(request.headers)) response.headers.append("set-cookie", line);
  return response;
}

export const config = { matcher: "/((?!api/|_next/static|_next/image|favicon.ico).*)" };
