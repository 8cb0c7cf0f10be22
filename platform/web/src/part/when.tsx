import { now } from "../clock.ts";
import { clock, dash, day, isSet, span } from "../format.ts";
import { t } from "../i18n/index.ts";

/** How long ago something was, moving; the exact time on hover. */
export function Ago({ at }: { at: string | undefined }) {
  if (!isSet(at)) return <span>{dash}</span>;
  const passed = Math.max(0, (now.value - Date.parse(at)) / 1000);
  return (
    <time dateTime={at} title={`${day(at)} ${clock(at)}`}>
      {passed < 2 ? t("when.now") : t("when.ago", { span: span(passed) })}
    </time>
  );
}

/** Time since something began, moving, or up to its end. */
export function Lasted({ from, to }: { from: string; to?: string | undefined }) {
  const end = isSet(to) ? Date.parse(to) : now.value;
  return <span class="num">{span(Math.max(0, (end - Date.parse(from)) / 1000))}</span>;
}

/** How long until a lease ends, moving. */
export function Left({ until }: { until: string }) {
  const rest = (Date.parse(until) - now.value) / 1000;
  return <span class="num">{rest <= 0 ? t("when.over") : span(rest)}</span>;
}
