import { signal } from "@preact/signals";

/** The present in ms, moved once a second, for ages on the screen. */
export const now = signal(Date.now());

/** Starts the clock; call once. */
export function startClock(): void {
  setInterval(() => (now.value = Date.now()), 1000);
}
