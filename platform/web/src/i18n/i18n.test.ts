import { expect, test } from "vitest";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

const dictionaries: [string, Record<string, string>][] = [
  ["en", en],
  ["zh", zh],
];

test("both languages have the same keys", () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
});

test.each(dictionaries)("%s leaves no key without words", (_, words) => {
  expect(Object.entries(words).filter(([, text]) => text.trim() === "")).toEqual([]);
});

test("both languages name the same values", () => {
  const values = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!).sort();
  for (const key of Object.keys(en) as (keyof typeof en)[]) expect([key, values(zh[key])]).toEqual([key, values(en[key])]);
});

test("every key in the sources has words", () => {
  const sources = import.meta.glob<string>("../**/*.{ts,tsx}", { eager: true, query: "?raw", import: "default" });
  const missing: string[] = [];
  for (const [file, text] of Object.entries(sources)) {
    for (const [, key] of text.matchAll(/\bt\("([\w.-]+)"/g)) if (!(key! in en)) missing.push(`${file}: ${key}`);
  }
  expect(missing).toEqual([]);
});
