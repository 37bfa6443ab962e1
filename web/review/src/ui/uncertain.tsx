import { t } from "../i18n";

/** Says that a frame number may be one off. */
export function Uncertain() {
  return (
    <abbr class="uncertain" title={t("frame.uncertain")} aria-label={t("frame.uncertain")}>
      ±1
    </abbr>
  );
}
