import { defineBrowserTests } from "./suite.mjs";

defineBrowserTests("Chromium");
