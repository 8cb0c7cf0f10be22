import { signal } from "@preact/signals";
import type { Problem } from "./types.ts";

/** Whether the server has asked for a token: then its silence is no failure. */
export const locked = signal(false);

/** An answer of the API that is not the thing asked for, or no answer at all. */
export class ApiError extends Error {
  readonly status: number; // 0: the server was not reached
  readonly problem: Partial<Problem>;

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

/** Calls the API and reads JSON; throws ApiError. What changes something is finished even when the person leaves the page. */
export function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const json = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return ask<T>(path, { method, signal: signal ?? null, keepalive: method !== "GET", ...json });
}

/** Sends a YAML document and reads JSON; throws ApiError. */
export function send<T>(path: string, yaml: string): Promise<T> {
  return ask<T>(path, { method: "POST", headers: { "Content-Type": "application/yaml" }, body: yaml });
}

async function ask<T>(path: string, request: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/v1/${path}`, { ...request, credentials: "same-origin" });
  } catch (cause) {
    if ((cause as Error).name === "AbortError") throw cause;
    throw new ApiError(0, { title: String((cause as Error).message ?? cause) });
  }
  if (!response.ok) {
    if (response.status === 401) locked.value = true;
    const problem = (await response.json().catch(() => ({ title: response.statusText }))) as Partial<Problem>;
    throw new ApiError(response.status, problem);
  }
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}
