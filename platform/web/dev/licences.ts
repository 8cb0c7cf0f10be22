import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

// The libraries that end up in the built console, whose licences travel with it.
const shipped = ["@preact/signals", "@preact/signals-core", "preact", "uplot"];

/** Writes licences.txt beside the built console. */
export function licences(): Plugin {
  return {
    name: "licences",
    apply: "build",
    generateBundle() {
      const text = shipped
        .map((name) => {
          const folder = join(import.meta.dirname, "..", "node_modules", name);
          const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
          return `${name} ${version}\n\n${readFileSync(join(folder, "LICENSE"), "utf8").trim()}\n`;
        })
        .join(`\n${"-".repeat(72)}\n\n`);
      this.emitFile({ type: "asset", fileName: "licences.txt", source: text });
    },
  };
}
