import { signal } from "@preact/signals";
import { go } from "./router.ts";

/** Whether the search is open. */
export const searching = signal(false);
/** Whether the list of keys is open. */
export const helping = signal(false);

const screens: Record<string, string> = { o: "/", s: "/slos", m: "/map", i: "/incidents" };
const patience = 1200; // ms between g and its second key

let pendingUntil = 0;

/** Listens for keys anywhere outside fields; call once. */
export function startKeyboard(): void {
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && (searching.value || helping.value)) {
      searching.value = false;
      helping.value = false;
      return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      event.preventDefault();
      searching.value = true;
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || inField(event.target)) return;
    const now = performance.now();
    if (pendingUntil > now) {
      pendingUntil = 0;
      const to = screens[event.key];
      if (to) {
        event.preventDefault();
        go(to);
        return;
      }
    }
    if (event.key === "g") pendingUntil = now + patience;
    else if (event.key === "/") {
      event.preventDefault();
      searching.value = true;
    } else if (event.key === "?") {
      event.preventDefault();
      helping.value = true;
    }
  });
}

function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
