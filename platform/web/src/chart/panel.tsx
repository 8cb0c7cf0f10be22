import type { Resource } from "../api/resource.ts";
import type { Chart, Series } from "../api/types.ts";
import { t } from "../i18n/index.ts";
import { Copy } from "../part/empty.tsx";
import { Icon } from "../part/icon.tsx";
import { Panel } from "../part/panel.tsx";
import { Trouble, Waiting } from "../part/trouble.tsx";
import type { Line } from "./join.ts";
import { Plot, type Level } from "./plot.tsx";
import type { Range } from "./range.ts";

interface Props {
  title: string;
  resource: Resource<Chart>;
  /** API path of the chart, for the link to its JSON. */
  path: string;
  range: Range;
  lines: Line[];
  levels?: Level[];
  ceiling?: number;
  floor?: number | "auto";
  height?: number;
  decades?: boolean;
}

/** A chart in its panel, with the ways to ask for the same elsewhere. */
export function ChartPanel({ title, resource, path, range, lines, levels, ceiling, floor, height, decades = false }: Props) {
  const chart = resource.data;
  return (
    <Panel
      title={title}
      class="chart"
      tools={
        <>
          {chart?.query && <Copy text={chart.query} label={t("chart.query")} words={t("chart.query")} />}
          {chart?.cli && <Copy text={chart.cli} label={t("chart.cli")} words={t("chart.cli")} />}
          <a class="quiet" href={`/api/v1/${path}`} target="_blank" rel="noreferrer" aria-label={`${title}: JSON`}>
            <Icon name="external" size={13} />
            <span>JSON</span>
          </a>
        </>
      }
    >
      {!chart && !resource.error && <Waiting rows={3} />}
      {!chart && resource.error && <Trouble error={resource.error} />}
      {chart && lines.length === 0 && <p class="plot-none">{t("chart.none")}</p>}
      {chart && lines.length > 0 && (
        <Plot
          label={title}
          lines={lines}
          marks={chart.marks ?? []}
          from={range.from}
          to={range.to}
          decades={decades}
          {...(levels ? { levels } : {})}
          {...(ceiling !== undefined ? { ceiling } : {})}
          {...(floor !== undefined ? { floor } : {})}
          {...(height !== undefined ? { height } : {})}
        />
      )}
    </Panel>
  );
}

/** A line of a chart from a series of the API. */
export function lineOf(series: Series, name: string, unit: string, tone: string, fill = false): Line {
  return { name, unit, t: series.t ?? [], v: series.v ?? [], tone, fill };
}
