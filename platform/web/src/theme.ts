import { effect, signal } from "@preact/signals";
import { place } from "./router.ts";

/** What the person asked for; "system" follows the operating system. */
export type Theme = "system" | "light" | "dark";

const themes: Theme[] = ["system", "light", "dark"];
const system = matchMedia("(prefers-color-scheme: dark)");

export const theme = signal<Theme>(stored());
/** Counts changes of the colours on the screen, for what is drawn on a canvas. */
export const palette = signal(0);

function stored(): Theme {
  const asked = place.value.query.get("theme") ?? localStorage.getItem("backstay.theme");
  return themes.find((t) => t === asked) ?? "system";
}

/** Applies the theme and follows it; call once, before the first paint. */
export function startTheme(): void {
  effect(() => {
    if (theme.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
    palette.value = palette.peek() + 1;
  });
  system.addEventListener("change", () => palette.value++);
}

/** The next theme in turn, kept for the next visit. */
export function turnTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length]!;
  localStorage.setItem("backstay.theme", theme.value);
}
