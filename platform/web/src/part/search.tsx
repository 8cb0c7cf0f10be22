import { useState } from "preact/hooks";
import { useResource } from "../api/resource.ts";
import type { Overview } from "../api/types.ts";
import { t } from "../i18n/index.ts";
import { searching } from "../keyboard.ts";
import { go } from "../router.ts";
import { Overlay } from "./overlay.tsx";
import { rank, type Hit } from "./rank.ts";

/** Search over screens, services, objectives and incidents, on "/". */
export function Search() {
  return searching.value ? <Open /> : null;
}

function Open() {
  const { data } = useResource<Overview>("overview", 5);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const all: Hit[] = [
    { kind: t("search.screen"), name: t("nav.overview"), to: "/" },
    { kind: t("search.screen"), name: t("nav.slos"), to: "/slos" },
    { kind: t("search.screen"), name: t("nav.map"), to: "/map" },
    { kind: t("search.screen"), name: t("nav.incidents"), to: "/incidents" },
    { kind: t("search.screen"), name: t("nav.status"), to: "/status" },
    ...(data?.services ?? []).map((s) => ({ kind: t("search.service"), name: s.name, to: `/services/${encodeURIComponent(s.name)}` })),
    ...(data?.slos ?? []).map((s) => ({ kind: t("search.slo"), name: s.displayName || s.name, more: s.name, to: `/slos/${encodeURIComponent(s.name)}` })),
    ...(data?.incidents ?? []).map((i) => ({ kind: t("search.incident"), name: i.title, more: i.id, to: `/incidents/${encodeURIComponent(i.id)}` })),
  ];
  const hits = rank(all, text).slice(0, 12);
  const chosen = Math.min(at, hits.length - 1);
  const close = (): void => {
    searching.value = false;
  };
  const take = (hit: Hit | undefined): void => {
    if (!hit) return;
    close();
    go(hit.to);
  };
  return (
    <Overlay label={t("search.label")} close={close}>
      <input
        class="search-field"
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="search-hits"
        aria-activedescendant={hits.length > 0 ? `hit-${chosen}` : undefined}
        aria-label={t("search.label")}
        placeholder={t("search.placeholder")}
        autofocus
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setAt(Math.min(chosen + 1, hits.length - 1));
          else if (event.key === "ArrowUp") setAt(Math.max(chosen - 1, 0));
          else if (event.key === "Enter") take(hits[chosen]);
          else return;
          event.preventDefault();
        }}
      />
      <ul class="hits" id="search-hits" role="listbox" aria-label={t("search.label")}>
        {hits.map((hit, i) => (
          <li key={hit.to} id={`hit-${i}`} role="option" aria-selected={i === chosen} onMouseEnter={() => setAt(i)} onClick={() => take(hit)}>
            <span class="hit-kind">{hit.kind}</span>
            <span class="hit-name">{hit.name}</span>
            {hit.more && hit.more !== hit.name && <span class="hit-more mono">{hit.more}</span>}
          </li>
        ))}
        {hits.length === 0 && <li class="hit-none">{t("search.none")}</li>}
      </ul>
    </Overlay>
  );
}
