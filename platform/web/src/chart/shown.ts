import { computed } from "@preact/signals";
import { now } from "../clock.ts";
import { choice } from "../router.ts";
import { chosen, ending, type Range } from "./range.ts";

/** How long figures are still coming in: charts end before, so that they do not sag at the end; seconds. */
const late = 3;

/** The range in the address, moving every few seconds. */
export const range = computed<Range>(() => {
  const [, length] = chosen(choice("range"));
  const pace = length <= 900 ? 2 : length <= 3600 ? 10 : 60;
  return ending(Math.floor((now.value / 1000 - late) / pace) * pace, length);
});
