import { defineConfig } from "vite";
import { licences } from "./dev/licences.ts";
import { mock } from "./dev/mock.ts";

// The build is committed and embedded by package console: same sources and lock
// file give the same bytes. `npm run dev` talks to BACKSTAY_URL (a running
// `backstay dev`), or to the mock when BACKSTAY_URL=mock.
const server = process.env.BACKSTAY_URL ?? "http://127.0.0.1:4400";

export default defineConfig({
  plugins: [licences(), ...(server === "mock" ? [mock()] : [])],
  server: {
    port: 4401,
    proxy: server === "mock" ? {} : { "/api": { target: server, changeOrigin: true } },
  },
  build: {
    outDir: "../internal/console/dist",
    emptyOutDir: true,
    target: "es2022",
    cssTarget: ["chrome123", "firefox121", "safari17.5"], // the first with light-dark()
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    sourcemap: false,
  },
  test: { include: ["src/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
