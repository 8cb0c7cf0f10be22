import { useResource } from "../api/resource.ts";
import type { IncidentSummary } from "../api/types.ts";
import type { ScreenProps } from "../app.tsx";
import { clock, day } from "../format.ts";
import { t, word } from "../i18n/index.ts";
import { Empty } from "../part/empty.tsx";
import { Glyph } from "../part/health.tsx";
import { Panel } from "../part/panel.tsx";
import { Segmented } from "../part/segmented.tsx";
import { Trouble, Waiting } from "../part/trouble.tsx";
import { Lasted } from "../part/when.tsx";
import { choice } from "../router.ts";

/** Incidents, latest first. */
export function IncidentsScreen(_: ScreenProps) {
  const state = choice("state");
  const { data, error } = useResource<IncidentSummary[] | null>(`incidents?limit=200${state ? `&state=${encodeURIComponent(state)}` : ""}`, 2);
  const list = data ?? [];
  return (
    <div class="screen">
      <header class="title">
        <h1>{t("nav.incidents")}</h1>
        <p class="lede">{t("incident.lede")}</p>
      </header>
      <div class="toolbar">
        <Segmented
          name="state"
          label={t("incident.state")}
          values={[
            ["", t("incident.all")],
            ["open", word("state", "open")],
            ["resolved", word("state", "resolved")],
          ]}
          current={state}
        />
      </div>
      {data === undefined && (error ? <Trouble error={error} /> : <Waiting rows={5} />)}
      {data !== undefined && list.length === 0 && (
        <Empty title={state === "open" ? t("incident.noneOpen") : t("incident.none")} commands={["backstay demo break payment-errors"]}>
          {t("incident.noneText")}
        </Empty>
      )}
      {list.length > 0 && (
        <Panel title={t("incident.latestFirst")} flush>
          <div class="scroll">
            <table class="table">
              <thead>
                <tr>
                  <th>{t("incident.state")}</th>
                  <th>{t("incident.what")}</th>
                  <th>{t("incident.cause")}</th>
                  <th>{t("incident.opened")}</th>
                  <th class="right">{t("incident.lasted")}</th>
                </tr>
              </thead>
              <tbody>
                {list.map((i) => (
                  <tr key={i.id} class={i.state === "open" ? "row-bad" : ""}>
                    <td class="nowrap">
                      <Glyph health={i.state === "open" ? "bad" : "good"} /> {word("state", i.state)}
                    </td>
                    <td>
                      <a class="row-link" href={`/incidents/${encodeURIComponent(i.id)}`}>
                        {i.title}
                      </a>
                      <span class="sub">
                        {i.service} · {word("severity", i.severity)}
                      </span>
                    </td>
                    <td class="nowrap">
                      {i.cause ? (
                        <>
                          <b>{i.cause.service}</b> <span class="sub-inline">{word("class", i.cause.class)}</span>
                        </>
                      ) : (
                        <span class="faint">{t("incident.noCause")}</span>
                      )}
                    </td>
                    <td class="num nowrap">
                      {clock(i.openedAt)} <span class="sub-inline">{day(i.openedAt)}</span>
                    </td>
                    <td class="right nowrap">
                      <Lasted from={i.openedAt} to={i.endedAt} />
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
