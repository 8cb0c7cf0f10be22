import type { Edge, Graph, Node } from "../api/types.ts";
import { attained, percent, rate, seconds } from "../format.ts";
import { t, word } from "../i18n/index.ts";
import { policyHealth } from "../part/health.tsx";
import { curve } from "./curve.ts";
import { layOut, type Sizes } from "./layout.ts";

const margin = 14;

/** Sizes for a wide screen, and for one as narrow as a phone. */
export function sizesFor(available: number): Sizes {
  return available < 760
    ? { width: 150, height: 76, layerGap: 84, nodeGap: 20, down: true }
    : { width: 184, height: 80, layerGap: 168, nodeGap: 76, down: false };
}

interface Props {
  graph: Graph;
  available: number;
  chosen: string;
  choose: (name: string) => void;
}

/** The name of a call among the choices of the address. */
export function edgeName(edge: { from: string; to: string }): string {
  return `${edge.from}→${edge.to}`;
}

/** The service map. */
export function Drawing({ graph, available, chosen, choose }: Props) {
  const nodes = graph.nodes ?? [];
  const edges = graph.edges ?? [];
  const sizes = sizesFor(available);
  const layout = layOut({ nodes: nodes.map((n) => n.name), edges }, sizes);
  const backward = edges.some((e) => (layout.nodes.get(e.to)?.layer ?? 0) <= (layout.nodes.get(e.from)?.layer ?? 0));
  const extra = backward ? 40 : 0;
  const width = layout.width + 2 * margin + (sizes.down ? extra : 0);
  const height = layout.height + 2 * margin + (sizes.down ? 0 : extra);
  const busiest = Math.max(1, ...edges.map((e) => e.red.rate));
  const scale = Math.min(1.15, Math.max(0.62, (available - 2) / width));
  return (
    <svg class="map" width={width * scale} height={height * scale} viewBox={`${-margin} ${-margin} ${width} ${height}`} role="group" aria-label={t("map.label", { nodes: nodes.length, edges: edges.length })}>
      <defs>
        {(["good", "warn", "bad", "unknown"] as const).map((health) => (
          <marker key={health} id={`head-${health}`} class={`head is-${health}`} viewBox="0 0 8 8" refX="1" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
            <path d="M0 .5 8 4 0 7.5z" />
          </marker>
        ))}
      </defs>
      {edges.map((edge) => (
        <Call key={edgeName(edge)} edge={edge} edges={edges} layout={layout} sizes={sizes} busiest={busiest} chosen={chosen === edgeName(edge)} choose={choose} />
      ))}
      {nodes.map((node) => (
        <Box key={node.name} node={node} layout={layout} sizes={sizes} chosen={chosen === node.name} choose={choose} />
      ))}
    </svg>
  );
}

type Laid = ReturnType<typeof layOut>;

function press(event: KeyboardEvent, act: () => void): void {
  if (event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  act();
}

function Box({ node, layout, sizes, chosen, choose }: { node: Node; layout: Laid; sizes: Sizes; chosen: boolean; choose: (name: string) => void }) {
  const at = layout.nodes.get(node.name);
  if (!at) return null;
  const { width, height } = sizes;
  // What is read aloud begins with what is seen, so that speech input finds it.
  const state = node.external ? t("map.external") : word("health", node.health);
  const label = `${node.name} ${attained(node.attainment)} ${state} ${rate(node.red.rate)} p95 ${seconds(node.red.p95)}, ${t("red.errors")} ${percent(node.red.errorRatio)}, ${word("health", node.health)}`;
  return (
    <g
      class={`box is-${node.health} ${chosen ? "chosen" : ""} ${node.external ? "external" : ""}`}
      transform={`translate(${at.x} ${at.y})`}
      role="button"
      tabIndex={0}
      aria-label={label}
      aria-pressed={chosen}
      onClick={() => choose(node.name)}
      onKeyDown={(event) => press(event, () => choose(node.name))}
    >
      <rect class="box-body" width={width} height={height} rx="7" />
      <rect class="box-wash" x="0.75" y="0.75" width={width - 1.5} height={height - 1.5} rx="6.5" />
      <g class="box-shape" transform="translate(12 15)">
        {node.health === "good" && <circle cx="5" cy="5" r="4.5" />}
        {node.health === "warn" && <path d="M5 0 10 9.5H0z" />}
        {node.health === "bad" && <rect width="10" height="10" />}
        {node.health === "unknown" && <circle class="hollow" cx="5" cy="5" r="4" />}
      </g>
      <text class="box-name" x="29" y="24.5">
        {short(node.name, sizes.down ? 14 : 18)}
      </text>{" "}
      <text class="box-figure" x="12" y="46">
        {attained(node.attainment)}{" "}
        <tspan class="box-word" dx="4">
          {state}
        </tspan>
      </text>{" "}
      <text class="box-small" x="12" y="65">
        {rate(node.red.rate)}{" "}
        <tspan dx="5">p95 {seconds(node.red.p95)}</tspan>
      </text>
    </g>
  );
}

function Call({ edge, edges, layout, sizes, busiest, chosen, choose }: { edge: Edge; edges: Edge[]; layout: Laid; sizes: Sizes; busiest: number; chosen: boolean; choose: (name: string) => void }) {
  const from = layout.nodes.get(edge.from);
  const to = layout.nodes.get(edge.to);
  if (!from || !to || from === to) return null;
  const axis = sizes.down ? "x" : "y";
  const leaving = edges.filter((e) => e.from === edge.from).sort((a, b) => (layout.nodes.get(a.to)?.[axis] ?? 0) - (layout.nodes.get(b.to)?.[axis] ?? 0));
  const arriving = edges.filter((e) => e.to === edge.to).sort((a, b) => (layout.nodes.get(a.from)?.[axis] ?? 0) - (layout.nodes.get(b.from)?.[axis] ?? 0));
  const line = curve(from, to, sizes, share(leaving.indexOf(edge), leaving.length), share(arriving.indexOf(edge), arriving.length));
  const weight = 1.2 + 2.6 * (Math.log1p(edge.red.rate) / Math.log1p(busiest));
  const breaker = edge.breaker && edge.breaker !== "closed" ? edge.breaker : "";
  const name = edgeName(edge);
  const first = `${rate(edge.red.rate)}`;
  const second = `${percent(edge.red.errorRatio)} · ${seconds(edge.red.p95)}`;
  const third = breaker ? `${t("map.breaker")} ${word("policyState", breaker)}` : "";
  const label = `${edge.from} → ${edge.to}, ${word("health", edge.health)}: ${first} ${second} ${third}`;
  const half = Math.max(first.length * 3.5, second.length * 3.2, third.length * 3.4 + 8) + 7;
  const tall = third ? 46 : 31;
  return (
    <g class={`call is-${edge.health} ${chosen ? "chosen" : ""} ${breaker ? "cut" : ""}`} role="button" tabIndex={0} aria-label={label} aria-pressed={chosen} onClick={() => choose(name)} onKeyDown={(event) => press(event, () => choose(name))}>
      <path class="call-hit" d={line.path} />
      <path class="call-line" d={line.path} stroke-width={weight} marker-end={`url(#head-${edge.health})`} />
      <g transform={`translate(${line.x} ${line.y})`}>
        <rect class="call-plate" x={-half} y={-tall / 2} width={2 * half} height={tall} rx="5" />
        <text class="call-rate" y={-tall / 2 + 13}>
          {first}
        </text>{" "}
        <text class="call-more" y={-tall / 2 + 25.5}>
          {second}
        </text>{" "}
        {third && (
          <text class={`call-breaker is-${policyHealth(breaker)}`} y={-tall / 2 + 39}>
            {third}
          </text>
        )}
      </g>
    </g>
  );
}

/** Places n ends along the middle half of a side. */
function share(i: number, n: number): number {
  return n <= 1 || i < 0 ? 0.5 : 0.28 + (0.44 * i) / (n - 1);
}

function short(name: string, most: number): string {
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}
