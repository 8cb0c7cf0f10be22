/** Something the search can go to. */
export interface Hit {
  kind: string;
  name: string;
  more?: string;
  to: string;
}

/**
 * The hits that hold every word of the text, best first: a name that begins with
 * it, then one where a word begins with it, then the rest in their own order.
 */
export function rank(hits: Hit[], text: string): Hit[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const scored: [number, Hit][] = [];
  for (const hit of hits) {
    const name = hit.name.toLowerCase();
    const all = `${name} ${hit.more?.toLowerCase() ?? ""} ${hit.kind.toLowerCase()}`;
    if (!words.every((word) => all.includes(word))) continue;
    const first = words[0] ?? "";
    const begins = name.startsWith(first) ? 0 : all.split(/[\s\-_.]/).some((part) => part.startsWith(first)) ? 1 : 2;
    scored.push([begins, hit]);
  }
  return scored.sort((a, b) => a[0] - b[0]).map(([, hit]) => hit);
}
