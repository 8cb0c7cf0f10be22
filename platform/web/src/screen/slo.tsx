import { useMemo } from "preact/hooks";
import { useResource } from "../api/resource.ts";
import type { BurnWindow, Chart, SLOStatus } from "../api/types.ts";
import type { ScreenProps } from "../app.tsx";
import type { Level } from "../chart/plot.tsx";
import { ChartPanel, lineOf } from "../chart/panel.tsx";
import { asQuery, within } from "../chart/range.ts";
import { RangeChoice } from "../chart/rangechoice.tsx";
import { useRange } from "../chart/shown.ts";
import { attained, budget, burn, count, goDuration, goSeconds, percent } from "../format.ts";
import { t, word } from "../i18n/index.ts";
import { BurningTag } from "../part/burning.tsx";
import { Copy } from "../part/empty.tsx";
import { BudgetMeter } from "../part/meter.tsx";
import { budgetHealth, Glyph } from "../part/health.tsx";
import { Panel } from "../part/panel.tsx";
import { Trouble, Waiting } from "../part/trouble.tsx";

/** One objective: its budget over time and how fast it burns. */
export function SLOScreen({ id }: ScreenProps) {
  const base = `slos/${encodeURIComponent(id)}`;
  const slo = useResource<SLOStatus>(base);
  const choices = useMemo(() => within(goSeconds(slo.data?.window ?? "") ?? 3600), [slo.data?.window]);
  const r = useRange(choices);
  const budgetPath = `${base}/budget?${asQuery(r)}`;
  const burnPath = `${base}/burn?${asQuery(r)}`;
  const budgetChart = useResource<Chart>(budgetPath, 60);
  const burnChart = useResource<Chart>(burnPath, 60);
  const data = slo.data;
  if (!data) return <div class="screen">{slo.error ? <Trouble error={slo.error} /> : <Waiting rows={8} />}</div>;
  const windows = data.windows ?? [];
  const page = windows.filter((w) => w.severity === "page").map((w) => w.factor);
  const levels: Level[] = [
    { at: 1, words: t("slo.safeLine"), tone: "good" },
    ...(page.length > 0 ? [{ at: Math.min(...page), words: t("slo.pageLine", { factor: burn(Math.min(...page)) }), tone: "bad" }] : []),
  ];
  const shortest = [...windows].sort((a, b) => (goSeconds(a.long) ?? 0) - (goSeconds(b.long) ?? 0))[0]?.long;
  const spent = data.budget === undefined ? undefined : 1 - data.budget;
  return (
    <div class="screen">
      <header class="title">
        <p class="crumbs">
          <a href="/slos">{t("nav.slos")}</a> / <a href={`/services/${encodeURIComponent(data.service)}`}>{data.service}</a>
        </p>
        <div class="title-row">
          <h1>{data.displayName || data.name}</h1>
          <BurningTag slo={data} />
        </div>
        {data.description && <p class="lede">{data.description}</p>}
      </header>
      {data.problem && (
        <p class="notice" role="status">
          {t("slo.problem")}: {data.problem}
        </p>
      )}
      <dl class="figures">
        <div>
          <dt>{t("slo.target")}</dt>
          <dd class="num">{attained(data.target)}</dd>
          <dd class="figures-note">{t("slo.over", { window: goDuration(data.window) })}</dd>
        </div>
        <div>
          <dt>{t("slo.attainment")}</dt>
          <dd class="num">{attained(data.attainment)}</dd>
          <dd class="figures-note num">{t("slo.goodOf", { good: count(data.good), total: count(data.total) })}</dd>
        </div>
        <div class={`is-${budgetHealth(data.budget)}`}>
          <dt>{t("slo.budgetLeft")}</dt>
          <dd class="num strong">{budget(data.budget)}</dd>
          <dd class="figures-note">
            <BudgetMeter share={data.budget} />
          </dd>
        </div>
        <div>
          <dt>{t("slo.burn")}</dt>
          <dd class="num">{burn(data.burn)}</dd>
          <dd class="figures-note">{burnWords(data, spent)}</dd>
        </div>
      </dl>
      <RangeChoice choices={choices} />
      <div class="columns even">
        <ChartPanel
          title={t("slo.budgetCurve")}
          resource={budgetChart}
          path={budgetPath}
          range={r}
          lines={(budgetChart.data?.series ?? []).slice(0, 1).map((s) => lineOf(s, t("slo.budgetLeft"), "budget", "accent", true))}
          levels={[{ at: 0, words: t("slo.spentLine"), tone: "bad" }]}
          ceiling={1}
          floor="auto"
          height={200}
        />
        <ChartPanel
          title={t("slo.burnCurve")}
          resource={burnChart}
          path={burnPath}
          range={r}
          lines={(burnChart.data?.series ?? []).slice(0, 1).map((s) => lineOf(s, shortest ? t("slo.burnOver", { window: goDuration(shortest) }) : t("slo.burn"), "x", "warn"))}
          levels={levels}
          ceiling={2}
          decades
          height={200}
        />
      </div>
      <Panel title={t("slo.windows")} note={t("slo.windowsNote")} flush>
        <div class="scroll" tabIndex={0}>
          <table class="table">
            <thead>
              <tr>
                <th>{t("slo.severity")}</th>
                <th>{t("slo.long")}</th>
                <th>{t("slo.short")}</th>
                <th class="right">{t("slo.fires")}</th>
                <th class="right">{t("slo.longRate")}</th>
                <th class="right">{t("slo.shortRate")}</th>
                <th>{t("slo.answer")}</th>
              </tr>
            </thead>
            <tbody>
              {windows.map((w) => (
                <WindowRow key={`${w.severity}${w.long}`} window={w} />
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
      {data.document && (
        <Panel title={t("slo.document")} tools={<Copy text={data.document} label={t("copy")} words={t("copy")} />}>
          <pre class="document" tabIndex={0}>
            {data.document.trim()}
          </pre>
        </Panel>
      )}
    </div>
  );
}

function burnWords(slo: SLOStatus, spent: number | undefined): string {
  if (slo.burn === undefined || spent === undefined) return t("slo.noData");
  if (slo.burn > 1) return t("slo.tooFast");
  return spent > 0 ? t("slo.spentSoFar", { share: percent(spent) }) : t("slo.untouched");
}

function WindowRow({ window: w }: { window: BurnWindow }) {
  return (
    <tr class={w.answer === "yes" ? "row-bad" : ""}>
      <td>{word("severity", w.severity)}</td>
      <td class="num">{goDuration(w.long)}</td>
      <td class="num">{goDuration(w.short)}</td>
      <td class="num right">≥ {burn(w.factor)}</td>
      <td class="num right">
        <Rate value={w.longRate} factor={w.factor} />
      </td>
      <td class="num right">
        <Rate value={w.shortRate} factor={w.factor} />
      </td>
      <td>
        <Glyph health={w.answer === "yes" ? "bad" : w.answer === "no" ? "good" : "unknown"} /> {word("burning", w.answer)}
      </td>
    </tr>
  );
}

function Rate({ value, factor }: { value: number | undefined; factor: number }) {
  return <span class={value !== undefined && value >= factor ? "is-bad tint" : ""}>{burn(value)}</span>;
}
