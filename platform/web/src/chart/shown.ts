import { useComputed } from "@preact/signals";
import { now } from "../clock.ts";
import { choice } from "../router.ts";
import { chosen, ending, type Choices, type Range } from "./range.ts";

/** How long figures are still coming in: charts end before, so that they do not sag at the end; seconds. */
const late = 3;

/** The range that the address asks for, moving every few seconds. */
export function useRange(choices: Choices): Range {
  const text = useComputed(() => {
    const [, length] = chosen(choice("range"), choices);
    const pace = length <= 900 ? 2 : length <= 3600 ? 10 : 60;
    return JSON.stringify(ending(Math.floor((now.value / 1000 - late) / pace) * pace, length));
  });
  return JSON.parse(text.value) as Range;
}
