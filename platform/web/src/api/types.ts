// The JSON API v1 as the server declares it in platform/internal/api/types.go.
// Times are RFC 3339 strings, durations and latencies seconds, ratios 0 to 1.

export type Health = "unknown" | "good" | "warn" | "bad";
export type Answer = "unknown" | "no" | "yes";
export type Severity = "page" | "ticket" | "";

export interface RED {
  rate: number;
  errorRatio: number;
  p50: number;
  p95: number;
  p99: number;
}

export interface ServiceSummary {
  name: string;
  version?: string;
  health: Health;
  red: RED;
  instances: number;
  sdk: boolean;
  worstBudget?: number;
  slos: number;
  incident?: string;
  lastSeen: string;
}

export interface Instance {
  id: string;
  version?: string;
  connected: boolean;
  since: string;
  policyVersion: number;
  goroutines: number;
  heapBytes: number;
}

export interface PolicyState {
  instance: string;
  kind: string;
  dependency: string;
  state: string;
  explain: string;
  since?: string;
  override?: string;
}

export interface Route {
  name: string;
  red: RED;
}

export interface Edge {
  from: string;
  to: string;
  health: Health;
  red: RED;
  breaker?: string;
}

export interface Node {
  name: string;
  health: Health;
  attainment?: number;
  red: RED;
  external: boolean;
}

export interface Graph {
  at: string;
  nodes: Node[] | null;
  edges: Edge[] | null;
}

export interface BurnWindow {
  severity: Severity;
  long: string;
  short: string;
  factor: number;
  longRate?: number;
  shortRate?: number;
  answer: Answer;
}

export interface SLOStatus {
  name: string;
  displayName?: string;
  service: string;
  description?: string;
  target: number;
  window: string;
  attainment?: number;
  budget?: number;
  burn?: number;
  good: number;
  total: number;
  burning: Answer;
  windows: BurnWindow[] | null;
  document?: string;
  problem?: string;
}

export interface Service extends ServiceSummary {
  processes: Instance[] | null;
  dependencies: Edge[] | null;
  callers: Edge[] | null;
  policies: PolicyState[] | null;
  sloStatus: SLOStatus[] | null;
  actions: Action[] | null;
  routes: Route[] | null;
}

export interface Series {
  name: string;
  unit: string;
  t: number[] | null;
  v: (number | null)[] | null;
}

export interface Mark {
  t: number;
  kind: string;
  text: string;
  link?: string;
}

export interface Chart {
  series: Series[] | null;
  query?: string;
  cli?: string;
  marks?: Mark[] | null;
}

export interface Subject {
  service: string;
  slo?: string;
  dependency?: string;
  instance?: string;
}

export interface Suspect {
  service: string;
  score: number;
}

export interface Cause {
  service: string;
  class: string;
  path: string[] | null;
  score: number;
  also?: Suspect[] | null;
}

export interface Evidence {
  kind: string;
  subject: string;
  observed: number;
  expected: number;
  unit: string;
  detail: string;
}

export interface Verdict {
  claim: string;
  subject: Subject;
  answer: Answer;
  at: string;
  severity?: Severity;
  reason: string;
  evidence?: Evidence[] | null;
  cause?: Cause | null;
}

export type ActionState = "planned" | "applied" | "done" | "undone" | "failed" | "refused";

export interface Action {
  id: string;
  incident?: string;
  kind: string;
  target: Subject;
  reason: string;
  by: string;
  state: ActionState;
  plannedAt: string;
  appliedAt?: string;
  endedAt?: string;
  expires?: string;
  error?: string;
  undo?: string;
  params?: Record<string, string>;
}

export interface IncidentSummary {
  id: string;
  title: string;
  state: string;
  severity: Severity;
  service: string;
  slo: string;
  cause?: Cause | null;
  openedAt: string;
  endedAt?: string;
}

export interface TimelineEntry {
  at: string;
  step: string;
  text: string;
  evidence?: Evidence[] | null;
  action?: string;
}

export interface Incident extends IncidentSummary {
  timeline: TimelineEntry[] | null;
  actions: Action[] | null;
  verdicts: Verdict[] | null;
}

export interface Overview {
  at: string;
  services: ServiceSummary[] | null;
  incidents: IncidentSummary[] | null;
  slos: SLOStatus[] | null;
}

export interface Status {
  version: string;
  startedAt: string;
  dataDir: string;
  temporary: boolean;
  demo: boolean;
  counters: Record<string, number> | null;
}

export interface Finding {
  file: string;
  line: number;
  column: number;
  message: string;
  suggestion?: string;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  hint?: string;
  findings?: Finding[];
}

export interface Demo {
  protected: boolean;
  fault?: string;
  since?: string;
  faults: { name: string; text: string }[] | null;
  processes: DemoProcess[] | null;
  load: DemoLoad;
}

export interface DemoProcess {
  service: string;
  pid: number;
  address: string;
  startedAt: string;
  restarts: number;
}

export interface DemoLoad {
  rate: number;
  ok: number;
  degraded: number;
  failed: number;
}

export interface LiveEvent {
  name: string;
  id?: string;
  at: string;
}
