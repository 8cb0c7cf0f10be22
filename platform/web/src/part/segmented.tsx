import { go, withChoices } from "../router.ts";

/** A choice kept in the address: one of a few values, the first being the default. */
export function Segmented({ name, label, values, current }: { name: string; label: string; values: [value: string, words: string][]; current: string }) {
  const first = values[0]?.[0] ?? "";
  return (
    <div class="segmented" role="group" aria-label={label}>
      {values.map(([value, words]) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === current}
          onClick={() => go(withChoices({ [name]: value === first ? "" : value }), true)}
        >
          {words}
        </button>
      ))}
    </div>
  );
}
