import { test } from "./login.js";
import { twelve } from "./tests.js";

twelve(test);
