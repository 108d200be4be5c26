import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const entry = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  // Relative, so that the pages may serve the build under any address.
  base: "./",
  build: {
    outDir: "../static/dist",
    emptyOutDir: true,
    manifest: true,
    target: ["chrome111", "firefox115", "safari16.4"],
    // The content security policy allows files of our own only: no data: addresses, no inline script.
    assetsInlineLimit: 0,
    // hls.js is large, and loaded only where a live stream is played by it.
    chunkSizeWarningLimit: 600,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        room: entry("src/room/main.tsx"),
        site: entry("src/site/main.ts"),
        endpoint: entry("src/endpoint/main.ts"),
      },
    },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // The machine may be shared: no test is failed for being slow.
  test: { include: ["tests/**/*.test.ts", "tests/**/*.test.tsx"], testTimeout: 60_000 },
});
