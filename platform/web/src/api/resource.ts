import { useEffect, useState } from "preact/hooks";
import { change, line, tick } from "./live.ts";
import { ApiError, call } from "./fetch.ts";

/** What a screen asked the API for, as it stands. */
export interface Resource<T> {
  data?: T | undefined;
  error?: ApiError | undefined;
  /** Asks again now. */
  refresh: () => void;
}

/**
 * Keeps the answer of a GET fresh: asks at once, then on every n-th tick of the
 * live stream and on every change. The last answer stays on the screen while the
 * server cannot be reached. Path undefined asks nothing.
 */
export function useResource<T>(path: string | undefined, every = 1): Resource<T> {
  const [state, setState] = useState<{ path?: string | undefined; data?: T; error?: ApiError }>({});
  const [refresh, setRefresh] = useState<() => void>(() => () => {});

  useEffect(() => {
    if (path === undefined) return;
    const abort = new AbortController();
    let busy = false;
    let again = false;
    const ask = async (): Promise<void> => {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      try {
        const data = await call<T>("GET", path, undefined, abort.signal);
        setState({ path, data });
      } catch (cause) {
        if (abort.signal.aborted) return;
        const error = cause instanceof ApiError ? cause : new ApiError(0, { title: String(cause) });
        // Keep what we have when the server is away; drop it when the server says it is gone.
        setState((old) => ({ path, error, ...(error.status === 0 && subject(old.path) === subject(path) && old.data !== undefined ? { data: old.data } : {}) }));
      } finally {
        busy = false;
        if (again && !abort.signal.aborted) {
          again = false;
          void ask();
        }
      }
    };
    setRefresh(() => () => void ask());
    void ask();

    let first = true;
    const stopTick = tick.subscribe((count) => {
      if (!first && !document.hidden && !busy && count % every === 0) void ask();
    });
    const stopChange = change.subscribe(() => {
      if (!first && !document.hidden) void ask();
    });
    const stopLine = line.subscribe((now) => {
      if (!first && now === "live") void ask();
    });
    first = false;
    const shown = (): void => {
      if (!document.hidden) void ask();
    };
    document.addEventListener("visibilitychange", shown);
    return () => {
      abort.abort();
      stopTick();
      stopChange();
      stopLine();
      document.removeEventListener("visibilitychange", shown);
    };
  }, [path, every]);

  // A chart's range moves on with the clock: its last answer stays until the next is there.
  const current = state.path !== undefined && subject(state.path) === subject(path);
  return { data: current ? state.data : undefined, error: current ? state.error : undefined, refresh };
}

/** What a path is about: the path without its choices. */
function subject(path: string | undefined): string | undefined {
  return path?.split("?", 1)[0];
}
