import { expect, test } from "vitest";
import { joined, type Line } from "./join.ts";
import { asQuery, chosen, ending, recent, within } from "./range.ts";

const line = (t: number[], v: (number | null)[]): Line => ({ name: "x", unit: "s", tone: "ink", t, v });

test("lines with different times share one axis, gaps stay gaps", () => {
  expect(joined([line([1, 2, 3], [10, null, 30]), line([2, 4], [7, 9])])).toEqual([
    [1, 2, 3, 4],
    [10, null, 30, null],
    [null, 7, null, 9],
  ]);
});

test("no lines, no times", () => {
  expect(joined([])).toEqual([[]]);
});

test("a range is aligned to its step, so that points do not wander", () => {
  expect(ending(1003, 900)).toEqual({ from: 100, to: 1000, step: 5 });
  expect(ending(1004, 900)).toEqual({ from: 100, to: 1000, step: 5 });
  expect(ending(1005, 900)).toEqual({ from: 105, to: 1005, step: 5 });
  expect(ending(1005, 60).step).toBe(1);
  expect(asQuery({ from: 1, to: 2, step: 3 })).toBe("from=1&to=2&step=3");
});

test("an unknown length is the usual one", () => {
  expect(chosen("15m", recent)).toEqual(["15m", 900]);
  expect(chosen("fortnight", recent)).toEqual(["5m", 300]);
});

test("an objective is shown up to its window", () => {
  expect(within(3600)).toEqual({ lengths: [["5m", 300], ["15m", 900], ["1h", 3600]], usual: ["15m", 900] });
  expect(within(30 * 86_400).usual).toEqual(["7d", 604_800]);
  expect(within(60).usual).toEqual(["5m", 300]);
});
