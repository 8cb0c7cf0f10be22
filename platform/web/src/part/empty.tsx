import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { Icon } from "./icon.tsx";

/** Nothing to show, and what to run so that there is. */
export function Empty({ title, children, commands = [] }: { title: string; children?: ComponentChildren; commands?: string[] }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p class="empty-text">{children}</p>}
      {commands.map((command) => (
        <Command key={command} text={command} />
      ))}
    </div>
  );
}

/** A command with a button that copies it. */
export function Command({ text }: { text: string }) {
  return (
    <span class="command">
      <code>{text}</code>
      <Copy text={text} label={t("copy")} />
    </span>
  );
}

/** A button that copies a text and says so. */
export function Copy({ text, label, words }: { text: string; label: string; words?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      return; // no permission: the text is there to be selected by hand
    }
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <button type="button" class="quiet" onClick={() => void copy()} title={copied ? t("copied") : `${label}: ${text}`} aria-label={`${label}: ${text}`}>
      <Icon name={copied ? "done" : "copy"} size={13} />
      {words && <span aria-live="polite">{copied ? t("copied") : words}</span>}
    </button>
  );
}
