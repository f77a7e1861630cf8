import { expect } from "@playwright/test";

/** Twelve tests that need a refresh each: the access token of the one before has expired. */
export function twelve(test) {
  for (let number = 1; number <= 12; number += 1) {
    test(`test ${number}`, async ({ page }) => {
      await page.waitForTimeout(3000);
      for (let times = 0; times < 2; times += 1) {
        const reply = await page.goto("/api/me");
        expect(await reply.text()).toContain('"username":"demo"');
      }
    });
  }
}
