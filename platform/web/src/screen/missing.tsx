import type { ScreenProps } from "../app.tsx";
import { t } from "../i18n/index.ts";
import { Empty } from "../part/empty.tsx";

/** A path that no screen answers. */
export function MissingScreen(_: ScreenProps) {
  return (
    <div class="screen">
      <Empty title={t("missing.title")}>
        <a href="/">{t("missing.back")}</a>
      </Empty>
    </div>
  );
}
