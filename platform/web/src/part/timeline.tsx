import type { Action, Evidence, TimelineEntry } from "../api/types.ts";
import { clock, figure } from "../format.ts";
import { t, word } from "../i18n/index.ts";
import { ActionStateTag } from "./actionlist.tsx";
import { Icon, type Picture } from "./icon.tsx";
import { byMinute, steps, type Told } from "./steps.ts";

/** The chain told minute by minute, with what each step rests on. */
export function Timeline({ entries, actions }: { entries: TimelineEntry[]; actions: Action[] }) {
  const actionOf = new Map(actions.map((a) => [a.id, a]));
  if (entries.length === 0) return <p class="plot-none">{t("incident.noEntries")}</p>;
  return (
    <div class="timeline">
      {byMinute(entries).map((m) => (
        <section key={m.at + keyOf(m.told[0]!)} class="minute" aria-label={m.at}>
          <h3 class="minute-at num">{m.at}</h3>
          <ol class="minute-list">
            {m.told.map((told) =>
              "folded" in told ? (
                <Folded key={keyOf(told)} entries={told.folded} />
              ) : (
                <Entry key={keyOf(told)} entry={told.entry} action={told.last ? actionOf.get(told.entry.action ?? "") : undefined} />
              ),
            )}
          </ol>
        </section>
      ))}
    </div>
  );
}

function keyOf(told: Told): string {
  const entry = "folded" in told ? told.folded[0]! : told.entry;
  return `${entry.at}${entry.step}${entry.action ?? ""}${entry.text}${"folded" in told}`;
}

/** Signals of a run between its first and its last. */
function Folded({ entries }: { entries: TimelineEntry[] }) {
  return (
    <li class="entry step-signal folded">
      <span class="entry-time num">{clock(entries[0]!.at).slice(3)}</span>
      <span class="entry-dot" aria-hidden="true">
        …
      </span>
      <details class="entry-body">
        <summary>{t("incident.folded", { n: entries.length })}</summary>
        <ol>
          {entries.map((entry) => (
            <li key={entry.at + entry.text}>
              <time class="num faint" dateTime={entry.at}>
                {clock(entry.at).slice(3)}
              </time>{" "}
              {entry.text}
            </li>
          ))}
        </ol>
      </details>
    </li>
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

/** Observations with what would have been expected; a burn rate has a limit. */
export function EvidenceList({ evidence }: { evidence: Evidence[] }) {
  return (
    <ul class="evidence">
      {evidence.map((e) => (
        <li key={`${e.kind}${e.subject}${e.detail}`}>
          <span class="evidence-kind">{word("evidence", e.kind)}</span>
          <span class="evidence-subject">{e.subject}</span>
          <span class="evidence-figures num">
            {e.observed !== e.expected && (
              <>
                <b>{figure(e.observed, e.unit)}</b>
                <span class="faint"> {t(e.kind === "burn-rate" ? "evidence.limit" : "evidence.expected", { value: figure(e.expected, e.unit) })}</span>
              </>
            )}
          </span>
          <span class="evidence-detail">{e.detail}</span>
        </li>
      ))}
    </ul>
  );
}
