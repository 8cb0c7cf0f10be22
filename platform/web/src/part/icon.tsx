// Our own few pictures, drawn on a 16-unit square with the colour of the text.

const shapes = {
  overview: "M2.5 3.5h11M2.5 8h11M2.5 12.5h6.5",
  slos: "M2.5 12.5c2.5 0 3-8.5 5.5-8.5s2 5.5 5.5 5.5M2.5 13.5h11",
  map: "M3.5 8a1.5 1.5 0 1 0 .01 0M12.5 3.5a1.5 1.5 0 1 0 .01 0M12.5 10.5a1.5 1.5 0 1 0 .01 0M5 9l6-3.5M5 10l6 2",
  incidents: "M8 2.5 14 13H2zM8 6.5v3M8 11.2v.1",
  status: "M2.5 8.5h2.5l1.5-4 2.5 8 1.5-4h3",
  search: "M7 3a4 4 0 1 0 .01 0M10 10l3.5 3.5",
  sun: "M8 5.5a2.5 2.5 0 1 0 .01 0M8 1.5v1.5M8 13v1.5M1.5 8h1.5M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1",
  moon: "M13 9.5A5.5 5.5 0 1 1 6.5 3 4.5 4.5 0 0 0 13 9.5z",
  system: "M2.5 3.5h11v7.5h-11zM6 13.5h4",
  copy: "M5.5 5.5h7.5v7.5H5.5zM3 10.5V3h7.5",
  done: "M3 8.5l3.5 3.5L13 4.5",
  signal: "M2.5 8.5h2.5l1.5-4 2.5 8 1.5-4h3",
  verdict: "M8 2.5v11M3.5 13.5h9M3 5h10M3 5 1.5 9h3zM13 5l-1.5 4h3z",
  cause: "M7 3a4 4 0 1 0 .01 0M10 10l3.5 3.5M7 5.5v3M5.5 7h3",
  action: "M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z",
  recovery: "M3 8.5l3.5 3.5L13 4.5",
  undo: "M6 3 3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6",
  external: "M9.5 3h3.5v3.5M13 3 8 8M11 9.5V13H3V5h3.5",
  key: "M2 4.5h12v7H2zM4.5 7v.1M7 7v.1M9.5 7v.1M12 7v.1M5 9.5h6",
} as const;

/** Name of a picture. */
export type Picture = keyof typeof shapes;

/** One picture beside text that says the same; hidden from readers. */
export function Icon({ name, size = 16 }: { name: Picture; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  );
}

/** The mark: a mast, its sail, and the stay that holds it from behind. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path class="mark-stay" d="M17.5 4 4 28" />
      <path class="mark-mast" d="M18 3v26" />
      <path class="mark-sail" d="M21.5 7 29 24h-7.5z" />
    </svg>
  );
}
