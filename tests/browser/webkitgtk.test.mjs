import { defineBrowserTests } from "./suite.mjs";

defineBrowserTests("WebKitGTK");
