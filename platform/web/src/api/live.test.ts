import { expect, test } from "vitest";
import { pause } from "./live.ts";

test("attempts wait longer and longer, jittered, with an end", () => {
  expect(pause(0, 0)).toBe(250);
  expect(pause(0, 1)).toBe(500);
  expect(pause(3, 0.5)).toBe(3000);
  expect(pause(50, 1)).toBe(10_000);
});
