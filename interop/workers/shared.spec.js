import { test } from "@playwright/test";
import { twelve } from "./tests.js";

// One login for all workers.
test.use({ storageState: process.env.STATE });
twelve(test);
