import uPlot from "uplot";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Mark } from "../api/types.ts";
import { clock, day, figure } from "../format.ts";
import { palette } from "../theme.ts";
import { joined, type Joined, type Line } from "./join.ts";

/** A level drawn across the chart, such as the safe line of a burn rate. */
export interface Level {
  at: number;
  words: string;
  tone: string;
}

interface Props {
  label: string; // for readers of the screen
  lines: Line[];
  marks?: Mark[];
  levels?: Level[];
  height?: number;
  /** The least that the upper end of the scale shows. */
  ceiling?: number;
  /** Lower end; default 0. */
  floor?: number | "auto";
  /** Spreads small values and presses large ones together (inverse hyperbolic sine), for values that span decades. */
  decades?: boolean;
  /** The range asked for, in Unix seconds, so that missing data shows as a gap. */
  from?: number;
  to?: number;
}

/** One chart over time, with a legend that follows the cursor. */
export function Plot({ label, lines, marks = [], levels = [], height = 150, ceiling = 0, floor = 0, decades = false, from, to }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const latest = useRef<{ marks: Mark[]; levels: Level[]; from?: number | undefined; to?: number | undefined; ceiling: number; floor: number | "auto" }>({ marks, levels, ceiling, floor });
  latest.current = { marks, levels, from, to, ceiling, floor };
  const [cursor, setCursor] = useState<number | null>(null);
  const data = joined(lines);
  const shape = lines.map((l) => `${l.name}|${l.unit}|${l.tone}|${l.fill ?? ""}`).join();

  useEffect(() => {
    const element = host.current!;
    const u = new uPlot(options(element, lines, height, decades, latest, setCursor), data as uPlot.AlignedData, element);
    plot.current = u;
    const watch = new ResizeObserver(() => {
      if (element.clientWidth > 0) u.setSize({ width: element.clientWidth, height });
    });
    watch.observe(element);
    return () => {
      watch.disconnect();
      u.destroy();
      plot.current = undefined;
    };
  }, [shape, height, palette.value]);

  useEffect(() => {
    plot.current?.setData(data as uPlot.AlignedData);
  }, [data]);

  const at = cursor ?? lastFilled(data);
  const mark = cursor === null ? undefined : near(marks, data[0], cursor);
  return (
    <figure class="plot">
      <figcaption class="legend">
        {lines.map((line, i) => (
          <span key={line.name} class="legend-item">
            <i class="legend-line" style={{ background: `var(--${line.tone})` }} />
            <span>{line.name}</span>
            <b class="num">{figure(data[i + 1]?.[at] ?? NaN, line.unit).replace("NaN", "–")}</b>
          </span>
        ))}
        {mark && <span class="legend-mark">{mark.text}</span>}
        {cursor !== null && data[0][cursor] !== undefined && <span class="legend-time num">{clock(data[0][cursor]! * 1000)}</span>}
      </figcaption>
      <div ref={host} class="plot-area" style={{ height: `${height}px` }} role="img" aria-label={spoken(label, lines, data)} />
    </figure>
  );
}

function lastFilled(data: Joined): number {
  for (let i = data[0].length - 1; i >= 0; i--) {
    if (data.slice(1).some((column) => column[i] !== null && column[i] !== undefined)) return i;
  }
  return -1;
}

/** The mark beside the cursor: within a fiftieth of the chart. */
function near(marks: Mark[], times: number[], cursor: number): Mark | undefined {
  const at = times[cursor] ?? 0;
  const reach = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 50;
  const close = marks.filter((m) => Math.abs(m.t - at) <= reach);
  return close.sort((a, b) => Math.abs(a.t - at) - Math.abs(b.t - at))[0];
}

function spoken(label: string, lines: Line[], data: Joined): string {
  const at = lastFilled(data);
  const figures = lines.map((line, i) => `${line.name} ${figure(data[i + 1]?.[at] ?? NaN, line.unit)}`);
  return at < 0 ? label : `${label}: ${figures.join(", ")}`;
}

/** Labels of a scale that spans decades. */
function powers(most: number): number[] {
  const found = [0, 1];
  for (let power = 10; power <= most; power *= 10) found.push(power);
  if (found.length < 4) for (const extra of [3, 30]) if (extra <= most) found.push(extra);
  return found.sort((a, b) => a - b);
}

/** Distances between labels of time, in seconds. */
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 345600, 604800];

function options(
  element: HTMLElement,
  lines: Line[],
  height: number,
  decades: boolean,
  latest: { current: { marks: Mark[]; levels: Level[]; from?: number | undefined; to?: number | undefined; ceiling: number; floor: number | "auto" } },
  setCursor: (at: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  // A canvas does not know light-dark(): let the browser work the colour out on an element.
  const probe = element.appendChild(document.createElement("i"));
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const unit = lines[0]?.unit ?? "";
  const font = `11px ${style.getPropertyValue("--sans")}`;
  return {
    width: element.clientWidth || 400,
    height,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false }, sync: { key: "time", setSeries: false } },
    scales: {
      x: { time: true, range: (_u, min, max) => [latest.current.from ?? min, latest.current.to ?? max] },
      y: {
        ...(decades ? { distr: 4 as const, asinh: 1 } : {}),
        range: (_u, min, max) => {
          const low = latest.current.floor === "auto" ? Math.min(min ?? 0, 0) : latest.current.floor;
          const high = Math.max(max ?? 0, latest.current.ceiling);
          return [low, high > low ? high + (high - low) * 0.06 : low + 1];
        },
      },
    },
    axes: [
      {
        stroke: colour("faint"),
        font,
        grid: { show: false },
        ticks: { stroke: colour("rule"), width: 1, size: 4 },
        gap: 4,
        size: 26,
        space: 56,
        incrs: steps,
        values: (_u, splits, _axis, _space, step) => splits.map((s) => (step >= 86400 ? day(s * 1000).slice(5) : step < 60 ? clock(s * 1000) : clock(s * 1000).slice(0, 5))),
      },
      {
        stroke: colour("faint"),
        font,
        grid: { stroke: colour("grid"), width: 1 },
        ticks: { show: false },
        gap: 6,
        size: 58,
        space: 34,
        ...(decades ? { splits: (u: uPlot) => powers(u.scales.y?.max ?? 10) } : {}),
        values: (_u, splits) => splits.map((s) => figure(s, unit)),
      },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.name,
        stroke: colour(line.tone),
        width: 1.5,
        points: { show: false },
        spanGaps: false,
        ...(line.fill ? { fill: `color-mix(in srgb, ${colour(line.tone)} 14%, transparent)` } : {}),
      })),
    ],
    hooks: {
      setCursor: [(u) => setCursor(u.cursor.idx ?? null)],
      drawClear: [(u) => drawLevels(u, latest.current.levels, colour, font)],
      draw: [(u) => drawMarks(u, latest.current.marks, colour)],
    },
  };
}

function drawLevels(u: uPlot, levels: Level[], colour: (name: string) => string, font: string): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.font = font.replace("11px", `${11 * devicePixelRatio}px`);
  ctx.textBaseline = "bottom";
  ctx.textAlign = "left";
  for (const level of levels) {
    const y = u.valToPos(level.at, "y", true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.strokeStyle = ctx.fillStyle = colour(level.tone);
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillText(level.words, bbox.left + 5 * devicePixelRatio, y - 2 * devicePixelRatio);
  }
  ctx.restore();
}

const markTone: Record<string, string> = { incident: "bad", verdict: "bad", cause: "bad", action: "accent", recovery: "good", signal: "warn" };

function drawMarks(u: uPlot, marks: Mark[], colour: (name: string) => string): void {
  const { ctx, bbox } = u;
  ctx.save();
  for (const mark of marks) {
    const x = Math.round(u.valToPos(mark.t, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = ctx.fillStyle = colour(markTone[mark.kind] ?? "faint");
    ctx.globalAlpha = 0.55;
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.beginPath();
    const size = 4 * devicePixelRatio;
    ctx.moveTo(x - size, bbox.top - size);
    ctx.lineTo(x + size, bbox.top - size);
    ctx.lineTo(x, bbox.top + size);
    ctx.fill();
  }
  ctx.restore();
}
