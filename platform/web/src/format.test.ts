import { describe, expect, test } from "vitest";
import { attained, budget, burn, bytes, count, figure, goDuration, goSeconds, isSet, percent, rate, seconds, span } from "./format.ts";

const plain = (text: string): string => text.replaceAll("\u202f", " ");

describe("figures", () => {
  test.each([
    [seconds(0), "0 ms"],
    [seconds(0.00042), "420 µs"],
    [seconds(0.0051), "5.1 ms"],
    [seconds(0.0424), "42 ms"],
    [seconds(2), "2 s"],
    [seconds(2.345), "2.35 s"],
    [seconds(130), "2 min 10 s"],
    [seconds(undefined), "–"],
    [rate(0), "0 /s"],
    [rate(4.25), "4.3 /s"],
    [rate(199.6), "200 /s"],
    [percent(0), "0 %"],
    [percent(0.00001), "< 0.01 %"],
    [percent(0.0021), "0.21 %"],
    [percent(0.492), "49 %"],
    [percent(1), "100 %"],
    [burn(14.4), "14.4×"],
    [burn(0.31), "0.31×"],
    [burn(150.2), "150×"],
    [bytes(7_340_032), "7 MiB"],
    [bytes(1500), "1.5 KiB"],
    [count(714_000), "714 000"],
    [count(Number.NaN), "–"],
    [span(0), "0 s"],
    [span(75), "1 min 15 s"],
    [span(7200), "2 h"],
    [span(100_000), "1 d 3 h"],
    [figure(0.5, "ratio"), "50 %"],
    [figure(3, "count"), "3"],
    [figure(2.5, "count"), "2.5"],
    [figure(24.6, "x"), "24.6×"],
    [figure(7, "parsec"), "7 parsec"],
  ])("%s", (got, want) => {
    expect(plain(got)).toBe(want);
  });
});

test("an attainment is never rounded up", () => {
  expect(plain(attained(0.999996))).toBe("99.999 %");
  expect(plain(attained(1))).toBe("100 %");
  expect(plain(attained(0.999))).toBe("99.9 %");
  expect(plain(attained(0.98219))).toBe("98.21 %");
});

test("a budget shows debt, and never nothing while something is left", () => {
  expect(plain(budget(0.874))).toBe("87 %");
  expect(plain(budget(0.004))).toBe("< 1 %");
  expect(plain(budget(0))).toBe("0 %");
  expect(plain(budget(-0.42))).toBe("−42 %");
  expect(plain(budget(-24.6))).toBe("−2 460 %");
});

test("Go durations", () => {
  expect(goSeconds("1h0m0s")).toBe(3600);
  expect(goSeconds("2.5s")).toBe(2.5);
  expect(goSeconds("1m30.5s")).toBe(90.5);
  expect(goSeconds("soon")).toBeUndefined();
  expect(plain(goDuration("720h0m0s"))).toBe("30 d");
  expect(plain(goDuration("2.5s"))).toBe("2.5 s");
  expect(plain(goDuration("500ms"))).toBe("500 ms");
  expect(goDuration("soon")).toBe("soon");
});

test("a zero time of Go is no time", () => {
  expect(isSet("0001-01-01T00:00:00Z")).toBe(false);
  expect(isSet(undefined)).toBe(false);
  expect(isSet("2026-11-21T12:00:00Z")).toBe(true);
});
