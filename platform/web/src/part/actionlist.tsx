import { useState } from "preact/hooks";
import { ApiError, call } from "../api/fetch.ts";
import type { Action, Health } from "../api/types.ts";
import { clock, isSet } from "../format.ts";
import { t, word } from "../i18n/index.ts";
import { Glyph } from "./health.tsx";
import { Icon } from "./icon.tsx";
import { Left } from "./when.tsx";

const healths: Record<string, Health> = { applied: "warn", done: "good", undone: "unknown", planned: "unknown", failed: "bad", refused: "bad" };

/** Where an action stands. */
export function ActionStateTag({ action }: { action: Action }) {
  const health = healths[action.state] ?? "unknown";
  return (
    <span class={`tag is-${action.state === "applied" ? "accent" : health}`}>
      <Glyph health={health} />
      {word("actionState", action.state)}
    </span>
  );
}

/** Actions with their reason, their lease and their undo. */
export function ActionList({ actions, changed }: { actions: Action[]; changed: () => void }) {
  return (
    <ul class="actions">
      {actions.map((action) => (
        <Row key={action.id} action={action} changed={changed} />
      ))}
    </ul>
  );
}

function Row({ action, changed }: { action: Action; changed: () => void }) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState("");
  const undo = async (): Promise<void> => {
    setBusy(true);
    setTrouble("");
    try {
      await call("POST", `actions/${encodeURIComponent(action.id)}/undo`);
    } catch (cause) {
      setTrouble(cause instanceof ApiError ? [cause.message, cause.problem.hint].filter(Boolean).join(" · ") : String(cause));
    } finally {
      setBusy(false);
      changed();
    }
  };
  const target = [action.target.service, action.target.dependency].filter(Boolean).join(" → ");
  return (
    <li class="action">
      <div class="action-head">
        <b>{word("actionKind", action.kind)}</b>
        <span>{target || action.target.instance}</span>
        <ActionStateTag action={action} />
        <span class="num faint action-time">{clock(isSet(action.appliedAt) ? action.appliedAt : action.plannedAt)}</span>
      </div>
      <p class="action-reason">{action.reason}</p>
      <p class="action-foot">
        <span>{t("action.by", { by: action.by })}</span>
        {action.state === "applied" && isSet(action.expires) && (
          <span>
            {t("action.lease")} <Left until={action.expires} />
          </span>
        )}
        {isSet(action.endedAt) && <span class="num">{t("action.ended", { time: clock(action.endedAt) })}</span>}
        {action.error && <span class="is-bad tint">{action.error}</span>}
        {action.state === "applied" && action.undo && (
          <button type="button" class="button small" disabled={busy} onClick={() => void undo()} title={action.undo}>
            <Icon name="undo" size={12} />
            {busy ? t("action.undoing") : t("action.undo")}
          </button>
        )}
      </p>
      {trouble && (
        <p class="is-bad tint" role="alert">
          {trouble}
        </p>
      )}
    </li>
  );
}
