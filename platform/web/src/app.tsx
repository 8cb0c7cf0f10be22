import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { t, type Key } from "./i18n/index.ts";
import { Help } from "./part/help.tsx";
import { Search } from "./part/search.tsx";
import { Shell } from "./part/shell.tsx";
import { match } from "./match.ts";
import { path } from "./router.ts";
import { IncidentScreen } from "./screen/incident.tsx";
import { IncidentsScreen } from "./screen/incidents.tsx";
import { MapScreen } from "./screen/map.tsx";
import { MissingScreen } from "./screen/missing.tsx";
import { NewSLOScreen } from "./screen/newslo.tsx";
import { OverviewScreen } from "./screen/overview.tsx";
import { ServiceScreen } from "./screen/service.tsx";
import { SLOScreen } from "./screen/slo.tsx";
import { SLOsScreen } from "./screen/slos.tsx";
import { StatusScreen } from "./screen/status.tsx";

/** What a screen is given: the parameters of its path. */
export interface ScreenProps {
  id: string;
}

const screens: { pattern: string; title: Key; screen: ComponentType<ScreenProps> }[] = [
  { pattern: "/", title: "nav.overview", screen: OverviewScreen },
  { pattern: "/services/:id", title: "nav.services", screen: ServiceScreen },
  { pattern: "/slos", title: "nav.slos", screen: SLOsScreen },
  { pattern: "/slos/new", title: "newslo.title", screen: NewSLOScreen },
  { pattern: "/slos/:id", title: "nav.slos", screen: SLOScreen },
  { pattern: "/map", title: "nav.map", screen: MapScreen },
  { pattern: "/incidents", title: "nav.incidents", screen: IncidentsScreen },
  { pattern: "/incidents/:id", title: "nav.incidents", screen: IncidentScreen },
  { pattern: "/status", title: "nav.status", screen: StatusScreen },
];

/** The whole console: frame, the screen of the address, search and help above it. */
export function App() {
  let Screen: ComponentType<ScreenProps> = MissingScreen;
  let title: Key = "missing.title";
  let id = "";
  for (const candidate of screens) {
    const found = match(candidate.pattern, path.value);
    if (found) {
      Screen = candidate.screen;
      title = candidate.title;
      id = found.id ?? "";
      break;
    }
  }
  const words = id ? `${id} · ${t(title)}` : t(title);
  useEffect(() => {
    document.title = `${words} · Backstay`;
  }, [words]);
  return (
    <>
      <Shell>
        <Screen key={path.value} id={id} />
      </Shell>
      <Search />
      <Help />
    </>
  );
}
