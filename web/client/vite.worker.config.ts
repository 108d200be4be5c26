import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/* The service worker is one file without imports, of a name that stays: `/sw.js` (web/pages/installable.py). */
export default defineConfig({
  build: {
    outDir: "../static/dist",
    emptyOutDir: false,
    target: ["chrome111", "firefox115", "safari16.4"],
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: fileURLToPath(new URL("src/worker/main.ts", import.meta.url)),
      output: { format: "iife", entryFileNames: "sw.js" },
    },
  },
});
