import { useResource } from "../api/resource.ts";
import type { SLOStatus } from "../api/types.ts";
import type { ScreenProps } from "../app.tsx";
import { t } from "../i18n/index.ts";
import { Empty } from "../part/empty.tsx";
import { Panel } from "../part/panel.tsx";
import { SLOTable } from "../part/slotable.tsx";
import { Trouble, Waiting } from "../part/trouble.tsx";
import { choice, go, withChoices } from "../router.ts";

/** All objectives, worst budget first. */
export function SLOsScreen(_: ScreenProps) {
  const { data, error } = useResource<SLOStatus[] | null>("slos");
  const wanted = choice("service");
  const all = data ?? [];
  const shown = wanted ? all.filter((s) => s.service === wanted) : all;
  const services = [...new Set(all.map((s) => s.service))].sort();
  return (
    <div class="screen">
      <header class="title">
        <div class="title-row">
          <h1>{t("nav.slos")}</h1>
          <a class="button end" href="/slos/new">
            {t("newslo.title")}
          </a>
        </div>
        <p class="lede">{t("slo.lede")}</p>
      </header>
      {data === undefined && (error ? <Trouble error={error} /> : <Waiting rows={6} />)}
      {data !== undefined && all.length === 0 && (
        <Empty title={t("slo.none")} commands={["backstay slo check checkout.yaml", `curl --data-binary @checkout.yaml ${location.origin}/api/v1/slos`]}>
          {t("slo.noneText")}
        </Empty>
      )}
      {all.length > 0 && (
        <Panel
          title={t("overview.worstFirst")}
          flush
          tools={
            services.length > 1 && (
              <select aria-label={t("slo.service")} value={wanted} onChange={(event) => go(withChoices({ service: event.currentTarget.value }), true)}>
                <option value="">{t("slo.everyService")}</option>
                {services.map((s) => (
                  <option key={s}>{s}</option>
                ))}
              </select>
            )
          }
        >
          <SLOTable slos={shown} />
        </Panel>
      )}
    </div>
  );
}
