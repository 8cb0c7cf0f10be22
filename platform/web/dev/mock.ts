import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import type { Action, Chart, Demo, Edge, Graph, Incident, Overview, RED, Service, ServiceSummary, SLOStatus, Status, TimelineEntry } from "../src/api/types.ts";

// A made-up shop for work on the console without a server. Development only: the
// plugin does not take part in a build. POST /api/v1/demo/faults breaks payment.

const started = Date.now();
const iso = (ms: number): string => new Date(ms).toISOString();
const totals = { ok: 184_220, degraded: 312, failed: 88 };
let fault = "";
let brokenAt = 0;
let healedAt = 0;
let isProtected = true;

const sick = (at = Date.now()): boolean => fault !== "" && at > brokenAt + 1500;
const wave = (seed: number, at: number): number => Math.sin(at / 9000 + seed) * 0.5 + Math.sin(at / 2300 + seed * 3) * 0.3;

function red(rate: number, p50: number, errors: number, seed: number, at = Date.now()): RED {
  return { rate: rate * (1 + 0.03 * wave(seed, at)), errorRatio: errors, p50, p95: p50 * (2.7 + 0.3 * wave(seed, at)), p99: p50 * 5.2 };
}

const names = ["gateway", "order", "payment", "inventory"];
const paymentErrors = (at = Date.now()): number => (sick(at) ? 0.492 : 0.0003);

function services(): ServiceSummary[] {
  const open = incidents().find((i) => i.state === "open")?.id;
  const figures: Record<string, RED> = {
    gateway: red(200, 0.0142, sick() ? 0.0041 : 0.0002, 1),
    order: red(200, 0.0118, sick() ? 0.0052 : 0.0002, 2),
    payment: red(sick() ? 4.2 : 200, 0.0051, paymentErrors(), 3),
    inventory: red(200, 0.0034, 0, 4),
  };
  const list = names.map((name): ServiceSummary => ({
    name,
    version: "1.4.2",
    health: name === "payment" && sick() ? "bad" : name === "gateway" && sick() ? "warn" : "good",
    red: figures[name]!,
    instances: 1,
    sdk: true,
    ...(name === "gateway" ? { worstBudget: sick() ? -0.42 : 0.874 } : {}),
    slos: name === "gateway" ? 3 : 0,
    ...(open && (name === "payment" || name === "gateway") ? { incident: open } : {}),
    lastSeen: iso(Date.now() - 800),
  }));
  list.push({ name: "ledger-otel", health: "good", red: red(12, 0.0021, 0, 6), instances: 0, sdk: false, slos: 0, lastSeen: iso(Date.now() - 2100) });
  return list;
}

const edge = (from: string, to: string, r: RED, breaker?: string): Edge => ({
  from,
  to,
  health: r.errorRatio > 0.018 ? "bad" : r.errorRatio > 0.005 ? "warn" : "good",
  red: r,
  ...(breaker ? { breaker } : {}),
});

function graph(): Graph {
  return {
    at: iso(Date.now()),
    nodes: [
      ...services().map((s) => ({ name: s.name, health: s.health, attainment: s.name === "payment" && sick() ? 0.508 : s.name === "gateway" && sick() ? 0.9871 : 0.99968, red: s.red, external: false })),
      { name: "warehouse:9000", health: "good" as const, attainment: 0.9997, red: red(198, 0.0012, 0, 8), external: true },
    ],
    edges: [
      edge("gateway", "order", red(200, 0.0121, sick() ? 0.0052 : 0, 2), "closed"),
      edge("order", "payment", red(sick() ? 4.2 : 200, 0.0056, paymentErrors(), 3), sick() ? "open" : "closed"),
      edge("order", "inventory", red(200, 0.0037, 0, 4), "closed"),
      edge("payment", "ledger-otel", red(12, 0.0024, 0, 6)),
      edge("inventory", "warehouse:9000", red(198, 0.0015, 0, 8)),
    ],
  };
}

function slo(name: string, displayName: string, target: number, share: number): SLOStatus {
  const burning = sick() && name !== "checkout-fast";
  const rate = burning ? 24.6 : 0.31;
  const total = 714_000;
  const left = burning ? -0.42 : share;
  return {
    name,
    displayName,
    service: "gateway",
    description: "Shoppers get their answer within a second, without a server error.",
    target,
    window: "1h0m0s",
    attainment: 1 - (1 - target) * (1 - left),
    budget: left,
    burn: rate,
    good: Math.round(total * (1 - (1 - target) * (1 - left))),
    total,
    burning: burning ? "yes" : "no",
    windows: [
      { severity: "page", long: "5s", short: "1s", factor: 14.4, longRate: rate, shortRate: rate * 1.1, answer: burning ? "yes" : "no" },
      { severity: "page", long: "30s", short: "2.5s", factor: 6, longRate: rate / 2, shortRate: rate, answer: burning ? "yes" : "no" },
      { severity: "ticket", long: "2m0s", short: "10s", factor: 3, longRate: rate / 9, shortRate: rate, answer: "no" },
      { severity: "ticket", long: "6m0s", short: "30s", factor: 1, answer: "unknown" },
    ],
    document: `apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: ${name}\n  displayName: ${displayName}\nspec:\n  service: gateway\n  timeWindow:\n    - duration: 1h\n      isRolling: true\n  budgetingMethod: Occurrences\n  objectives:\n    - target: ${target}\n`,
  };
}

const slos = (): SLOStatus[] => [slo("checkout-complete", "Checkout complete", 0.99, 0.874), slo("checkout-available", "Checkout available", 0.999, 0.93), slo("checkout-fast", "Checkout fast", 0.99, 0.962)];

function incidents(): Incident[] {
  const found: Incident[] = [];
  if (brokenAt > 0) found.push(incident("01K9ZC3B7T", brokenAt, fault === "" ? healedAt + 6200 : 0));
  found.push(incident("01K9YX00Q4", started - 3_400_000, started - 3_310_000));
  return found.filter((i) => Date.parse(i.openedAt) < Date.now());
}

function incident(id: string, at: number, ended: number): Incident {
  const now = Date.now();
  const over = ended > 0 && ended < now;
  const cause = { service: "payment", class: "errors", path: ["gateway", "order", "payment"], score: 0.94, also: [{ service: "order", score: 0.21 }] };
  const action: Action = {
    id: "a-117", incident: id, kind: "override", target: { service: "order", dependency: "payment" }, by: "ladder", state: over ? "undone" : "applied",
    reason: "payment fails for 49 % of calls: order answers from its fallback while probes go on", plannedAt: iso(at + 9600), appliedAt: iso(at + 9700), expires: iso(at + 309_700),
    ...(over ? { endedAt: iso(ended) } : {}), undo: "order calls payment again",
  };
  const degrade: Action = {
    ...action, id: "a-118", kind: "degrade", target: { service: "gateway" }, reason: "gateway sheds what is optional until checkout keeps its objective", undo: "gateway serves everything again",
  };
  const evidence = [{ kind: "edge-errors", subject: "order → payment", observed: 0.492, expected: 0.0003, unit: "ratio", detail: "492 of 1,000 calls failed in the last 5 s; 0.03 % in the quarter of an hour before" }];
  const all: TimelineEntry[] = [
    { at: iso(at + 1100), step: "signal", text: "order's breaker for payment opened: 50 % of 40 calls failed within 10 s" },
    { at: iso(at + 1300), step: "signal", text: "order answers payment from its fallback" },
    { at: iso(at + 5200), step: "verdict", text: "checkout-complete burns its budget 24.6 times too fast", evidence: [{ kind: "burn-rate", subject: "checkout-complete", observed: 24.6, expected: 14.4, unit: "x", detail: "over 5 s and over 1 s, both above 14.4 times" }] },
    { at: iso(at + 9100), step: "cause", text: "payment answers with errors", evidence: [...evidence, { kind: "breaker-open", subject: "order → payment", observed: 1, expected: 0, unit: "count", detail: "open since the first second of the outage" }] },
    { at: iso(at + 9700), step: "action", text: "Fallback in place for order → payment, for 5 minutes", action: "a-117" },
    { at: iso(at + 9800), step: "action", text: "Degrade flag raised on gateway", action: "a-118" },
    ...(ended > 0 ? [{ at: iso(ended - 2000), step: "signal", text: "order's breaker for payment closed after 3 good probes" }, { at: iso(ended), step: "recovery", text: "checkout-complete is met again; overrides undone" }] : []),
  ];
  const timeline = all.filter((e) => Date.parse(e.at) <= now);
  const named = timeline.some((e) => e.step === "cause");
  return {
    id, title: "Checkout complete burns its budget", state: over ? "resolved" : "open", severity: "page", service: "gateway", slo: "checkout-complete",
    ...(named ? { cause } : {}), openedAt: iso(at + 5200), ...(over ? { endedAt: iso(ended) } : {}),
    timeline, actions: timeline.some((e) => e.step === "action") ? [degrade, action] : [],
    verdicts: [
      { claim: "burning", subject: { service: "gateway", slo: "checkout-complete" }, answer: over ? "no" : "yes", at: iso(at + 5200), severity: "page", reason: "24.6 times the rate that spends the budget in 1 h" },
      ...(named ? [{ claim: "caused-by", subject: { service: "payment" }, answer: "yes" as const, at: iso(at + 9100), reason: "payment is the deepest service on the path whose own calls fail", evidence, cause }] : []),
    ],
  };
}

function service(name: string): Service {
  const g = graph();
  const summary = services().find((s) => s.name === name)!;
  const opened = sick() ? "open" : "closed";
  const policies = summary.sdk
    ? (g.edges ?? []).filter((e) => e.from === name).flatMap((e) => [
        { instance: `${name}-7f3a`, kind: "fallback", dependency: e.to, state: "active", explain: "answers 200 with a queued payment when the call fails, times out or is rejected" },
        { instance: `${name}-7f3a`, kind: "breaker", dependency: e.to, state: e.to === "payment" ? opened : "closed", explain: e.to === "payment" && sick() ? "50 % of 40 calls failed within 10 s; probing every 0.6 s" : "0 of 1,998 calls failed within 10 s", since: iso(brokenAt || started), ...(e.to === "payment" && sick() ? { override: "a-117" } : {}) },
        { instance: `${name}-7f3a`, kind: "retry", dependency: e.to, state: "active", explain: "up to 2 more attempts for idempotent calls; budget 10 %" },
        { instance: `${name}-7f3a`, kind: "timeout", dependency: e.to, state: "active", explain: "0.5 s" },
      ])
    : [];
  return {
    ...summary,
    processes: summary.sdk ? [{ id: `${name}-7f3a`, version: "1.4.2", connected: true, since: iso(started), policyVersion: 12, goroutines: 41, heapBytes: 7_340_032 }] : [],
    dependencies: (g.edges ?? []).filter((e) => e.from === name),
    callers: (g.edges ?? []).filter((e) => e.to === name),
    policies,
    sloStatus: name === "gateway" ? slos() : [],
    actions: name === "gateway" || name === "order" ? incidents().flatMap((i) => i.actions ?? []).slice(0, 4) : [],
    routes: [{ name: "POST /checkout", red: summary.red }, { name: "GET /healthz", red: red(0.1, 0.0003, 0, 5) }],
  };
}

function chart(query: URLSearchParams, lines: [string, string, (at: number) => number | null][]): Chart {
  const [from, to, step] = ["from", "to", "step"].map((k) => Number(query.get(k))) as [number, number, number];
  const t: number[] = [];
  for (let at = from; at <= to; at += step) t.push(at);
  return {
    series: lines.map(([name, unit, f]) => ({ name, unit, t, v: t.map((at) => (at * 1000 < started - 600_000 ? null : f(at * 1000))) })),
    query: 'sum(rate(http_server_request_duration_seconds_count{service="gateway"}[1m]))',
    cli: "backstay service show gateway",
    marks: brokenAt > 0 ? [{ t: Math.round((brokenAt + 5200) / 1000), kind: "verdict", text: "burning" }, { t: Math.round((brokenAt + 9700) / 1000), kind: "action", text: "fallback" }] : [],
  };
}

function demo(): Demo {
  return {
    protected: isProtected, ...(fault ? { fault, since: iso(brokenAt) } : {}),
    faults: [["payment-errors", "half of the payments fail"], ["payment-slow", "each payment takes 2 s"], ["inventory-leak", "goroutines leak"], ["order-panic", "orders panic"], ["payment-kill", "payment dies"]].map(([name, text]) => ({ name: name!, text: text! })),
    processes: names.map((s, i) => ({ service: s, pid: 4200 + i, address: `127.0.0.1:${41000 + i}`, startedAt: iso(started), restarts: 0 })),
    load: { rate: 200, ...totals },
  };
}

function answer(method: string, path: string, query: URLSearchParams, body: string): unknown {
  const [head, id = "", tail = ""] = path.split("/").map(decodeURIComponent);
  if (method !== "GET") {
    if (path === "demo/faults") {
      if (method === "DELETE") [fault, healedAt] = ["", Date.now()];
      else [fault, brokenAt] = [(JSON.parse(body) as { name: string }).name, Date.now()];
    } else if (path === "demo/protection") isProtected = (JSON.parse(body) as { protected: boolean }).protected;
    return demo();
  }
  switch (head) {
    case "overview":
      return { at: iso(Date.now()), services: services(), slos: slos(), incidents: incidents() } satisfies Overview;
    case "services":
      if (tail === "red")
        return chart(query, [["rate", "req/s", (at) => 200 + 12 * wave(1, at)], ["errors", "ratio", (at) => (brokenAt && at > brokenAt && (fault || at < healedAt) ? 0.006 + 0.002 * wave(2, at) : 0.0002)], ["p50", "s", (at) => 0.014 + 0.002 * wave(3, at)], ["p95", "s", (at) => 0.041 + 0.006 * wave(4, at)], ["p99", "s", (at) => 0.078 + 0.02 * wave(5, at)]]);
      return id ? (services().some((s) => s.name === id) ? service(id) : undefined) : services();
    case "slos":
      if (tail === "budget") return chart(query, [["budget", "ratio", (at) => 0.9 - (brokenAt && at > brokenAt ? Math.min(1.3, (at - brokenAt) / 60_000) : 0)]]);
      if (tail === "burn") return chart(query, [["burn", "x", (at) => (brokenAt && at > brokenAt && (fault || at < healedAt) ? 24 + 3 * wave(1, at) : 0.3 + 0.2 * wave(2, at))]]);
      return id ? slos().find((s) => s.name === id) : slos();
    case "topology":
      return graph();
    case "incidents":
      return id ? incidents().find((i) => i.id === id) : incidents().filter((i) => !query.get("state") || i.state === query.get("state"));
    case "demo":
      return demo();
    case "status":
      return { version: "0.1.0-dev", startedAt: iso(started), dataDir: "/tmp/backstay-2113", temporary: true, demo: true, counters: { "spans stored": 1_284_112, "samples stored": 402_113, "spans refused": 0 } } satisfies Status;
  }
  return undefined;
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://mock");
  const path = url.pathname.replace(/^\/+/, "");
  if (path === "events") {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const timer = setInterval(() => response.write(`event: tick\ndata: {"name":"tick","at":"${iso(Date.now())}"}\n\n`), 1000);
    response.on("close", () => clearInterval(timer));
    response.write("retry: 1000\n\n");
    return;
  }
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    const found = answer(request.method ?? "GET", path, url.searchParams, body);
    response.writeHead(found === undefined ? 404 : 200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(found ?? { title: "not found", status: 404 }));
  });
}

/** Answers the API in development without a server. */
export function mock(): Plugin {
  return {
    name: "mock",
    apply: "serve",
    configureServer(server) {
      setInterval(() => {
        totals.ok += sick() ? 8 : 200;
        totals.degraded += sick() ? 190 : 0;
        totals.failed += sick() ? 2 : 0;
      }, 1000).unref();
      server.middlewares.use("/api/v1", serve);
    },
  };
}
