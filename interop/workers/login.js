import { test as base } from "@playwright/test";

/** One login per worker. Each test begins with the cookies with which the test before it has ended. */
export const test = base.extend({
  jar: [
    async ({ playwright }, use, info) => {
      const request = await playwright.request.newContext({ baseURL: info.project.use.baseURL });
      const data = { username: process.env.DEMO_USER, password: process.env.DEMO_PASSWORD };
      const login = await request.post("/api/auth/token/", { data });
      if (!login.ok()) throw new Error(await login.text());
      await use({ state: await request.storageState() });
      await request.post("/api/auth/logout/");
    },
    { scope: "worker" },
  ],
  storageState: ({ jar }, use) => use(jar.state),
  context: async ({ context, jar }, use) => {
    await use(context);
    jar.state = await context.storageState();
  },
});
