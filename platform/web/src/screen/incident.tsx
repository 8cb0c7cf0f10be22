import { useResource } from "../api/resource.ts";
import type { Incident } from "../api/types.ts";
import type { ScreenProps } from "../app.tsx";
import { clock, day, isSet, percent } from "../format.ts";
import { t, word } from "../i18n/index.ts";
import { ActionList } from "../part/actionlist.tsx";
import { Chain } from "../part/chain.tsx";
import { Glyph } from "../part/health.tsx";
import { Panel } from "../part/panel.tsx";
import { Timeline } from "../part/timeline.tsx";
import { Trouble, Waiting } from "../part/trouble.tsx";
import { Lasted } from "../part/when.tsx";

/** One incident: the chain from signal to recovery, minute by minute. */
export function IncidentScreen({ id }: ScreenProps) {
  const { data, error, refresh } = useResource<Incident>(`incidents/${encodeURIComponent(id)}`);
  if (!data) return <div class="screen">{error ? <Trouble error={error} /> : <Waiting rows={8} />}</div>;
  const open = data.state === "open";
  const timeline = data.timeline ?? [];
  return (
    <div class="screen incident">
      <header class="title">
        <p class="crumbs">
          <a href="/incidents">{t("nav.incidents")}</a> / <span class="mono">{data.id}</span>
        </p>
        <div class="title-row">
          <h1>{data.title}</h1>
          <span class={`tag strong is-${open ? "bad" : "good"}`}>
            <Glyph health={open ? "bad" : "good"} />
            {word("state", data.state)}
          </span>
        </div>
        <p class="facts">
          <span>
            {t("slo.severity")} {word("severity", data.severity)}
          </span>
          <span>
            <a href={`/services/${encodeURIComponent(data.service)}`}>{data.service}</a>
          </span>
          {data.slo && (
            <span>
              <a href={`/slos/${encodeURIComponent(data.slo)}`}>{data.slo}</a>
            </span>
          )}
          <span class="num">
            {day(data.openedAt)} {clock(data.openedAt)}
            {isSet(data.endedAt) && ` – ${clock(data.endedAt)}`}
          </span>
          <span>
            {open ? t("incident.since") : t("incident.took")} <Lasted from={data.openedAt} to={data.endedAt} />
          </span>
        </p>
      </header>
      <Chain timeline={timeline} open={open} />
      <div class="columns wide-left">
        <Panel title={t("incident.minutes")} note={t("incident.minutesNote")}>
          <Timeline entries={timeline} actions={data.actions ?? []} />
        </Panel>
        <div class="stack">
          <CausePanel incident={data} />
          <Panel title={t("incident.actions")} flush>
            {(data.actions ?? []).length === 0 ? <p class="plot-none">{t("action.none")}</p> : <ActionList actions={data.actions ?? []} changed={refresh} />}
          </Panel>
          <Verdicts incident={data} />
        </div>
      </div>
    </div>
  );
}

function CausePanel({ incident }: { incident: Incident }) {
  const cause = incident.cause;
  if (!cause) {
    return (
      <Panel title={t("incident.cause")}>
        <p class="plot-none">{t("incident.noCauseText")}</p>
      </Panel>
    );
  }
  const path = cause.path ?? [];
  const also = cause.also ?? [];
  return (
    <Panel title={t("incident.cause")} class="cause">
      <p class="cause-name">
        <a href={`/services/${encodeURIComponent(cause.service)}`}>{cause.service}</a>
        <span>{t(`classText.${known(cause.class)}`)}</span>
      </p>
      {path.length > 1 && (
        <ol class="path" aria-label={t("incident.path")}>
          {path.map((service) => (
            <li key={service} class={service === cause.service ? "is-bad" : ""}>
              <a href={`/services/${encodeURIComponent(service)}`}>{service}</a>
            </li>
          ))}
        </ol>
      )}
      <p class="cause-score">
        {t("incident.score")} <b class="num">{percent(cause.score)}</b>
        {also.length > 0 && (
          <span class="faint">
            {" "}
            · {t("incident.also")} {also.map((s) => `${s.service} ${percent(s.score)}`).join(", ")}
          </span>
        )}
      </p>
    </Panel>
  );
}

function known(name: string): "errors" | "latency" | "saturation" | "panics" | "down" | "other" {
  return name === "errors" || name === "latency" || name === "saturation" || name === "panics" || name === "down" ? name : "other";
}

function Verdicts({ incident }: { incident: Incident }) {
  const verdicts = incident.verdicts ?? [];
  if (verdicts.length === 0) return null;
  return (
    <Panel title={t("incident.verdicts")} flush>
      <ul class="verdicts">
        {verdicts.map((v) => (
          <li key={`${v.claim}${v.subject.service}${v.subject.slo ?? ""}${v.subject.dependency ?? ""}`}>
            <span class="verdict-claim">
              {word("claim", v.claim)}
              <b class={`answer answer-${v.answer}`}>{word("answer", v.answer)}</b>
              <span class="num faint">{clock(v.at)}</span>
            </span>
            <span class="verdict-subject">{[v.subject.service, v.subject.slo, v.subject.dependency].filter(Boolean).join(" · ")}</span>
            <span class="verdict-reason">{v.reason}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
