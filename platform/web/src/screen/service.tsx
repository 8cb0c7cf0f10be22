import { useResource } from "../api/resource.ts";
import type { Chart, Edge, Instance, PolicyState, Service } from "../api/types.ts";
import type { ScreenProps } from "../app.tsx";
import { ChartPanel } from "../chart/panel.tsx";
import { asQuery, recent } from "../chart/range.ts";
import { RangeChoice } from "../chart/rangechoice.tsx";
import { useRange } from "../chart/shown.ts";
import { redLines } from "../chart/red.ts";
import { bytes, count, isSet, percent, rate, seconds } from "../format.ts";
import { t, word } from "../i18n/index.ts";
import { ActionList } from "../part/actionlist.tsx";
import { Empty } from "../part/empty.tsx";
import { Glyph, HealthTag, policyHealth } from "../part/health.tsx";
import { Panel } from "../part/panel.tsx";
import { SLOTable } from "../part/slotable.tsx";
import { Trouble, Waiting } from "../part/trouble.tsx";
import { Ago } from "../part/when.tsx";

/** One service: its figures, its protection, its neighbours, its processes. */
export function ServiceScreen({ id }: ScreenProps) {
  const base = `services/${encodeURIComponent(id)}`;
  const { data, error, refresh } = useResource<Service>(base);
  const r = useRange(recent);
  const redPath = `${base}/red?${asQuery(r)}`;
  const red = useResource<Chart>(redPath, 60);
  if (!data) return <div class="screen">{error ? <Trouble error={error} /> : <Waiting rows={8} />}</div>;
  const lines = redLines(red.data);
  const policies = data.policies ?? [];
  const actions = data.actions ?? [];
  const slos = data.sloStatus ?? [];
  return (
    <div class="screen">
      <header class="title">
        <p class="crumbs">
          <a href="/">{t("overview.services")}</a> /
        </p>
        <div class="title-row">
          <h1>{data.name}</h1>
          <HealthTag health={data.health} />
          {data.incident && (
            <a class="tag is-bad" href={`/incidents/${encodeURIComponent(data.incident)}`}>
              <Glyph health="bad" />
              {t("service.inIncident")}
            </a>
          )}
        </div>
        <p class="facts">
          {data.version && <span class="mono">{data.version}</span>}
          <span>{data.sdk ? t("service.connected", { n: data.instances }) : t("service.noSDK")}</span>
          <span>
            {t("service.seen")} <Ago at={data.lastSeen} />
          </span>
        </p>
      </header>
      <dl class="figures">
        <Figure words={t("red.rate")} value={rate(data.red.rate)} />
        <Figure words={t("red.errors")} value={percent(data.red.errorRatio)} bad={data.red.errorRatio > 0.018} />
        <Figure words="p50" value={seconds(data.red.p50)} />
        <Figure words="p95" value={seconds(data.red.p95)} />
        <Figure words="p99" value={seconds(data.red.p99)} />
      </dl>
      <RangeChoice choices={recent} />
      <div class="columns three">
        <ChartPanel title={t("red.rate")} resource={red} path={redPath} range={r} lines={lines.rate} />
        <ChartPanel title={t("red.errors")} resource={red} path={redPath} range={r} lines={lines.errors} ceiling={0.02} />
        <ChartPanel title={t("red.latency")} resource={red} path={redPath} range={r} lines={lines.latency} />
      </div>
      {slos.length > 0 && (
        <Panel title={t("nav.slos")} flush>
          <SLOTable slos={slos} brief />
        </Panel>
      )}
      <Panel title={t("service.policies")} note={t("service.policiesNote")} flush>
        {policies.length === 0 ? (
          data.sdk ? (
            <Empty title={t("service.noPolicies")} />
          ) : (
            <Empty title={t("service.unprotected")} commands={["go get github.com/backstay/backstay"]}>
              {t("service.unprotectedText")}
            </Empty>
          )
        ) : (
          <Policies policies={policies} />
        )}
      </Panel>
      <div class="columns even">
        <Panel title={t("service.dependencies")} flush>
          <Edges edges={data.dependencies ?? []} other="to" none={t("service.noDependencies")} />
        </Panel>
        <Panel title={t("service.callers")} flush>
          <Edges edges={data.callers ?? []} other="from" none={t("service.noCallers")} />
        </Panel>
      </div>
      <div class="columns even">
        <Panel title={t("service.routes")} flush>
          {(data.routes ?? []).length === 0 ? (
            <p class="plot-none">{t("service.noRoutes")}</p>
          ) : (
            <div class="scroll" tabIndex={0}>
              <table class="table">
                <thead>
                  <tr>
                    <th>{t("service.route")}</th>
                    <th class="right">{t("red.rate")}</th>
                    <th class="right">{t("red.errors")}</th>
                    <th class="right">p95</th>
                  </tr>
                </thead>
                <tbody>
                  {(data.routes ?? []).map((route) => (
                    <tr key={route.name}>
                      <td class="mono">{route.name}</td>
                      <td class="num right">{rate(route.red.rate)}</td>
                      <td class="num right">{percent(route.red.errorRatio)}</td>
                      <td class="num right">{seconds(route.red.p95)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Panel>
        <Panel title={t("service.processes")} flush>
          <Processes processes={data.processes ?? []} />
        </Panel>
      </div>
      <Panel title={t("service.actions")} flush>
        {actions.length === 0 ? <p class="plot-none">{t("action.none")}</p> : <ActionList actions={actions.slice(0, 20)} changed={refresh} />}
      </Panel>
    </div>
  );
}

function Figure({ words, value, bad = false }: { words: string; value: string; bad?: boolean }) {
  return (
    <div class={bad ? "is-bad" : ""}>
      <dt>{words}</dt>
      <dd class={`num ${bad ? "strong" : ""}`}>{value}</dd>
    </div>
  );
}

function Policies({ policies }: { policies: PolicyState[] }) {
  const many = new Set(policies.map((p) => p.instance)).size > 1;
  return (
    <div class="scroll">
      <table class="table">
        <thead>
          <tr>
            <th>{t("policy.dependency")}</th>
            <th>{t("policy.kind")}</th>
            <th>{t("policy.state")}</th>
            <th class="grow">{t("policy.explain")}</th>
            <th>{t("policy.since")}</th>
            {many && <th>{t("policy.instance")}</th>}
          </tr>
        </thead>
        <tbody>
          {policies.map((p, i) => (
            <tr key={`${p.instance}${p.kind}${p.dependency}`} class={policyHealth(p.state) === "bad" ? "row-bad" : ""}>
              <td>
                {p.dependency !== policies[i - 1]?.dependency || p.instance !== policies[i - 1]?.instance ? <a href={`/services/${encodeURIComponent(p.dependency)}`}>{p.dependency}</a> : <span class="ditto">″</span>}
              </td>
              <td class="nowrap">{word("kind", p.kind)}</td>
              <td class="nowrap">
                <span class={`tag is-${policyHealth(p.state)}`}>
                  <Glyph health={policyHealth(p.state)} />
                  {word("policyState", p.state)}
                </span>
                {p.override && (
                  <span class="tag is-accent" title={p.override}>
                    {t("policy.override")}
                  </span>
                )}
              </td>
              <td class="explain">{p.explain}</td>
              <td class="num nowrap">{isSet(p.since) ? <Ago at={p.since} /> : ""}</td>
              {many && <td class="mono">{p.instance}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Edges({ edges, other, none }: { edges: Edge[]; other: "from" | "to"; none: string }) {
  if (edges.length === 0) return <p class="plot-none">{none}</p>;
  return (
    <div class="scroll">
      <table class="table">
        <thead>
          <tr>
            <th>{t("slo.service")}</th>
            <th class="right">{t("red.rate")}</th>
            <th class="right">{t("red.errors")}</th>
            <th class="right">p95</th>
            <th>{t("map.breaker")}</th>
          </tr>
        </thead>
        <tbody>
          {edges.map((edge) => (
            <tr key={edge[other]}>
              <td class="nowrap">
                <Glyph health={edge.health} /> <a href={`/services/${encodeURIComponent(edge[other])}`}>{edge[other]}</a>
                <span class="sr">{word("health", edge.health)}</span>
              </td>
              <td class="num right">{rate(edge.red.rate)}</td>
              <td class="num right">{percent(edge.red.errorRatio)}</td>
              <td class="num right">{seconds(edge.red.p95)}</td>
              <td class="nowrap">
                {edge.breaker ? (
                  <span class={`tag is-${policyHealth(edge.breaker)}`}>
                    <Glyph health={policyHealth(edge.breaker)} />
                    {word("policyState", edge.breaker)}
                  </span>
                ) : (
                  <span class="faint">–</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Processes({ processes }: { processes: Instance[] }) {
  if (processes.length === 0) return <p class="plot-none">{t("service.noProcesses")}</p>;
  return (
    <div class="scroll" tabIndex={0}>
      <table class="table">
        <thead>
          <tr>
            <th>{t("process.instance")}</th>
            <th>{t("process.since")}</th>
            <th class="right">{t("process.policy")}</th>
            <th class="right">{t("process.goroutines")}</th>
            <th class="right">{t("process.heap")}</th>
          </tr>
        </thead>
        <tbody>
          {processes.map((p) => (
            <tr key={p.id}>
              <td class="nowrap">
                <Glyph health={p.connected ? "good" : "bad"} /> <span class="mono">{p.id}</span>
                <span class="sub">{p.connected ? t("process.connected") : t("process.gone")}</span>
              </td>
              <td class="num nowrap">
                <Ago at={p.since} />
              </td>
              <td class="num right" title={String(p.policyVersion)}>
                {p.policyVersion > 1e6 ? `…${String(p.policyVersion).slice(-6)}` : p.policyVersion}
              </td>
              <td class="num right">{count(p.goroutines)}</td>
              <td class="num right">{bytes(p.heapBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
