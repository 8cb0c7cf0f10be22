import type { Health } from "../api/types.ts";
import { word } from "../i18n/index.ts";

/** The shape of a health: never colour alone. */
export function Glyph({ health, size = 10 }: { health: Health; size?: number }) {
  return (
    <svg class={`glyph is-${health}`} width={size} height={size} viewBox="0 0 10 10" aria-hidden="true">
      {health === "good" && <circle cx="5" cy="5" r="4" />}
      {health === "warn" && <path d="M5 .8 9.6 9H.4z" />}
      {health === "bad" && <rect x="1" y="1" width="8" height="8" />}
      {health === "unknown" && <circle class="hollow" cx="5" cy="5" r="3.4" />}
    </svg>
  );
}

/** Shape and word of a health. */
export function HealthTag({ health }: { health: Health }) {
  return (
    <span class={`tag is-${health}`}>
      <Glyph health={health} />
      {word("health", health)}
    </span>
  );
}

/** Health of an attainment by the bounds of the legend: 99.5 % and 98.2 %. */
export function healthOf(attainment: number | undefined): Health {
  if (attainment === undefined) return "unknown";
  if (attainment >= 0.995) return "good";
  return attainment <= 0.982 ? "bad" : "warn";
}

/** Health of a remaining error budget: half spent is a warning, all spent is bad. */
export function budgetHealth(budget: number | undefined): Health {
  if (budget === undefined) return "unknown";
  if (budget <= 0) return "bad";
  return budget < 0.5 ? "warn" : "good";
}

/** Health of a policy's state. */
export function policyHealth(state: string): Health {
  switch (state) {
    case "open":
    case "downgrade":
      return "bad";
    case "half-open":
      return "warn";
    case "closed":
    case "active":
      return "good";
    default:
      return "unknown";
  }
}
