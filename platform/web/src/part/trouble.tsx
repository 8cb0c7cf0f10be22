import { useState } from "preact/hooks";
import { ApiError, call } from "../api/fetch.ts";
import { t } from "../i18n/index.ts";
import { Command } from "./empty.tsx";

/** Why a screen has nothing to show, in place of it. */
export function Trouble({ error }: { error: ApiError }) {
  const problem = error.problem;
  if (error.status === 401) return <TokenForm />;
  return (
    <div class="empty" role="alert">
      <p class="empty-title">{error.status === 0 ? t("trouble.unreachable") : error.message}</p>
      {problem.hint && <p class="empty-text">{problem.hint}</p>}
      {error.status === 0 && <Command text="backstay dev" />}
    </div>
  );
}

/** Trades the token for a cookie that scripts cannot read, then starts over. */
function TokenForm() {
  const [token, setToken] = useState("");
  const [trouble, setTrouble] = useState("");
  const open = async (): Promise<void> => {
    try {
      await call("POST", "session", { token });
      location.reload();
    } catch (cause) {
      setTrouble(cause instanceof ApiError ? cause.message : String(cause));
    }
  };
  return (
    <form
      class="empty"
      onSubmit={(event) => {
        event.preventDefault();
        void open();
      }}
    >
      <p class="empty-title">{t("trouble.token")}</p>
      <label class="token">
        {t("trouble.field")}
        <input type="password" autocomplete="current-password" value={token} onInput={(event) => setToken(event.currentTarget.value)} />
      </label>
      <button type="submit" class="button">
        {t("trouble.enter")}
      </button>
      {trouble && (
        <p class="is-bad tint" role="alert">
          {trouble}
        </p>
      )}
    </form>
  );
}

/** Room held while the first answer is on its way. */
export function Waiting({ rows = 4 }: { rows?: number }) {
  return (
    <div class="waiting" role="status" aria-label={t("loading")}>
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} class="waiting-row" style={{ width: `${92 - ((i * 17) % 40)}%` }} />
      ))}
    </div>
  );
}
