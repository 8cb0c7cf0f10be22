import { useEffect, useState } from "preact/hooks";
import { call } from "../api/fetch.ts";
import type { Chart, ServiceSummary } from "../api/types.ts";
import { Sparkline } from "../chart/sparkline.tsx";
import { percent, rate, seconds } from "../format.ts";
import { t } from "../i18n/index.ts";
import { Glyph, HealthTag } from "./health.tsx";
import { BudgetMeter } from "./meter.tsx";

/** Services with their figures, in the order given. */
export function ServiceTable({ services }: { services: ServiceSummary[] }) {
  const charts = useSparks(services.slice(0, 20).map((s) => s.name));
  return (
    <div class="scroll">
      <table class="table services">
        <thead>
          <tr>
            <th>{t("slo.service")}</th>
            <th>{t("overview.health")}</th>
            <th>{t("slo.budgetLeft")}</th>
            <th class="right">{t("red.rate")}</th>
            <th class="minor">{t("overview.trend")}</th>
            <th class="right">{t("red.errors")}</th>
            <th class="right minor">p50</th>
            <th class="right">p95</th>
            <th class="right minor">p99</th>
            <th class="right minor">{t("service.instances")}</th>
          </tr>
        </thead>
        <tbody>
          {services.map((s) => (
            <tr key={s.name}>
              <td class="nowrap">
                <a class="row-link" href={`/services/${encodeURIComponent(s.name)}`}>
                  {s.name}
                </a>
                {s.version && <span class="sub-inline mono minor">{s.version}</span>}
              </td>
              <td class="nowrap">
                <HealthTag health={s.health} />
                {s.incident && (
                  <a class="tag is-bad quiet-link" href={`/incidents/${encodeURIComponent(s.incident)}`}>
                    {t("search.incident")}
                  </a>
                )}
              </td>
              <td>{s.slos > 0 ? <BudgetMeter share={s.worstBudget} /> : <NoObjective service={s.name} />}</td>
              <td class="num right">{rate(s.red.rate)}</td>
              <td class="minor">{charts[s.name] && <Sparkline {...charts[s.name]!} />}</td>
              <td class={`num right ${s.red.errorRatio > 0.018 ? "is-bad tint" : ""}`}>{percent(s.red.errorRatio)}</td>
              <td class="num right minor">{seconds(s.red.p50)}</td>
              <td class="num right">{seconds(s.red.p95)}</td>
              <td class="num right minor">{seconds(s.red.p99)}</td>
              <td class="num right nowrap minor">
                {s.sdk ? s.instances : <span class="faint" title={t("service.noSDK")}>OTel</span>}
                {s.sdk && s.instances === 0 && <Glyph health="bad" />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function NoObjective({ service }: { service: string }) {
  return (
    <a class="faint" href={`/slos/new?service=${encodeURIComponent(service)}`} title={t("newslo.title")}>
      <span class="minor">{t("slo.noneShort")}</span>
      <span class="only-narrow" aria-label={t("slo.noneShort")} role="img">
        –
      </span>
    </a>
  );
}

interface Spark {
  values: (number | null)[];
  errors?: (number | null)[];
}

const pace = 10_000; // ms between refreshes of the small lines

/** The last five minutes of rate, and of errors on the same scale, by service. */
function useSparks(names: string[]): Record<string, Spark> {
  const [sparks, setSparks] = useState<Record<string, Spark>>({});
  const key = names.join("\n");
  useEffect(() => {
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      if (document.hidden) return;
      const to = Math.floor(Date.now() / 5000) * 5;
      const found: Record<string, Spark> = {};
      for (const name of key.split("\n").filter(Boolean)) {
        try {
          const chart = await call<Chart>("GET", `services/${encodeURIComponent(name)}/red?from=${to - 300}&to=${to}&step=5`, undefined, abort.signal);
          found[name] = sparkOf(chart);
        } catch {
          if (abort.signal.aborted) return;
        }
      }
      setSparks(found);
    };
    void ask();
    const timer = setInterval(() => void ask(), pace);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [key]);
  return sparks;
}

function sparkOf(chart: Chart): Spark {
  const series = chart.series ?? [];
  const total = series.find((s) => s.unit !== "ratio" && s.unit !== "s");
  const ratio = series.find((s) => s.unit === "ratio");
  const values = total?.v ?? [];
  if (!ratio) return { values };
  return { values, errors: values.map((v, i) => (v === null ? null : v * (ratio.v?.[i] ?? 0))) };
}
