import { computed } from "@preact/signals";
import { now } from "../clock.ts";
import { choice } from "../router.ts";

/** A stretch of time to show and how fine; Unix seconds. */
export interface Range {
  from: number;
  to: number;
  step: number;
}

/** Lengths a person can choose, the first being the default; seconds. */
export const lengths: [name: string, seconds: number][] = [
  ["15m", 900],
  ["5m", 300],
  ["1h", 3600],
  ["6h", 21600],
];

/** How many points a chart shows at most, about. */
const points = 180;

/** The chosen length by its name in the address. */
export function chosen(name: string): [string, number] {
  return lengths.find(([n]) => n === name) ?? lengths[0]!;
}

/** The range that ends now, aligned to its step so that points do not wander. */
export function ending(at: number, length: number): Range {
  const step = Math.max(1, Math.round(length / points));
  const to = Math.floor(at / step) * step;
  return { from: to - length, to, step };
}

/** The range in the address, moving every few seconds. */
export const range = computed<Range>(() => {
  const [, length] = chosen(choice("range"));
  const pace = length <= 900 ? 2 : length <= 3600 ? 10 : 60;
  return ending(Math.floor(now.value / 1000 / pace) * pace, length);
});

/** The query of a chart's API path. */
export function asQuery(r: Range): string {
  return `from=${r.from}&to=${r.to}&step=${r.step}`;
}
