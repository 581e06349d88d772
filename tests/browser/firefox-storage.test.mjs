import { defineStoreTests } from "./stores-suite.mjs";

defineStoreTests("Firefox", {
  takesBlobs: true,
  opfs: true,
  keepsWhenLeft: true,
  knowsInsecureHost: true,
  versions: ["314.0.7"],
});
