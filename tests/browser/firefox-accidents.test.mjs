import { defineAccidentTests } from "./accidents-suite.mjs";

defineAccidentTests("Firefox");
