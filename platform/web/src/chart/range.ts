/** A stretch of time to show and how fine; Unix seconds. */
export interface Range {
  from: number;
  to: number;
  step: number;
}

/** Lengths a person can choose; seconds. */
export const lengths: [name: string, seconds: number][] = [
  ["5m", 300],
  ["15m", 900],
  ["1h", 3600],
  ["6h", 21600],
];

/** How many points a chart shows at most, about. */
const points = 180;

/** The name of the length that is shown when none is chosen. */
export const usual = "15m";

/** The chosen length by its name in the address. */
export function chosen(name: string): [string, number] {
  return lengths.find(([n]) => n === name) ?? lengths.find(([n]) => n === usual)!;
}

/** The range that ends now, aligned to its step so that points do not wander. */
export function ending(at: number, length: number): Range {
  const step = Math.max(1, Math.round(length / points));
  const to = Math.floor(at / step) * step;
  return { from: to - length, to, step };
}

/** The query of a chart's API path. */
export function asQuery(r: Range): string {
  return `from=${r.from}&to=${r.to}&step=${r.step}`;
}
