export * from "./drop-in.js";
