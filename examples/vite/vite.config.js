import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  base: "/app/",
  plugins: [react()],
  worker: { format: "es" },
  // What Vite has to leave alone: it finds its files beside itself.
  optimizeDeps: { exclude: ["pyodide", "pyodide-zipimport"] },
});
