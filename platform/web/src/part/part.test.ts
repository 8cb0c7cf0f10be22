import { expect, test } from "vitest";
import type { TimelineEntry } from "../api/types.ts";
import { perSecond } from "./load.ts";
import { rank } from "./rank.ts";
import { byMinute, reached } from "./steps.ts";

const entry = (at: string, step: string): TimelineEntry => ({ at: `2026-11-21T${at}Z`, step, text: step });

test("entries are told by the minute, oldest first", () => {
  const minutes = byMinute([entry("12:01:02", "verdict"), entry("12:00:58", "signal"), entry("12:01:40", "cause"), entry("12:05:00", "recovery")]);
  expect(minutes.map((m) => m.told.map((told) => ("entry" in told ? told.entry.step : told.folded.length)))).toEqual([["signal"], ["verdict", "cause"], ["recovery"]]);
});

const shape = (entries: TimelineEntry[]) => byMinute(entries).map((m) => m.told.map((told) => ("entry" in told ? told.entry.text : told.folded.length)));

test("a flapping breaker does not bury the rest", () => {
  const flaps = Array.from({ length: 9 }, (_, i) => entry(`12:00:1${i}`, "signal")).map((e, i) => ({ ...e, text: `s${i}` }));
  expect(shape([...flaps, entry("12:00:20", "cause"), entry("12:00:21", "signal")])).toEqual([["s0", 7, "s8", "cause", "signal"]]);
  expect(shape(flaps.slice(0, 3))).toEqual([["s0", "s1", "s2"]]);
  expect(shape([entry("12:00:59", "signal"), entry("12:01:00", "signal")])).toEqual([["signal"], ["signal"]]);
});

test("an action is told when it takes hold, and shows its state once", () => {
  const of = (at: string, text: string) => ({ ...entry(at, "action"), text, action: "a" });
  const entries = [of("12:00:01", "planned"), of("12:00:02", "applied"), of("12:00:30", "undone")];
  expect(shape(entries)).toEqual([["applied", "undone"]]);
  expect(byMinute(entries)[0]!.told.map((told) => "entry" in told && told.last)).toEqual([false, true]);
});

test("a step is reached when it first happened", () => {
  const first = reached([entry("12:00:05", "signal"), entry("12:00:01", "signal"), entry("12:00:09", "action")]);
  expect([...first.keys()]).toEqual(["signal", "action"]);
  expect(new Date(first.get("signal")!).toISOString()).toBe("2026-11-21T12:00:01.000Z");
});

test("what users meet is the difference of counters", () => {
  const sample = (at: number, ok: number, degraded: number, failed: number) => ({ at, load: { rate: 200, ok, degraded, failed } });
  expect(perSecond([sample(0, 100, 0, 0), sample(1000, 300, 0, 0), sample(3000, 400, 200, 100)])).toEqual([
    { at: 1000, ok: 200, degraded: 0, failed: 0 },
    { at: 3000, ok: 50, degraded: 100, failed: 50 },
  ]);
  expect(perSecond([sample(0, 100, 0, 0), sample(1000, 5, 0, 0)])).toEqual([]);
});

test("search puts names that begin with the text first", () => {
  const hits = ["inventory", "order", "Checkout order"].map((name) => ({ kind: "Service", name, to: `/${name}` }));
  expect(rank(hits, "or").map((h) => h.name)).toEqual(["order", "Checkout order", "inventory"]);
  expect(rank(hits, "order check").map((h) => h.name)).toEqual(["Checkout order"]);
  expect(rank(hits, "")).toHaveLength(3);
  expect(rank(hits, "zebra")).toEqual([]);
});
