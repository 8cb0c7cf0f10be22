import type { Action, Evidence, TimelineEntry } from "../api/types.ts";
import { clock, figure } from "../format.ts";
import { t, word } from "../i18n/index.ts";
import { ActionStateTag } from "./actionlist.tsx";
import { Icon, type Picture } from "./icon.tsx";
import { byMinute, steps } from "./steps.ts";

/** The chain told minute by minute, with what each step rests on. */
export function Timeline({ entries, actions }: { entries: TimelineEntry[]; actions: Action[] }) {
  const actionOf = new Map(actions.map((a) => [a.id, a]));
  if (entries.length === 0) return <p class="plot-none">{t("incident.noEntries")}</p>;
  return (
    <div class="timeline">
      {byMinute(entries).map((m) => (
        <section key={m.entries[0]!.at} class="minute" aria-label={m.at}>
          <h3 class="minute-at num">{m.at}</h3>
          <ol class="minute-list">
            {m.entries.map((entry, i) => (
              <Entry key={`${entry.at}${entry.step}${i}`} entry={entry} action={entry.action ? actionOf.get(entry.action) : undefined} />
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

function Entry({ entry, action }: { entry: TimelineEntry; action: Action | undefined }) {
  const known = (steps as readonly string[]).includes(entry.step);
  return (
    <li class={`entry step-${entry.step}`}>
      <time class="entry-time num" dateTime={entry.at}>
        {clock(entry.at).slice(3)}
      </time>
      <span class="entry-dot" aria-hidden="true">
        {known && <Icon name={entry.step as Picture} size={12} />}
      </span>
      <div class="entry-body">
        <p class="entry-text">
          <b class="entry-step">{word("step", entry.step)}</b> {entry.text}
          {action && <ActionStateTag action={action} />}
        </p>
        {(entry.evidence ?? []).length > 0 && <EvidenceList evidence={entry.evidence ?? []} />}
      </div>
    </li>
  );
}

/** Observations with what would have been expected. */
export function EvidenceList({ evidence }: { evidence: Evidence[] }) {
  return (
    <ul class="evidence">
      {evidence.map((e) => (
        <li key={`${e.kind}${e.subject}${e.detail}`}>
          <span class="evidence-kind">{word("evidence", e.kind)}</span>
          <span class="evidence-subject">{e.subject}</span>
          <span class="evidence-figures num">
            <b>{figure(e.observed, e.unit)}</b>
            <span class="faint"> {t("evidence.expected", { value: figure(e.expected, e.unit) })}</span>
          </span>
          <span class="evidence-detail">{e.detail}</span>
        </li>
      ))}
    </ul>
  );
}
