import { t, type Key } from "../i18n/index.ts";
import { helping } from "../keyboard.ts";
import { Overlay } from "./overlay.tsx";

const keys: [string[], Key][] = [
  [["/"], "help.search"],
  [["g", "o"], "nav.overview"],
  [["g", "s"], "nav.slos"],
  [["g", "m"], "nav.map"],
  [["g", "i"], "nav.incidents"],
  [["?"], "help.title"],
  [["Esc"], "help.close"],
];

/** The list of keys, on "?". */
export function Help() {
  if (!helping.value) return null;
  return (
    <Overlay label={t("help.title")} close={() => (helping.value = false)}>
      <h2 class="overlay-title">{t("help.title")}</h2>
      <dl class="keys">
        {keys.map(([press, words]) => (
          <div key={press.join()}>
            <dt>
              {press.map((k) => (
                <kbd key={k}>{k}</kbd>
              ))}
            </dt>
            <dd>{t(words)}</dd>
          </div>
        ))}
      </dl>
    </Overlay>
  );
}
