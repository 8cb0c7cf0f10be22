import type { TimelineEntry } from "../api/types.ts";
import { minute } from "../format.ts";

/** The steps of an incident in their order. */
export const steps = ["signal", "verdict", "cause", "action", "recovery"] as const;

/** When each step of the chain was first reached, in ms. */
export function reached(timeline: TimelineEntry[]): Map<string, number> {
  const first = new Map<string, number>();
  for (const entry of timeline) {
    const at = Date.parse(entry.at);
    if (!first.has(entry.step) || at < first.get(entry.step)!) first.set(entry.step, at);
  }
  return first;
}

/** One line of the told chain: an entry, or a run of signals between two others. */
export type Told = { entry: TimelineEntry; last: boolean } | { folded: TimelineEntry[] };

/** What is told of one minute. */
export interface Minute {
  at: string;
  told: Told[];
}

const most = 3; // signals in a row that are told one by one
const soon = 2000; // ms within which a planned action that was carried out is one entry

/**
 * The chain by minute, oldest first. A breaker that flaps must not bury the rest:
 * of a long run of signals the first and the last are told, the others folded.
 * Of an action that was planned and carried out at once only the latter is told.
 */
export function byMinute(entries: TimelineEntry[]): Minute[] {
  const sorted = settled([...entries].sort((a, b) => Date.parse(a.at) - Date.parse(b.at)));
  const lastOf = new Map(sorted.filter((e) => e.action).map((e) => [e.action, e]));
  const minutes: Minute[] = [];
  let run: TimelineEntry[] = [];
  const tell = (at: string, told: Told): void => {
    const last = minutes.at(-1);
    if (last?.at === at) last.told.push(told);
    else minutes.push({ at, told: [told] });
  };
  const flush = (): void => {
    const [first, ...rest] = run;
    run = [];
    if (!first) return;
    const at = minute(first.at);
    tell(at, { entry: first, last: false });
    const end = rest.pop();
    if (rest.length > most - 2) tell(at, { folded: rest });
    else for (const entry of rest) tell(at, { entry, last: false });
    if (end) tell(at, { entry: end, last: false });
  };
  for (const entry of sorted) {
    if (entry.step === "signal" && (run.length === 0 || minute(run[0]!.at) === minute(entry.at))) {
      run.push(entry);
      continue;
    }
    flush();
    if (entry.step === "signal") run.push(entry);
    else tell(minute(entry.at), { entry, last: entry.action !== undefined && lastOf.get(entry.action) === entry });
  }
  flush();
  return minutes;
}

/** Without entries of an action that the next entry of the same action overtakes at once. */
function settled(sorted: TimelineEntry[]): TimelineEntry[] {
  return sorted.filter((entry, i) => {
    if (!entry.action || (entry.evidence ?? []).length > 0) return true;
    const next = sorted.slice(i + 1).find((e) => e.action === entry.action);
    return !next || Date.parse(next.at) - Date.parse(entry.at) > soon;
  });
}
