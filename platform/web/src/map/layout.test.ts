import { describe, expect, test } from "vitest";
import { layOut, type Calls, type Sizes } from "./layout.ts";

const wide: Sizes = { width: 100, height: 50, layerGap: 80, nodeGap: 20, down: false };
const tall: Sizes = { ...wide, down: true };

const shop: Calls = {
  nodes: ["payment", "inventory", "order", "gateway"],
  edges: [
    { from: "gateway", to: "order" },
    { from: "order", to: "payment" },
    { from: "order", to: "inventory" },
  ],
};

function crossings(calls: Calls, layout: ReturnType<typeof layOut>): number {
  const at = (name: string) => layout.nodes.get(name)!;
  let n = 0;
  for (const a of calls.edges) {
    for (const b of calls.edges) {
      if (at(a.from).layer !== at(b.from).layer || at(a.to).layer !== at(b.to).layer) continue;
      if ((at(a.from).y - at(b.from).y) * (at(a.to).y - at(b.to).y) < 0) n++;
    }
  }
  return n / 2;
}

describe("layers", () => {
  test("callers stand before callees", () => {
    const { nodes } = layOut(shop, wide);
    expect(["gateway", "order", "payment", "inventory"].map((n) => nodes.get(n)!.layer)).toEqual([0, 1, 2, 2]);
  });

  test("a longer way pushes a shared callee further", () => {
    const { nodes } = layOut({ nodes: ["a", "b", "c"], edges: [{ from: "a", to: "c" }, { from: "a", to: "b" }, { from: "b", to: "c" }] }, wide);
    expect(nodes.get("c")!.layer).toBe(2);
  });

  test("a cycle and a call to itself still end", () => {
    const { nodes } = layOut({ nodes: ["a", "b", "c"], edges: [{ from: "a", to: "b" }, { from: "b", to: "c" }, { from: "c", to: "a" }, { from: "b", to: "b" }] }, wide);
    expect([...nodes.values()].map((n) => n.layer).sort()).toEqual([0, 1, 2]);
  });

  test("calls to unknown services are left out", () => {
    expect(layOut({ nodes: ["a"], edges: [{ from: "a", to: "gone" }] }, wide).nodes.size).toBe(1);
  });

  test("nothing", () => {
    expect(layOut({ nodes: [], edges: [] }, wide)).toEqual({ nodes: new Map(), width: 0, height: 0 });
  });
});

test("the order of the input does not matter", () => {
  const turned: Calls = { nodes: [...shop.nodes].reverse(), edges: [...shop.edges].reverse() };
  expect(layOut(turned, wide)).toEqual(layOut(shop, wide));
});

test("barycentres untangle two crossed pairs", () => {
  const calls: Calls = { nodes: ["a", "b", "x", "y"], edges: [{ from: "a", to: "y" }, { from: "b", to: "x" }] };
  expect(crossings(calls, layOut(calls, wide))).toBe(0);
});

test.each([wide, tall])("no two nodes overlap and all lie inside, down: $down", (sizes) => {
  const nodes = Array.from({ length: 24 }, (_, i) => `s${i}`);
  const edges = nodes.flatMap((from, i) => [i * 2 + 1, i * 2 + 2].filter((j) => j < nodes.length).map((j) => ({ from, to: nodes[j]! })));
  const layout = layOut({ nodes, edges }, sizes);
  const placed = [...layout.nodes.values()];
  for (const a of placed) {
    expect(a.x).toBeGreaterThanOrEqual(0);
    expect(a.y).toBeGreaterThanOrEqual(0);
    expect(a.x + sizes.width).toBeLessThanOrEqual(layout.width);
    expect(a.y + sizes.height).toBeLessThanOrEqual(layout.height);
    for (const b of placed) {
      if (a === b) continue;
      expect(Math.abs(a.x - b.x) >= sizes.width || Math.abs(a.y - b.y) >= sizes.height).toBe(true);
    }
  }
});
