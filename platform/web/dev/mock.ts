import type { Plugin } from "vite";

/** Answers the API in development without a server; never part of the build. */
export function mock(): Plugin {
  return { name: "mock", apply: "serve" };
}
