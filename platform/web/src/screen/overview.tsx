import { useResource } from "../api/resource.ts";
import type { Overview } from "../api/types.ts";
import type { ScreenProps } from "../app.tsx";
import { clock } from "../format.ts";
import { t } from "../i18n/index.ts";
import { DemoPanel } from "../part/demo.tsx";
import { Empty } from "../part/empty.tsx";
import { Glyph } from "../part/health.tsx";
import { IncidentCard } from "../part/incidentcard.tsx";
import { Panel } from "../part/panel.tsx";
import { ServiceTable } from "../part/servicetable.tsx";
import { SLOTable } from "../part/slotable.tsx";
import { Trouble, Waiting } from "../part/trouble.tsx";

/** The first screen: is anything wrong, and where. */
export function OverviewScreen(_: ScreenProps) {
  const { data, error } = useResource<Overview>("overview");
  if (!data) return <div class="screen">{error ? <Trouble error={error} /> : <Waiting rows={8} />}</div>;
  const services = data.services ?? [];
  const slos = data.slos ?? [];
  const open = (data.incidents ?? []).filter((i) => i.state === "open");
  const recent = (data.incidents ?? []).filter((i) => i.state !== "open").slice(0, 3);
  return (
    <div class="screen overview">
      <header class="headline">
        <h1>
          <Headline overview={data} />
        </h1>
        <p class="headline-note num">{t("overview.at", { time: clock(data.at) })}</p>
      </header>
      {open.length > 0 && (
        <section class="cards" aria-label={t("overview.openIncidents")}>
          {open.map((incident) => (
            <IncidentCard key={incident.id} incident={incident} />
          ))}
        </section>
      )}
      <DemoPanel />
      <Panel title={t("overview.services")} note={t("overview.worstFirst")} flush>
        {services.length === 0 ? (
          <Empty title={t("overview.noServices")} commands={["backstay dev", `OTEL_EXPORTER_OTLP_ENDPOINT=http://${location.hostname}:4318 your-service`]}>
            {t("overview.noServicesText")}
          </Empty>
        ) : (
          <ServiceTable services={services} />
        )}
      </Panel>
      <div class="columns">
        <Panel title={t("overview.slos")} note={t("overview.worstFirst")} flush tools={<a href="/slos">{t("all")}</a>}>
          {slos.length === 0 ? <Empty title={t("slo.none")} commands={["backstay slo check checkout.yaml"]}><a href="/slos/new">{t("newslo.title")}</a></Empty> : <SLOTable slos={slos.slice(0, 8)} brief />}
        </Panel>
        <Panel title={t("overview.recent")} flush tools={<a href="/incidents">{t("all")}</a>}>
          {recent.length === 0 ? <Empty title={t("overview.noRecent")} /> : recent.map((incident) => <IncidentCard key={incident.id} incident={incident} small />)}
        </Panel>
      </div>
    </div>
  );
}

/** The state of everything in one sentence. */
function Headline({ overview }: { overview: Overview }) {
  const services = overview.services ?? [];
  const slos = overview.slos ?? [];
  const open = (overview.incidents ?? []).filter((i) => i.state === "open");
  if (open.length > 0) {
    const [first] = open;
    return (
      <>
        <Glyph health="bad" size={18} /> {open.length === 1 ? t("headline.one") : t("headline.many", { n: open.length })}{" "}
        <span class="headline-more">{first!.cause ? t("headline.cause", { service: first!.cause.service }) : t("headline.searching")}</span>
      </>
    );
  }
  if (services.length === 0) return <>{t("headline.empty")}</>;
  const burning = slos.filter((s) => s.burning === "yes");
  const spent = slos.filter((s) => s.budget !== undefined && s.budget <= 0);
  if (burning.length > 0) {
    return (
      <>
        <Glyph health="warn" size={18} /> {t("headline.burning", { n: burning.length })}
      </>
    );
  }
  return (
    <>
      <Glyph health={spent.length > 0 ? "warn" : "good"} size={18} /> {t("headline.quiet")}{" "}
      <span class="headline-more">
        {spent.length > 0 ? t("headline.spent", { n: spent.length }) : slos.length > 0 ? t("headline.hold", { services: services.length, slos: slos.length }) : t("headline.noSLOs", { services: services.length })}
      </span>
    </>
  );
}
