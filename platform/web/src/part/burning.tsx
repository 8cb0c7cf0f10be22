import type { Health, SLOStatus } from "../api/types.ts";
import { t, word } from "../i18n/index.ts";
import { Glyph } from "./health.tsx";

/** Whether an objective burns, with shape and word; spent says that nothing is left. */
export function BurningTag({ slo }: { slo: SLOStatus }) {
  const spent = slo.burning === "no" && slo.budget !== undefined && slo.budget <= 0;
  const health: Health = slo.burning === "yes" ? "bad" : slo.burning === "unknown" ? "unknown" : spent ? "warn" : "good";
  return (
    <span class={`tag is-${health}`} title={slo.problem}>
      <Glyph health={health} />
      {spent ? t("slo.spent") : word("burning", slo.burning)}
    </span>
  );
}
