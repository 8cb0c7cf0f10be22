import { t } from "../i18n/index.ts";
import { Segmented } from "../part/segmented.tsx";
import { choice } from "../router.ts";
import { chosen, type Choices } from "./range.ts";

/** The choice of a chart's range. */
export function RangeChoice({ choices }: { choices: Choices }) {
  return (
    <div class="toolbar">
      <Segmented name="range" label={t("range.label")} values={choices.lengths.map(([name]) => [name, name])} current={chosen(choice("range"), choices)[0]} usual={choices.usual[0]} />
    </div>
  );
}
