/** A stretch of time to show and how fine; Unix seconds. */
export interface Range {
  from: number;
  to: number;
  step: number;
}

/** A length of time by its name in the address; seconds. */
export type Length = [name: string, seconds: number];

const all: Length[] = [
  ["5m", 300],
  ["15m", 900],
  ["1h", 3600],
  ["6h", 21_600],
  ["1d", 86_400],
  ["7d", 604_800],
  ["30d", 2_592_000],
];

/** What a person can choose among, and what is shown unasked. */
export interface Choices {
  lengths: Length[];
  usual: Length;
}

/** For the figures of a service, which the server keeps for a quarter of an hour. */
export const recent: Choices = { lengths: all.slice(0, 2), usual: all[0]! };

/** For an objective: up to its window, unasked a quarter of it. */
export function within(window: number): Choices {
  const lengths = all.filter(([, seconds], i) => i < 2 || seconds <= window);
  const usual = lengths.findLast(([, seconds]) => seconds <= window / 4) ?? lengths[0]!;
  return { lengths, usual };
}

/** The length with the name, or the usual one. */
export function chosen(name: string, choices: Choices): Length {
  return choices.lengths.find(([n]) => n === name) ?? choices.usual;
}

/** How many points a chart shows at most, about. */
const points = 180;

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
