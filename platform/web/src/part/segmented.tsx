import { go, withChoices } from "../router.ts";

/** A choice kept in the address: one of a few values; the usual one leaves no trace there. */
export function Segmented({ name, label, values, current, usual = "" }: { name: string; label: string; values: [value: string, words: string][]; current: string; usual?: string }) {
  return (
    <div class="segmented" role="group" aria-label={label}>
      {values.map(([value, words]) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === current}
          onClick={() => go(withChoices({ [name]: value === usual ? "" : value }), true)}
        >
          {words}
        </button>
      ))}
    </div>
  );
}
