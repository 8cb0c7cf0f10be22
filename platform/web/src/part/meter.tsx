import { budget as budgetText } from "../format.ts";
import { t } from "../i18n/index.ts";
import { budgetHealth } from "./health.tsx";

/** How much of an error budget is left, as a bar with its figure. */
export function BudgetMeter({ share, wide = false }: { share: number | undefined; wide?: boolean }) {
  const left = share === undefined ? 0 : Math.min(1, Math.max(0, share));
  return (
    <span class={`meter is-${budgetHealth(share)}${wide ? " wide" : ""}${share !== undefined && share < 0 ? " overspent" : ""}`}>
      <span class="meter-track" aria-hidden="true">
        <span class="meter-fill" style={{ width: `${left * 100}%` }} />
      </span>
      <span class="meter-figure num" title={t("slo.budgetLeft")}>
        {budgetText(share)}
      </span>
    </span>
  );
}
