import { defineBrowserTests } from "./suite.mjs";

defineBrowserTests("Firefox");
