import { test as own } from "./login.js";
import { twelve } from "./tests.js";

// One login per worker, but each test begins with the cookies of that login.
twelve(own.extend({ context: ({ browser, jar }, use) => browser.newContext({ storageState: jar.state }).then(use) }));
