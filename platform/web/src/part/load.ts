import type { DemoLoad } from "../api/types.ts";

/** What the load generator said at a moment; ms. */
export interface Sample {
  at: number;
  load: DemoLoad;
}

/** What users met within one interval of samples, per second. */
export interface Second {
  at: number;
  ok: number;
  degraded: number;
  failed: number;
}

/** Rates between samples of ever-growing counters; a counter that fell has restarted. */
export function perSecond(samples: Sample[]): Second[] {
  const seconds: Second[] = [];
  for (let i = 1; i < samples.length; i++) {
    const [before, after] = [samples[i - 1]!, samples[i]!];
    const passed = (after.at - before.at) / 1000;
    const ok = after.load.ok - before.load.ok;
    const degraded = after.load.degraded - before.load.degraded;
    const failed = after.load.failed - before.load.failed;
    if (passed <= 0 || ok < 0 || degraded < 0 || failed < 0 || ok + degraded + failed === 0) continue;
    seconds.push({ at: after.at, ok: ok / passed, degraded: degraded / passed, failed: failed / passed });
  }
  return seconds;
}
