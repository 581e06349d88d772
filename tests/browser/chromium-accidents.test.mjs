import { defineAccidentTests } from "./accidents-suite.mjs";

defineAccidentTests("Chromium");
