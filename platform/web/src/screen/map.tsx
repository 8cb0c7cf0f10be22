import { useEffect, useRef, useState } from "preact/hooks";
import { useResource } from "../api/resource.ts";
import type { Edge, Graph, Node } from "../api/types.ts";
import type { ScreenProps } from "../app.tsx";
import { attained, percent, rate, seconds } from "../format.ts";
import { t, word } from "../i18n/index.ts";
import { Drawing, edgeName } from "../map/drawing.tsx";
import { Empty } from "../part/empty.tsx";
import { Glyph, HealthTag, policyHealth } from "../part/health.tsx";
import { Panel } from "../part/panel.tsx";
import { Trouble, Waiting } from "../part/trouble.tsx";
import { choice, go, withChoices } from "../router.ts";

/** The service map of the last minute, coloured by attainment. */
export function MapScreen(_: ScreenProps) {
  const { data, error } = useResource<Graph>("topology");
  const host = useRef<HTMLDivElement>(null);
  const [available, setAvailable] = useState(0);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setAvailable(entry!.contentRect.width));
    watch.observe(host.current!);
    return () => watch.disconnect();
  }, []);
  const chosen = choice("at");
  const nodes = data?.nodes ?? [];
  const edges = data?.edges ?? [];
  const choose = (name: string): void => go(withChoices({ at: name === chosen ? "" : name }), true);
  const node = nodes.find((n) => n.name === chosen);
  const edge = edges.find((e) => edgeName(e) === chosen);
  return (
    <div class="screen map-screen">
      <header class="title">
        <div class="title-row">
          <h1>{t("nav.map")}</h1>
          <Legend />
        </div>
      </header>
      <div class="map-host" ref={host}>
        {!data && (error ? <Trouble error={error} /> : <Waiting rows={6} />)}
        {data && nodes.length === 0 && (
          <Empty title={t("map.none")} commands={["backstay dev", `OTEL_EXPORTER_OTLP_ENDPOINT=http://${location.hostname}:4318 your-service`]}>
            {t("map.noneText")}
          </Empty>
        )}
        {data && nodes.length > 0 && available > 0 && <Drawing graph={data} available={available} chosen={chosen} choose={choose} />}
      </div>
      {node && <NodeCard node={node} edges={edges} />}
      {edge && <EdgeCard edge={edge} />}
      {edges.length > 0 && (
        <Panel title={t("map.calls")} note={t("map.callsNote")} flush>
          <div class="scroll">
            <table class="table">
              <thead>
                <tr>
                  <th>{t("map.call")}</th>
                  <th>{t("overview.health")}</th>
                  <th class="right">{t("red.rate")}</th>
                  <th class="right">{t("red.errors")}</th>
                  <th class="right">p50</th>
                  <th class="right">p95</th>
                  <th class="right">p99</th>
                  <th>{t("map.breaker")}</th>
                </tr>
              </thead>
              <tbody>
                {edges.map((e) => (
                  <tr key={edgeName(e)} class={edgeName(e) === chosen ? "row-chosen" : ""}>
                    <td class="nowrap">
                      <a href={`/services/${encodeURIComponent(e.from)}`}>{e.from}</a> <span class="faint">→</span> <a href={`/services/${encodeURIComponent(e.to)}`}>{e.to}</a>
                    </td>
                    <td>
                      <HealthTag health={e.health} />
                    </td>
                    <td class="num right">{rate(e.red.rate)}</td>
                    <td class="num right">{percent(e.red.errorRatio)}</td>
                    <td class="num right">{seconds(e.red.p50)}</td>
                    <td class="num right">{seconds(e.red.p95)}</td>
                    <td class="num right">{seconds(e.red.p99)}</td>
                    <td class="nowrap">
                      <BreakerTag state={e.breaker} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Panel>
      )}
    </div>
  );
}

function BreakerTag({ state }: { state: string | undefined }) {
  if (!state) return <span class="faint">–</span>;
  return (
    <span class={`tag is-${policyHealth(state)}`}>
      <Glyph health={policyHealth(state)} />
      {word("policyState", state)}
    </span>
  );
}

function Legend() {
  return (
    <ul class="map-legend" aria-label={t("map.legend")}>
      <li>
        <Glyph health="good" /> ≥ 99.5 %
      </li>
      <li>
        <Glyph health="warn" /> {t("map.between")}
      </li>
      <li>
        <Glyph health="bad" /> ≤ 98.2 %
      </li>
      <li>
        <Glyph health="unknown" /> {word("health", "unknown")}
      </li>
    </ul>
  );
}

function NodeCard({ node, edges }: { node: Node; edges: Edge[] }) {
  const calls = edges.filter((e) => e.from === node.name).map((e) => e.to);
  const callers = edges.filter((e) => e.to === node.name).map((e) => e.from);
  return (
    <Panel title={node.name} class="map-card" tools={!node.external && <a href={`/services/${encodeURIComponent(node.name)}`}>{t("map.open")}</a>}>
      <p class="facts">
        <HealthTag health={node.health} />
        <span>
          {t("slo.attainment")} <b class="num">{attained(node.attainment)}</b>
        </span>
        <span class="num">{rate(node.red.rate)}</span>
        <span>
          {t("red.errors")} <b class="num">{percent(node.red.errorRatio)}</b>
        </span>
        <span class="num">
          p50 {seconds(node.red.p50)} · p95 {seconds(node.red.p95)} · p99 {seconds(node.red.p99)}
        </span>
        {callers.length > 0 && (
          <span>
            {t("service.callers")}: {callers.join(", ")}
          </span>
        )}
        {calls.length > 0 && (
          <span>
            {t("service.dependencies")}: {calls.join(", ")}
          </span>
        )}
      </p>
    </Panel>
  );
}

function EdgeCard({ edge }: { edge: Edge }) {
  return (
    <Panel title={`${edge.from} → ${edge.to}`} class="map-card">
      <p class="facts">
        <HealthTag health={edge.health} />
        <span class="num">{rate(edge.red.rate)}</span>
        <span>
          {t("red.errors")} <b class="num">{percent(edge.red.errorRatio)}</b>
        </span>
        <span class="num">
          p50 {seconds(edge.red.p50)} · p95 {seconds(edge.red.p95)} · p99 {seconds(edge.red.p99)}
        </span>
        <span>
          {t("map.breaker")} <BreakerTag state={edge.breaker} />
        </span>
      </p>
    </Panel>
  );
}
