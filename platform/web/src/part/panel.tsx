import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** A titled part of a screen. */
export function Panel({ title, note, tools, flush = false, class: extra = "", children }: { title: string; note?: ComponentChildren; tools?: ComponentChildren; flush?: boolean; class?: string; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class={`panel ${flush ? "flush" : ""} ${extra}`} aria-labelledby={id}>
      <header class="panel-head">
        <h2 id={id}>{title}</h2>
        {note !== undefined && <span class="panel-note">{note}</span>}
        {tools && <div class="panel-tools">{tools}</div>}
      </header>
      {children}
    </section>
  );
}
