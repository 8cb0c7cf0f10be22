import type { SLOStatus } from "../api/types.ts";
import { attained, burn, count, goDuration } from "../format.ts";
import { t } from "../i18n/index.ts";
import { BurningTag } from "./burning.tsx";
import { BudgetMeter } from "./meter.tsx";

/** Objectives in the order given; brief leaves out what a detail shows. */
export function SLOTable({ slos, brief = false }: { slos: SLOStatus[]; brief?: boolean }) {
  return (
    <div class="scroll">
      <table class="table">
        <thead>
          <tr>
            <th>{t("slo.objective")}</th>
            {!brief && <th class="minor">{t("slo.service")}</th>}
            <th class="right minor">{t("slo.target")}</th>
            <th class="right minor">{t("slo.attainment")}</th>
            <th>{t("slo.budgetLeft")}</th>
            <th class="right">{t("slo.burn")}</th>
            {!brief && <th class="right minor">{t("slo.window")}</th>}
            {!brief && <th class="right minor">{t("slo.events")}</th>}
            <th>{t("slo.state")}</th>
          </tr>
        </thead>
        <tbody>
          {slos.map((s) => (
            <tr key={s.name} class={s.burning === "yes" ? "row-bad" : ""}>
              <td>
                <a class="row-link" href={`/slos/${encodeURIComponent(s.name)}`}>
                  {s.displayName || s.name}
                </a>
                {brief ? <span class="sub">{s.service}</span> : s.displayName && s.displayName !== s.name && <span class="sub mono">{s.name}</span>}
              </td>
              {!brief && (
                <td class="minor">
                  <a href={`/services/${encodeURIComponent(s.service)}`}>{s.service}</a>
                </td>
              )}
              <td class="num right minor">{attained(s.target)}</td>
              <td class="num right minor">{attained(s.attainment)}</td>
              <td>
                <BudgetMeter share={s.budget} />
              </td>
              <td class="num right">{burn(s.burn)}</td>
              {!brief && <td class="num right nowrap minor">{goDuration(s.window)}</td>}
              {!brief && <td class="num right minor">{count(s.total)}</td>}
              <td class="nowrap">
                <BurningTag slo={s} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
