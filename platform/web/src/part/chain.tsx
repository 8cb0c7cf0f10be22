import type { TimelineEntry } from "../api/types.ts";
import { clock, span } from "../format.ts";
import { t, word } from "../i18n/index.ts";
import { Icon, type Picture } from "./icon.tsx";

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

/** The chain in one row: what has been reached, and how long after the first signal. */
export function Chain({ timeline, open }: { timeline: TimelineEntry[]; open: boolean }) {
  const first = reached(timeline);
  const start = Math.min(...first.values());
  const next = open ? steps.find((step) => !first.has(step)) : undefined;
  return (
    <ol class="chain" aria-label={t("incident.chain")}>
      {steps.map((step) => {
        const at = first.get(step);
        const state = at !== undefined ? "reached" : step === next ? "next" : "ahead";
        return (
          <li key={step} class={`chain-step ${state} step-${step}`} aria-current={step === next ? "step" : undefined}>
            <span class="chain-dot">
              <Icon name={step as Picture} size={15} />
            </span>
            <span class="chain-words">
              <span class="chain-name">{word("step", step)}</span>
              <span class="chain-time num">
                {at === undefined ? (step === next ? t("incident.next") : "–") : at === start ? clock(at) : `+${span((at - start) / 1000)}`}
              </span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}
