import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { ApiError, call } from "../api/fetch.ts";
import { useResource } from "../api/resource.ts";
import type { Demo, Status } from "../api/types.ts";
import { count, isSet, percent, rate } from "../format.ts";
import { t, word } from "../i18n/index.ts";
import { Glyph } from "./health.tsx";
import { perSecond, type Sample, type Second } from "./load.ts";
import { Panel } from "./panel.tsx";
import { Lasted } from "./when.tsx";

const kept = 90; // seconds of load shown

/** What the load generator said lately, kept while the person looks at other screens. */
const samples = signal<Sample[]>([]);

/** The demo shop under `backstay dev`, nothing elsewhere. */
export function DemoPanel() {
  const { data } = useResource<Status>("status", 60);
  return data?.demo ? <Shop /> : null;
}

/** What the shop's users meet, and faults to break it with. */
function Shop() {
  const { data, refresh } = useResource<Demo>("demo");
  const [pending, setPending] = useState("");
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    if (data) samples.value = [...samples.peek(), { at: Date.now(), load: data.load }].filter((s) => Date.now() - s.at <= (kept + 2) * 1000);
  }, [data]);
  if (!data) return null;

  const ask = async (name: string, method: string, path: string, body?: unknown): Promise<void> => {
    setPending(name);
    setTrouble("");
    try {
      await call(method, path, body);
    } catch (cause) {
      setTrouble(cause instanceof ApiError ? [cause.message, cause.problem.hint].filter(Boolean).join(" · ") : String(cause));
    } finally {
      setPending("");
      refresh();
    }
  };
  const seconds = perSecond(samples.value);
  const last = seconds.at(-1);
  const faults = data.faults ?? [];
  return (
    <Panel
      title={t("demo.title")}
      class="demo"
      note={data.fault ? undefined : t("demo.lede")}
      tools={
        <label class="toggle">
          <input
            type="checkbox"
            role="switch"
            checked={data.protected}
            disabled={pending !== ""}
            onChange={(event) => void ask("protection", "POST", "demo/protection", { protected: event.currentTarget.checked })}
          />
          <span class="toggle-track" aria-hidden="true" />
          <span>{pending === "protection" ? t("demo.restarting") : data.protected ? t("demo.protected") : t("demo.unprotected")}</span>
        </label>
      }
    >
      <div class="demo-body">
        <div class="demo-faults" role="group" aria-label={t("demo.faults")}>
          {faults.map((fault) => (
            <button
              key={fault.name}
              type="button"
              class="fault"
              aria-pressed={data.fault === fault.name}
              disabled={pending !== "" || (data.fault !== undefined && data.fault !== "")}
              onClick={() => void ask(fault.name, "POST", "demo/faults", { name: fault.name })}
            >
              <b>{fault.name}</b>
              <span>{word("fault", fault.name) === fault.name ? fault.text : word("fault", fault.name)}</span>
            </button>
          ))}
          <button type="button" class="fault heal" disabled={pending !== "" || !data.fault} onClick={() => void ask("heal", "DELETE", "demo/faults")}>
            <b>{t("demo.heal")}</b>
            <span>{data.fault && isSet(data.since) ? <ArmedFor fault={data.fault} since={data.since} /> : t("demo.healthy")}</span>
          </button>
        </div>
        <div class="demo-load">
          <p class="demo-load-head">
            <span>{t("demo.users")}</span>
            <b class="num">{rate(data.load.rate)}</b>
            {last && <Outcomes second={last} />}
          </p>
          <LoadStrip seconds={seconds} />
          <p class="demo-totals num">
            {t("demo.totals", { ok: count(data.load.ok), degraded: count(data.load.degraded), failed: count(data.load.failed) })}
          </p>
        </div>
      </div>
      {trouble && (
        <p class="notice is-bad" role="alert">
          {trouble}
        </p>
      )}
    </Panel>
  );
}

function ArmedFor({ fault, since }: { fault: string; since: string }) {
  return (
    <>
      {fault} · <Lasted from={since} />
    </>
  );
}

function Outcomes({ second }: { second: Second }) {
  const total = second.ok + second.degraded + second.failed;
  return (
    <span class="outcomes num">
      <span>
        <Glyph health="good" /> {percent(total > 0 ? second.ok / total : undefined)} {t("demo.ok")}
      </span>
      <span>
        <Glyph health="warn" /> {percent(total > 0 ? second.degraded / total : undefined)} {t("demo.degraded")}
      </span>
      <span>
        <Glyph health="bad" /> {percent(total > 0 ? second.failed / total : undefined)} {t("demo.failed")}
      </span>
    </span>
  );
}

function LoadStrip({ seconds }: { seconds: Second[] }) {
  const width = kept * 4;
  const height = 44;
  return (
    <svg class="strip" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={t("demo.strip")}>
      {seconds.map((s) => {
        const total = s.ok + s.degraded + s.failed;
        const age = ((seconds.at(-1)?.at ?? s.at) - s.at) / 1000;
        if (total <= 0 || age > kept) return null;
        const x = width - (age + 1) * 4;
        const failed = (s.failed / total) * height;
        const degraded = (s.degraded / total) * height;
        return (
          <g key={s.at}>
            <rect class="strip-failed" x={x} y={0} width={3.2} height={failed} />
            <rect class="strip-degraded" x={x} y={failed} width={3.2} height={degraded} />
            <rect class="strip-ok" x={x} y={failed + degraded} width={3.2} height={Math.max(0, height - failed - degraded)} />
          </g>
        );
      })}
    </svg>
  );
}
