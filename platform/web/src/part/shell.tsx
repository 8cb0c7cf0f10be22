import type { ComponentChildren } from "preact";
import { useResource } from "../api/resource.ts";
import { locked } from "../api/fetch.ts";
import { heard, line } from "../api/live.ts";
import type { Overview } from "../api/types.ts";
import { clock } from "../format.ts";
import { language, t, turnLanguage, type Key } from "../i18n/index.ts";
import { helping, searching } from "../keyboard.ts";
import { path } from "../router.ts";
import { theme, turnTheme } from "../theme.ts";
import { Icon, Mark, type Picture } from "./icon.tsx";

const entries: { to: string; words: Key; picture: Picture; key: string }[] = [
  { to: "/", words: "nav.overview", picture: "overview", key: "o" },
  { to: "/slos", words: "nav.slos", picture: "slos", key: "s" },
  { to: "/map", words: "nav.map", picture: "map", key: "m" },
  { to: "/incidents", words: "nav.incidents", picture: "incidents", key: "i" },
];

function here(to: string): boolean {
  if (to === "/") return path.value === "/" || path.value.startsWith("/services/");
  return path.value === to || path.value.startsWith(`${to}/`);
}

/** The frame of every screen: where one can go, how the line to the server stands. */
export function Shell({ children }: { children: ComponentChildren }) {
  const { data } = useResource<Overview>("overview", 2);
  const open = (data?.incidents ?? []).filter((i) => i.state === "open").length;
  return (
    <div class="shell">
      <a class="skip" href="#main">
        {t("nav.skip")}
      </a>
      <nav class="rail" aria-label={t("nav.label")}>
        <a class="brand" href="/">
          <Mark />
          <span class="brand-name">Backstay</span>
        </a>
        <ul class="rail-list">
          {entries.map((entry) => (
            <li key={entry.to}>
              <a href={entry.to} aria-current={here(entry.to) ? "page" : undefined} title={t("nav.key", { key: `g ${entry.key}` })}>
                <Icon name={entry.picture} />
                <span>{t(entry.words)}</span>
                {entry.to === "/incidents" && open > 0 && (
                  <span class="count" aria-label={t("incident.openCount", { n: open })}>
                    {open}
                  </span>
                )}
              </a>
            </li>
          ))}
        </ul>
        <div class="rail-foot">
          <button type="button" class="rail-search" aria-label={t("search.label")} onClick={() => (searching.value = true)}>
            <Icon name="search" size={14} />
            <span>{t("search.label")}</span>
            <kbd>/</kbd>
          </button>
          <a class="line" href="/status" title={t("nav.status")}>
            <LiveDot />
          </a>
          <div class="switches">
            <button type="button" class="quiet" onClick={turnTheme} aria-label={t("theme.label", { now: t(`theme.${theme.value}`) })} title={t("theme.label", { now: t(`theme.${theme.value}`) })}>
              <Icon name={theme.value === "light" ? "sun" : theme.value === "dark" ? "moon" : "system"} size={15} />
            </button>
            <button type="button" class="quiet" onClick={turnLanguage} aria-label={t("language.label")} title={t("language.label")} lang={language.value === "en" ? "zh-Hans" : "en"}>
              {language.value === "en" ? "中" : "EN"}
            </button>
            <button type="button" class="quiet only-wide" onClick={() => (helping.value = true)} aria-label={t("help.title")} title={`${t("help.title")} (?)`}>
              <Icon name="key" size={15} />
            </button>
          </div>
        </div>
      </nav>
      <div class="stage">
        <LostBanner />
        <main id="main" tabIndex={-1}>
          {children}
        </main>
      </div>
    </div>
  );
}

function LiveDot() {
  return (
    <>
      <span class={`live-dot ${line.value}`} aria-hidden="true" />
      <span>{t(`line.${line.value}`)}</span>
    </>
  );
}

function LostBanner() {
  return (
    <div aria-live="polite">
      {line.value === "lost" && !locked.value && <div class="banner">{t("line.banner", { time: clock(heard.value) })}</div>}
    </div>
  );
}
