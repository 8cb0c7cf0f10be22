import { useResource } from "../api/resource.ts";
import type { Status } from "../api/types.ts";
import type { ScreenProps } from "../app.tsx";
import { count } from "../format.ts";
import { t } from "../i18n/index.ts";
import { Panel } from "../part/panel.tsx";
import { Trouble, Waiting } from "../part/trouble.tsx";
import { Ago } from "../part/when.tsx";

/** The server's own condition. */
export function StatusScreen(_: ScreenProps) {
  const { data, error } = useResource<Status>("status", 2);
  if (!data) return <div class="screen">{error ? <Trouble error={error} /> : <Waiting rows={6} />}</div>;
  const counters = Object.entries(data.counters ?? {}).sort(([a], [b]) => a.localeCompare(b));
  return (
    <div class="screen">
      <header class="title">
        <h1>{t("nav.status")}</h1>
        <p class="facts">
          <span class="mono">{data.version}</span>
          <span>
            {t("status.started")} <Ago at={data.startedAt} />
          </span>
          <span>
            {t("status.data")} {data.dataDir ? <code>{data.dataDir}</code> : null}
            {data.temporary && ` (${t("status.temporary")})`}
          </span>
          {data.demo && <span>{t("status.demo")}</span>}
        </p>
      </header>
      <Panel title={t("status.counters")} class="counters" flush>
        {counters.length === 0 && <p class="plot-none">{t("slo.noData")}</p>}
        <div class="scroll" tabIndex={0}>
          <table class="table">
            <tbody>
              {counters.map(([name, value]) => (
                <tr key={name}>
                  <th scope="row" class="mono plain">
                    {name}
                  </th>
                  <td class="num right">{count(value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
    </div>
  );
}
