import { defineStoreTests } from "./stores-suite.mjs";

defineStoreTests("WebKitGTK", {
  takesBlobs: false, // each of its windows is a private one here
  opfs: false,
  keepsWhenLeft: false,
  knowsInsecureHost: false,
  versions: ["314.0.7"],
});
