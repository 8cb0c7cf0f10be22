import { expect, test } from "vitest";
import { match } from "./match.ts";

test.each([
  ["/", "/", {}],
  ["/slos/:id", "/slos/checkout-fast", { id: "checkout-fast" }],
  ["/slos/:id", "/slos/checkout-fast/", { id: "checkout-fast" }],
  ["/services/:id", "/services/shop%2Fgateway", { id: "shop/gateway" }],
  ["/slos/:id", "/slos", undefined],
  ["/slos", "/map", undefined],
  ["/services/:id", "/services/%E0%A4%A", undefined],
])("%s against %s", (pattern, path, want) => {
  expect(match(pattern, path)).toEqual(want);
});
