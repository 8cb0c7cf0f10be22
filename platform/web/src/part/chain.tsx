import type { TimelineEntry } from "../api/types.ts";
import { clock, span } from "../format.ts";
import { t, word } from "../i18n/index.ts";
import { Icon, type Picture } from "./icon.tsx";
import { reached, steps } from "./steps.ts";

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
