/** One line of a chart. */
export interface Line {
  name: string;
  unit: string;
  t: number[];
  v: (number | null)[];
  tone: string; // name of a CSS colour variable without the dashes
  fill?: boolean;
}

/** Times, then one column of values a line. */
export type Joined = [number[], ...(number | null)[][]];

/** Puts lines on one axis of time; where a line has no value the column holds null. */
export function joined(lines: Line[]): Joined {
  const times = [...new Set(lines.flatMap((line) => line.t))].sort((a, b) => a - b);
  const place = new Map(times.map((t, i) => [t, i]));
  const columns = lines.map((line) => {
    const column = new Array<number | null>(times.length).fill(null);
    for (const [i, t] of line.t.entries()) column[place.get(t)!] = line.v[i] ?? null;
    return column;
  });
  return [times, ...columns];
}
