// A layered drawing of a service graph: callers before callees, few crossings,
// the same graph always drawn the same way. Steps after Sugiyama, Tagawa and
// Toda (1981): break cycles, assign layers, order by barycentre, place.

/** What is laid out: names, and calls between them. */
export interface Calls {
  nodes: string[];
  edges: { from: string; to: string }[];
}

/** Sizes in user units. */
export interface Sizes {
  width: number; // of a node
  height: number;
  layerGap: number; // between layers
  nodeGap: number; // between nodes of a layer
  down: boolean; // layers from top to bottom instead of left to right
}

/** A node with its upper left corner. */
export interface Placed {
  name: string;
  layer: number;
  x: number;
  y: number;
}

/** The drawing. */
export interface Layout {
  nodes: Map<string, Placed>;
  width: number;
  height: number;
}

/** Lays the graph out; the order of the input does not matter. */
export function layOut(calls: Calls, sizes: Sizes): Layout {
  const names = [...new Set(calls.nodes)].sort();
  const known = new Set(names);
  const edges = calls.edges.filter((e) => e.from !== e.to && known.has(e.from) && known.has(e.to));
  const layerOf = layersOf(names, acyclic(names, edges));
  const layers = order(names, edges, layerOf);
  return place(layers, sizes);
}

/** Turns the edges that would close a cycle around, found depth first from the roots. */
function acyclic(names: string[], edges: Calls["edges"]): Calls["edges"] {
  const out = new Map<string, string[]>(names.map((n) => [n, []]));
  const callers = new Map<string, number>(names.map((n) => [n, 0]));
  for (const e of edges) {
    out.get(e.from)!.push(e.to);
    callers.set(e.to, callers.get(e.to)! + 1);
  }
  for (const callees of out.values()) callees.sort();
  const result: Calls["edges"] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (name: string): void => {
    state.set(name, "open");
    for (const callee of out.get(name)!) {
      if (state.get(callee) === "open") result.push({ from: callee, to: name });
      else {
        result.push({ from: name, to: callee });
        if (!state.has(callee)) visit(callee);
      }
    }
    state.set(name, "done");
  };
  const roots = [...names].sort((a, b) => callers.get(a)! - callers.get(b)! || (a < b ? -1 : 1));
  for (const name of roots) if (!state.has(name)) visit(name);
  return result;
}

/** The longest path from a root gives the layer. */
function layersOf(names: string[], edges: Calls["edges"]): Map<string, number> {
  const layer = new Map(names.map((n) => [n, 0]));
  for (let moved = true, round = 0; moved && round <= names.length; round++) {
    moved = false;
    for (const { from, to } of edges) {
      if (layer.get(to)! <= layer.get(from)!) {
        layer.set(to, layer.get(from)! + 1);
        moved = true;
      }
    }
  }
  return layer;
}

/** Orders each layer by the mean place of its neighbours, sweeping forth and back. */
function order(names: string[], edges: Calls["edges"], layerOf: Map<string, number>): string[][] {
  const depth = Math.max(-1, ...layerOf.values()) + 1;
  const layers: string[][] = Array.from({ length: depth }, () => []);
  for (const name of names) layers[layerOf.get(name)!]!.push(name);
  const neighbours = new Map<string, Set<string>>(names.map((n) => [n, new Set()]));
  for (const { from, to } of edges) {
    neighbours.get(from)!.add(to);
    neighbours.get(to)!.add(from);
  }
  const placeOf = new Map<string, number>();
  const note = (layer: string[]): void => layer.forEach((n, i) => placeOf.set(n, (i + 0.5) / layer.length));
  layers.forEach(note);
  for (let sweep = 0; sweep < 8; sweep++) {
    const forth = sweep % 2 === 0;
    for (const [i] of layers.entries()) {
      const at = forth ? i : depth - 1 - i;
      const layer = layers[at]!;
      const weight = new Map(
        layer.map((name) => {
          const beside = [...neighbours.get(name)!].filter((n) => (forth ? layerOf.get(n)! < at : layerOf.get(n)! > at));
          const mean = beside.reduce((sum, n) => sum + placeOf.get(n)!, 0) / beside.length;
          return [name, beside.length > 0 ? mean : placeOf.get(name)!];
        }),
      );
      layer.sort((a, b) => weight.get(a)! - weight.get(b)! || (a < b ? -1 : 1));
      note(layer);
    }
  }
  return layers;
}

/** Gives each node its corner; layers are centred on one axis. */
function place(layers: string[][], sizes: Sizes): Layout {
  const { width, height, layerGap, nodeGap, down } = sizes;
  const [along, across] = down ? [height, width] : [width, height];
  const breadth = (n: number): number => n * across + Math.max(0, n - 1) * nodeGap;
  const most = Math.max(0, ...layers.map((l) => breadth(l.length)));
  const nodes = new Map<string, Placed>();
  for (const [layer, names] of layers.entries()) {
    const start = (most - breadth(names.length)) / 2;
    for (const [i, name] of names.entries()) {
      const a = layer * (along + layerGap);
      const b = start + i * (across + nodeGap);
      nodes.set(name, { name, layer, x: down ? b : a, y: down ? a : b });
    }
  }
  const length = layers.length * along + Math.max(0, layers.length - 1) * layerGap;
  return { nodes, width: down ? most : length, height: down ? length : most };
}
