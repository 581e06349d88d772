import { defineStoreTests } from "./stores-suite.mjs";

defineStoreTests("WebKitGTK", {
  opfs: false,
  keepsWhenLeft: false,
  knowsInsecureHost: false,
  versions: ["314.0.7"],
});
