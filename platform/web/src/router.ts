import { computed, signal } from "@preact/signals";

// The address bar is the only store of what the person looks at: the path names
// the screen, the query its choices. This is the whole router.

interface Place {
  path: string;
  query: URLSearchParams;
}

const read = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });

/** Where the person is. */
export const place = signal<Place>(read());

/** Listens to the browser; call once. */
export function startRouter(): void {
  addEventListener("popstate", () => (place.value = read()));
  document.addEventListener("click", (event) => {
    const link = (event.target as Element | null)?.closest?.("a");
    if (!link || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const href = link.getAttribute("href");
    if (!href?.startsWith("/") || href.startsWith("/api/") || link.target || link.hasAttribute("download")) return;
    event.preventDefault();
    go(href);
  });
}

/** Goes to a path with query; replace leaves no trace in the history. */
export function go(to: string, replace = false): void {
  const from = location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  place.value = read();
  if (location.pathname !== from) {
    scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }
}

/** One choice of the query as a string; missing is the fallback. */
export function choice(name: string, fallback = ""): string {
  return place.value.query.get(name) ?? fallback;
}

/** The present address with some choices changed; an empty value removes one. */
export function withChoices(changes: Record<string, string>): string {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return place.value.path + (text ? `?${text}` : "");
}

/** The path alone, for who does not care about the query. */
export const path = computed(() => place.value.path);
