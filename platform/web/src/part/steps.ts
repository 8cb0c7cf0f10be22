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

/** Entries of one minute. */
export interface Minute {
  at: string;
  entries: TimelineEntry[];
}

/** Entries by minute, oldest first. */
export function byMinute(entries: TimelineEntry[]): Minute[] {
  const minutes: Minute[] = [];
  for (const entry of [...entries].sort((a, b) => Date.parse(a.at) - Date.parse(b.at))) {
    const at = minute(entry.at);
    const last = minutes.at(-1);
    if (last?.at === at) last.entries.push(entry);
    else minutes.push({ at, entries: [entry] });
  }
  return minutes;
}
