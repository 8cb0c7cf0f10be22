import { useState } from "preact/hooks";
import { ApiError, call, send } from "../api/fetch.ts";
import { useResource } from "../api/resource.ts";
import type { Finding, Overview, SLOStatus } from "../api/types.ts";
import type { ScreenProps } from "../app.tsx";
import { t } from "../i18n/index.ts";
import { Glyph } from "../part/health.tsx";
import { Panel } from "../part/panel.tsx";
import { choice, go, withChoices } from "../router.ts";

/** What the server made of the document. */
interface Judgement {
  fine?: string;
  trouble?: string;
  findings?: Finding[];
}

/** A new objective as an OpenSLO document: proposed, checked, then stored. */
export function NewSLOScreen(_: ScreenProps) {
  const { data } = useResource<Overview>("overview", 30);
  const services = (data?.services ?? []).map((s) => s.name).sort();
  const service = choice("service") || services[0] || "checkout";
  const [written, setWritten] = useState<string>();
  const [judgement, setJudgement] = useState<Judgement>({});
  const [busy, setBusy] = useState(false);
  const text = written ?? proposal(service);

  const hand = async (check: boolean): Promise<void> => {
    setBusy(true);
    try {
      const found = await send<SLOStatus[]>(`slos${check ? "?check=1" : ""}`, text);
      const first = found[0];
      if (!check && first) {
        await judged(first.name);
        go(`/slos/${encodeURIComponent(first.name)}`);
      } else setJudgement({ fine: t("newslo.fine", { names: found.map((s) => s.name).join(", ") }) });
    } catch (cause) {
      const problem = cause instanceof ApiError ? cause.problem : { title: String(cause) };
      setJudgement({ trouble: problem.detail || problem.title || String(cause), findings: problem.findings ?? [] });
    } finally {
      setBusy(false);
    }
  };

  return (
    <div class="screen">
      <header class="title">
        <p class="crumbs">
          <a href="/slos">{t("nav.slos")}</a> /
        </p>
        <h1>{t("newslo.title")}</h1>
        <p class="lede">{t("newslo.lede")}</p>
      </header>
      <Panel
        title="OpenSLO"
        tools={
          services.length > 0 && (
            <select
              aria-label={t("slo.service")}
              value={service}
              onChange={(event) => {
                setWritten(undefined);
                setJudgement({});
                go(withChoices({ service: event.currentTarget.value }), true);
              }}
            >
              {services.map((s) => (
                <option key={s}>{s}</option>
              ))}
            </select>
          )
        }
      >
        <textarea
          class="editor mono"
          aria-label={t("slo.document")}
          spellcheck={false}
          rows={text.split("\n").length + 1}
          value={text}
          onInput={(event) => {
            setWritten(event.currentTarget.value);
            setJudgement({});
          }}
        />
        <div class="editor-foot">
          <button type="button" class="button" disabled={busy} onClick={() => void hand(true)}>
            {t("newslo.check")}
          </button>
          <button type="button" class="button primary" disabled={busy} onClick={() => void hand(false)}>
            {t("newslo.store")}
          </button>
          <span role="status" class="editor-answer">
            {judgement.fine && (
              <>
                <Glyph health="good" /> {judgement.fine}
              </>
            )}
            {judgement.trouble && (
              <>
                <Glyph health="bad" /> {judgement.trouble}
              </>
            )}
          </span>
        </div>
        {(judgement.findings ?? []).length > 0 && (
          <ul class="findings">
            {judgement.findings!.map((f) => (
              <li key={`${f.line}:${f.column}:${f.message}`}>
                <span class="mono">
                  {f.line}:{f.column}
                </span>
                <span>{f.message}</span>
                {f.suggestion && <span class="faint">{f.suggestion}</span>}
              </li>
            ))}
          </ul>
        )}
      </Panel>
    </div>
  );
}

/** Waits until the server has judged a new objective once, which it does every second. */
async function judged(name: string): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const all = await call<SLOStatus[] | null>("GET", "slos");
    if ((all ?? []).some((s) => s.name === name)) return;
    await new Promise((done) => setTimeout(done, 250));
  }
}

/** A first objective that any service can be given. */
function proposal(service: string): string {
  return `apiVersion: openslo/v1
kind: SLO
metadata:
  name: ${service.toLowerCase().replace(/[^a-z0-9-]+/g, "-")}-available
  displayName: ${JSON.stringify(`${service} is available`)}
spec:
  description: 99.9 % of requests are answered without an error.
  service: ${JSON.stringify(service)}
  budgetingMethod: Occurrences
  timeWindow:
    - duration: 30d
      isRolling: true
  indicator:
    metadata:
      name: answered
    spec:
      ratioMetric:
        good:
          metricSource:
            type: backstay
            spec:
              service: ${JSON.stringify(service)}
        total:
          metricSource:
            type: backstay
            spec:
              service: ${JSON.stringify(service)}
  objectives:
    - target: 0.999
`;
}
