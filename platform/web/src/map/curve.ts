import type { Placed, Sizes } from "./layout.ts";

/** A drawn call: its path, and where its label stands. */
export interface Curve {
  path: string;
  x: number;
  y: number;
}

/**
 * A curve from one node's side to the other's, leaving and arriving straight.
 * Share spreads the ends of several calls along one side: 0.5 is the middle.
 */
export function curve(from: Placed, to: Placed, sizes: Sizes, leave = 0.5, arrive = 0.5): Curve {
  const { width, height, down } = sizes;
  const forward = to.layer > from.layer;
  if (!forward) return around(from, to, sizes);
  const gap = 9; // room for the arrow's head
  const [ax, ay] = down ? [from.x + width * leave, from.y + height] : [from.x + width, from.y + height * leave];
  const [bx, by] = down ? [to.x + width * arrive, to.y - gap] : [to.x - gap, to.y + height * arrive];
  const bend = (down ? by - ay : bx - ax) * 0.45;
  const [c, d] = down ? [`${ax} ${ay + bend}`, `${bx} ${by - bend}`] : [`${ax + bend} ${ay}`, `${bx - bend} ${by}`];
  return { path: `M${ax} ${ay}C${c} ${d} ${bx} ${by}`, x: (ax + bx) / 2, y: (ay + by) / 2 };
}

/** A call against the direction of the drawing goes around the outside. */
function around(from: Placed, to: Placed, sizes: Sizes): Curve {
  const { width, height, down } = sizes;
  const out = 34;
  if (down) {
    const [ax, ay, bx, by] = [from.x + width, from.y + height / 2, to.x + width + 9, to.y + height / 2];
    const x = Math.max(ax, bx) + out;
    return { path: `M${ax} ${ay}C${x} ${ay} ${x} ${by} ${bx} ${by}`, x: x - out / 4, y: (ay + by) / 2 };
  }
  const [ax, ay, bx, by] = [from.x + width / 2, from.y + height, to.x + width / 2, to.y + height + 9];
  const y = Math.max(ay, by) + out;
  return { path: `M${ax} ${ay}C${ax} ${y} ${bx} ${y} ${bx} ${by}`, x: (ax + bx) / 2, y: y - out / 4 };
}
