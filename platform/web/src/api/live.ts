import { signal } from "@preact/signals";
import type { LiveEvent } from "./types.ts";

// The live stream says when something changed, never what: screens ask again.

/** How the stream stands. */
export type Line = "connecting" | "live" | "lost";

export const line = signal<Line>("connecting");
/** When the last message came, in ms. */
export const heard = signal(Date.now());
/** Counts ticks of the server; resources refresh with it. */
export const tick = signal(0);
/** Counts changes of incidents, actions, objectives, services. */
export const change = signal(0);

const names = ["tick", "incident", "action", "slo", "service"];
const silence = 6000; // ms without a message after which the stream counts as dead
const longest = 10000; // ms between attempts at most

let source: EventSource | undefined;
let attempts = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Opens the stream and keeps it open; call once. */
export function startLive(): void {
  connect();
  setInterval(() => {
    if (line.value === "live" && Date.now() - heard.value > silence) retry();
  }, 1000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && line.value === "lost") connect();
  });
}

function connect(): void {
  clearTimeout(timer);
  source?.close();
  source = new EventSource("/api/v1/events");
  source.onopen = () => {
    attempts = 0;
    heard.value = Date.now();
    line.value = "live";
    tick.value++;
    change.value++;
  };
  source.onerror = retry;
  source.onmessage = receive;
  for (const name of names) source.addEventListener(name, receive);
}

function receive(message: MessageEvent<string>): void {
  heard.value = Date.now();
  let name = message.type;
  if (name === "message") {
    try {
      name = (JSON.parse(message.data) as LiveEvent).name;
    } catch {
      return;
    }
  }
  if (name === "tick") tick.value++;
  else change.value++;
}

function retry(): void {
  source?.close();
  source = undefined;
  line.value = "lost";
  clearTimeout(timer);
  timer = setTimeout(connect, pause(attempts++, Math.random()));
}

/** How long to wait before an attempt: doubling, jittered by half, bounded; ms. */
export function pause(attempt: number, random: number): number {
  const whole = Math.min(longest, 500 * 2 ** Math.min(attempt, 10));
  return whole / 2 + (random * whole) / 2;
}
