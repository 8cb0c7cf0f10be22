import type { Chart, Series } from "../api/types.ts";
import { t } from "../i18n/index.ts";
import type { Line } from "./join.ts";

/** The lines of a service's three charts. */
export interface RedLines {
  rate: Line[];
  errors: Line[];
  latency: Line[];
}

const tones: Record<string, string> = { p50: "p50", p95: "p95", p99: "p99" };

/** Sorts the series of a RED chart by their unit into the three charts. */
export function redLines(chart: Chart | undefined): RedLines {
  const lines: RedLines = { rate: [], errors: [], latency: [] };
  for (const series of chart?.series ?? []) {
    if (series.unit === "ratio") lines.errors.push(line(series, t("red.errors"), "bad", true));
    else if (series.unit === "s") lines.latency.push(line(series, series.name, tones[series.name] ?? "p50"));
    else lines.rate.push(line(series, lines.rate.length === 0 ? t("red.rate") : series.name, lines.rate.length === 0 ? "accent" : "bad", lines.rate.length === 0));
  }
  return lines;
}

function line(series: Series, name: string, tone: string, fill = false): Line {
  return { name, unit: series.unit, t: series.t ?? [], v: series.v ?? [], tone, fill };
}
