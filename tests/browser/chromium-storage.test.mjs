import { defineStoreTests } from "./stores-suite.mjs";

defineStoreTests("Chromium", {
  takesBlobs: true,
  opfs: true,
  keepsWhenLeft: true,
  knowsInsecureHost: true,
  versions: ["314.0.7", "0.29.5"],
});
