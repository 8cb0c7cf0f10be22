import { effect, signal } from "@preact/signals";
import { place } from "../router.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

// Words of the console. What the server writes (reasons, evidence) stays as it is.

export type Key = keyof typeof en;
export type Language = "en" | "zh";

const dictionaries: Record<Language, Record<Key, string>> = { en, zh };

export const language = signal<Language>(stored());

function stored(): Language {
  const asked = place.value.query.get("lang") ?? localStorage.getItem("backstay.lang") ?? navigator.language;
  return asked.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** Keeps the document's language in step; call once. */
export function startLanguage(): void {
  effect(() => {
    document.documentElement.lang = language.value === "zh" ? "zh-Hans" : "en";
  });
}

/** Switches between the two languages, kept for the next visit. */
export function turnLanguage(): void {
  language.value = language.value === "en" ? "zh" : "en";
  localStorage.setItem("backstay.lang", language.value);
}

/** The words of a key, with {names} replaced. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return dictionaries[language.value][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The words for a value of the API when we know it, else the value itself. */
export function word(family: string, value: string): string {
  const key = `${family}.${value}`;
  return key in en ? t(key as Key) : value;
}
