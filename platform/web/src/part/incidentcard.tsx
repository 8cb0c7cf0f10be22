import type { IncidentSummary } from "../api/types.ts";
import { t, word } from "../i18n/index.ts";
import { Glyph } from "./health.tsx";
import { Ago, Lasted } from "./when.tsx";

/** One incident in short, leading to its chain. */
export function IncidentCard({ incident, small = false }: { incident: IncidentSummary; small?: boolean }) {
  const open = incident.state === "open";
  return (
    <a class={`incident-card ${open ? "is-bad" : "is-good"} ${small ? "small" : ""}`} href={`/incidents/${encodeURIComponent(incident.id)}`}>
      <span class="incident-card-head">
        <Glyph health={open ? "bad" : "good"} size={small ? 9 : 12} />
        <b>{incident.title}</b>
      </span>
      <span class="incident-card-facts">
        <span>{word("state", incident.state)}</span>
        {!small && <span>{word("severity", incident.severity)}</span>}
        <span>
          {incident.cause ? (
            <>
              {t("incident.cause")} <b>{incident.cause.service}</b> ({word("class", incident.cause.class)})
            </>
          ) : open ? (
            t("incident.searching")
          ) : (
            t("incident.noCause")
          )}
        </span>
        <span>
          {open ? t("incident.since") : t("incident.took")} <Lasted from={incident.openedAt} to={incident.endedAt} />
        </span>
        {!open && (
          <span>
            <Ago at={incident.endedAt} />
          </span>
        )}
      </span>
    </a>
  );
}
