import { defineConfig } from "@playwright/test";

const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

export default defineConfig({
  workers: 3,
  fullyParallel: true,
  reporter: "json",
  use: { baseURL: process.env.BASE, launchOptions: { executablePath: "/usr/bin/chromium", args } },
});
